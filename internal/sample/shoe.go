package sample

import (
	"math/rand/v2"
	"strconv"
)

var shoeNiche = niche{
	key: "shoe", noun: "Trail Running Shoe", per: 12,
	brands: []brand{
		{"Ridgeward", 1.05, []class{middle, upper, top}},
		{"Terravix", 1.0, []class{entry, middle, upper}},
		{"Fellmark", 1.12, []class{upper, top}},
		{"Mossrun", 0.88, []class{entry, middle}},
		{"Kestrail", 1.08, []class{middle, upper, top}},
		{"Brackenfoot", 0.92, []class{entry, middle, upper}},
		{"Gritlane", 0.98, []class{middle, upper}},
		{"Scarpado", 0.84, []class{entry}},
	},
	lines: []string{"Scree", "Heather", "Col", "Switchback", "Tarn", "Ravine", "Moraine", "Gully", "Larch", "Summit", "Brook", "Cairn"},
	make:  makeShoe,
	phrases: []string{
		"It bites into wet grass and shrugs at gravel.",
		"Our Tuesday group wore it through a whole winter of mud.",
		"Light on the climb, sure on the way down.",
		"The tongue stays where it is, and so do the stones: outside.",
		"From the front door to the ridge without a thought for the feet.",
		"Wide enough for long days, snug enough for fast ones.",
	},
}

// makeShoe fills the data sheet of a trail running shoe and returns its price in
// euros.
func makeShoe(r *rand.Rand, it *item) float64 {
	price := []float64{78, 115, 145, 185}[it.class]
	it.add("gender", pick(r, "Women", "Men", "Unisex"))
	it.add("terrain", pick(r, "Mixed", "Technical", "Mud", "Hardpack"))
	it.add("drop", unit(pick(r, 0.0, 4, 4, 6, 6, 8, 8, 10), "mm"))
	it.add("stack height", unit(scaled(r, it.class, 22, 42, 1), "mm"))
	it.add("lug depth", unit(spread(r, 3, 7, 0.5), "mm"))
	it.add("shoe weight", unit(340-scaled(r, it.class, 0, 110, 5), "g"))
	it.add("cushioning", byClass(r, it.class, "Firm", "Balanced", "Balanced", "Plush"))
	waterproof := chance(r, 0.28)
	it.add("waterproof", yesNo(waterproof))
	if waterproof {
		price *= 1.14
	}
	plate := chance(r, 0.15+0.15*float64(it.class))
	it.add("rock plate", yesNo(plate))
	if plate {
		price *= 1.05
	}
	it.add("width", pick(r, "Narrow", "Regular", "Regular", "Wide"))
	it.add("upper", byClass(r, it.class, "Polyester mesh", "Engineered mesh", "Engineered mesh", "Ripstop"))
	it.add("recycled material", unit(spread(r, 0, 60, 5), "%"))
	it.weight = "0.9"
	it.colours = colours(r, 0.5, "Black", "Orange", "Blue", "Green", "Purple", "Yellow")
	first := 36 + r.IntN(4)
	for s := range 3 + r.IntN(4) {
		it.sizes = append(it.sizes, strconv.Itoa(first+2*s))
	}
	return price
}
