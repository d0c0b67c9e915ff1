package sample

import "math/rand/v2"

var vacuumNiche = niche{
	key: "vacuum", noun: "Robot Vacuum", per: 20,
	brands: []brand{
		{"Roovix", 1.0, []class{entry, middle, upper, top}},
		{"Dustral", 0.85, []class{entry, middle}},
		{"Navlo", 1.1, []class{middle, upper, top}},
		{"Sweptic", 0.9, []class{entry, middle, upper}},
		{"Quivado", 1.2, []class{upper, top}},
		{"Zephlo", 0.95, []class{entry, middle, upper}},
		{"Turnadu", 1.05, []class{middle, upper}},
		{"Orbenta", 0.82, []class{entry}},
	},
	lines: []string{"Glide", "Orbit", "Path", "Scout", "Drift", "Loop", "Tidal", "Roam", "Vector", "Whisk", "Comet", "Harbor"},
	make:  makeVacuum,
	phrases: []string{
		"Send it off before work and come home to clear floors.",
		"Pet owners tell us that they empty the bin with some surprise.",
		"It finds its way under the sofa, where no broom has been for years.",
		"The app draws a map that even the landlord would recognize.",
		"Quiet enough to run while the news is on.",
		"Set a schedule once and forget about crumbs.",
	},
}

// makeVacuum fills the data sheet of a robot vacuum and returns its price in euros.
func makeVacuum(r *rand.Rand, it *item) float64 {
	price := []float64{165, 320, 540, 930}[it.class]
	suction := scaled(r, it.class, 2000, 20000, 500)
	price *= 0.9 + 0.2*(suction-2000)/18000
	it.add("suction", unit(suction, "Pa"))
	it.add("navigation", byClass(r, it.class, "Gyroscope", "Lidar", "Lidar", "Lidar and camera"))
	it.add("battery capacity", unit(scaled(r, it.class, 2600, 6400, 200), "mAh"))
	it.add("runtime", unit(scaled(r, it.class, 80, 220, 10), "min"))
	it.add("noise level", unit(spread(r, 55, 70, 1), "dB"))
	it.add("dust bin", unit(spread(r, 0.25, 0.6, 0.05), "l"))
	mop := chance(r, 0.25+0.22*float64(it.class))
	it.add("mopping", yesNo(mop))
	if mop {
		price *= 1.07
		it.add("water tank", unit(spread(r, 0.1, 0.4, 0.02), "l"))
	}
	station := chance(r, 0.05+0.3*float64(it.class))
	it.add("self-emptying station", yesNo(station))
	if station {
		price *= 1.18
		it.add("dust bag", unit(spread(r, 2, 4, 0.5), "l"))
	}
	it.add("obstacle height", unit(scaled(r, it.class, 14, 28, 1), "mm"))
	it.add("height", unit(spread(r, 7.6, 10.6, 0.1), "cm"))
	it.add("area per charge", unit(scaled(r, it.class, 90, 320, 10), "m²"))
	it.add("stored maps", num(scaled(r, it.class, 1, 10, 1)))
	kg := spread(r, 2.6, 4.9, 0.1)
	it.weight = num(roundTo(kg, 0.1))
	it.add("weight", unit(kg, "kg"))
	it.add("warranty", unit(24, "months"))
	it.colours = colours(r, 0.3, "Black", "White", "Gray")
	return price
}
