package sample

import "math/rand/v2"

var espressoNiche = niche{
	key: "espresso", noun: "Espresso Machine", per: 20,
	brands: []brand{
		{"Brevanto", 1.0, []class{entry, middle, upper}},
		{"Kaldessa", 1.12, []class{middle, upper, top}},
		{"Orvelle", 0.86, []class{entry, entry, middle}},
		{"Tazzoro", 1.18, []class{upper, top, middle}},
		{"Perliqa", 0.92, []class{entry, middle}},
		{"Monvara", 1.05, []class{middle, upper}},
		{"Velsotti", 1.25, []class{top, upper}},
		{"Caffora", 0.8, []class{entry}},
	},
	lines: []string{"Alba", "Corso", "Fiora", "Nocta", "Ruscel", "Vento", "Piazza", "Sereno", "Duetto", "Marea", "Lucia", "Tondo"},
	make:  makeEspresso,
	phrases: []string{
		"The kind of machine that turns a weekday kitchen into a corner bar.",
		"Warm up, lock in, pull the shot: mornings need little more.",
		"Our baristas like the steady steam and the short way to a second cup.",
		"It sits quietly under the cupboards until somebody wants a cortado.",
		"Guests will ask for the recipe, and the answer is fresh beans.",
		"A machine for people who know how their coffee should taste.",
		"Cleaning takes a minute, which is why it really gets done.",
	},
}

// makeEspresso fills the data sheet of an espresso machine and returns its price
// in euros.
func makeEspresso(r *rand.Rand, it *item) float64 {
	price := []float64{130, 310, 640, 1350}[it.class]
	kind := byClass(r, it.class, "Portafilter", pick(r, "Portafilter", "Bean-to-cup"), pick(r, "Bean-to-cup", "Portafilter"), "Portafilter")
	it.add("type", kind)
	boiler := byClass(r, it.class, "Thermoblock", "Thermoblock", "Heat exchanger", "Dual boiler")
	price *= map[string]float64{"Thermoblock": 0.95, "Heat exchanger": 1.08, "Dual boiler": 1.2}[boiler]
	it.add("boiler", boiler)
	it.add("pump pressure", unit(pick(r, 9.0, 15, 15, 15, 19, 20), "bar"))
	it.add("power", unit(scaled(r, it.class, 1000, 2300, 50), "W"))
	it.add("water tank", unit(scaled(r, it.class, 0.9, 3.0, 0.1), "l"))
	it.add("heat-up time", unit(heatUp(r, boiler), "s"))
	grinder := kind == "Bean-to-cup" || chance(r, 0.15+0.1*float64(it.class))
	it.add("grinder", yesNo(grinder))
	if grinder {
		price *= 1.15
		it.add("grind settings", num(scaled(r, it.class, 5, 40, 1)))
		it.add("bean container", unit(spread(r, 150, 400, 10), "g"))
	}
	frother := kind == "Bean-to-cup" && chance(r, 0.7)
	if frother {
		price *= 1.08
		it.add("milk system", "Automatic frother")
	} else {
		it.add("milk system", "Steam wand")
	}
	pid := chance(r, 0.1+0.28*float64(it.class))
	it.add("temperature control", map[bool]string{true: "PID", false: "Thermostat"}[pid])
	if pid {
		price *= 1.06
	}
	it.add("housing", byClass(r, it.class, "Plastic", "Plastic and steel", "Stainless steel", "Stainless steel"))
	it.add("cup height", unit(spread(r, 8, 15, 0.5), "cm"))
	it.add("width", unit(scaled(r, it.class, 15, 38, 0.5), "cm"))
	kg := scaled(r, it.class, 3.2, 22, 0.1)
	it.weight = num(roundTo(kg, 0.1))
	it.add("weight", unit(kg, "kg"))
	it.add("warranty", unit(float64(24+12*int(it.class/2)), "months"))
	it.colours = colours(r, 0.25, "Black", "Silver", "White", "Red", "Cream")
	return price
}

// heatUp is how long a boiler takes, in seconds.
func heatUp(r *rand.Rand, boiler string) float64 {
	if boiler == "Thermoblock" {
		return spread(r, 15, 60, 5)
	}
	return spread(r, 240, 900, 30)
}
