package sample

import (
	"fmt"
	"math/rand/v2"
)

var chairNiche = niche{
	key: "chair", noun: "Office Chair", per: 20,
	brands: []brand{
		{"Sitalo", 0.85, []class{entry, middle}},
		{"Ergonda", 1.1, []class{middle, upper, top}},
		{"Lumbria", 1.0, []class{entry, middle, upper}},
		{"Kontoro", 0.95, []class{middle, upper}},
		{"Hallvik", 1.15, []class{upper, top}},
		{"Dorsena", 0.9, []class{entry, middle, upper}},
		{"Stolane", 1.05, []class{middle, upper, top}},
		{"Benchwell", 0.8, []class{entry}},
	},
	lines: []string{"Aster", "Bureau", "Civic", "Delta", "Ember", "Folio", "Granit", "Haven", "Index", "Journal", "Kilo", "Ledger"},
	make:  makeChair,
	phrases: []string{
		"Long calls feel shorter when the back is held where it should be.",
		"Assembly took our office manager one coffee break.",
		"The seat gives way a little and then stays put.",
		"Plain lines that suit a study as well as an open-plan floor.",
		"Lean back, think, lean forward, write.",
		"A chair that looks as if it belonged to the desk.",
	},
}

// makeChair fills the data sheet of an office chair and returns its price in euros.
func makeChair(r *rand.Rand, it *item) float64 {
	price := []float64{95, 210, 420, 820}[it.class]
	it.add("max load", unit(scaled(r, it.class, 100, 180, 5), "kg"))
	upholstery := byClass(r, it.class, pick(r, "Fabric", "Faux leather"), pick(r, "Mesh", "Fabric"), "Mesh", pick(r, "Mesh", "Leather"))
	if upholstery == "Leather" {
		price *= 1.25
	}
	it.add("upholstery", upholstery)
	it.add("mechanism", byClass(r, it.class, "Tilt", "Tilt", "Synchro", "Synchro"))
	it.add("armrests", byClass(r, it.class, "Fixed", "2D", "3D", "4D"))
	it.add("lumbar support", byClass(r, it.class, "Fixed", "Fixed", "Height-adjustable", "Dynamic"))
	low := spread(r, 40, 46, 0.5)
	it.add("seat height", fmt.Sprintf("%s-%s cm", num(low), num(low+spread(r, 8, 13, 0.5))))
	it.add("seat width", unit(spread(r, 46, 55, 0.5), "cm"))
	it.add("seat depth", unit(spread(r, 42, 52, 0.5), "cm"))
	it.add("backrest height", unit(spread(r, 50, 78, 1), "cm"))
	head := chance(r, 0.2+0.18*float64(it.class))
	it.add("headrest", yesNo(head))
	if head {
		price *= 1.06
	}
	it.add("base", byClass(r, it.class, "Nylon", "Nylon", "Aluminum", "Aluminum"))
	it.add("recline", unit(scaled(r, it.class, 105, 145, 5), "°"))
	kg := scaled(r, it.class, 9, 26, 0.5)
	it.weight = num(roundTo(kg, 0.5))
	it.add("weight", unit(kg, "kg"))
	it.add("warranty", unit(float64(24+12*int(it.class)), "months"))
	it.colours = colours(r, 0.35, "Black", "Gray", "Blue", "Green")
	return price
}
