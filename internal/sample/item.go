package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// class is where an item stands in its market, from entry to top.
type class int

const (
	entry class = iota
	middle
	upper
	top
)

// spec is one line of an item's data sheet.
type spec struct{ key, value string }

// item is one product as its maker sells it.
type item struct {
	niche      string
	brand      string
	name       string // with brand and noun
	model      string
	class      class
	specs      []spec
	priceMinor int64 // recommended
	colours    []string
	sizes      []string
	weight     string // kg
	praise     string // what shops write about it; never republished
}

// niche describes how the items of one niche are made.
type niche struct {
	key     string
	noun    string
	brands  []brand
	lines   []string
	per     int // items of each brand
	make    func(r *rand.Rand, it *item) float64
	phrases []string
}

// brand is an invented maker.
type brand struct {
	name    string
	premium float64 // factor on the price
	classes []class // of its range, from which items are drawn in turn
}

// catalog returns all items, the same every time.
func catalog() []item {
	var out []item
	for n, ni := range []niche{espressoNiche, vacuumNiche, chairNiche, shoeNiche} {
		r := rand.New(rand.NewPCG(1729, uint64(n)))
		for b, br := range ni.brands {
			for i := range ni.per {
				out = append(out, newItem(r, ni, br, b, i))
			}
		}
	}
	return out
}

func newItem(r *rand.Rand, ni niche, br brand, b, i int) item {
	it := item{niche: ni.key, brand: br.name, class: br.classes[i%len(br.classes)]}
	line := ni.lines[(b*5+i/3)%len(ni.lines)]
	mark := []string{"", "Plus", "S", "Pro", "X", "Max"}[(int(it.class)+i)%6]
	number := 100*(int(it.class)+1) + 10*(i%3) + b%5
	it.model = strings.TrimSpace(fmt.Sprintf("%s %d %s", line, number, mark))
	it.name = fmt.Sprintf("%s %s %s", br.name, it.model, ni.noun)
	price := ni.make(r, &it) * br.premium * between(r, 0.95, 1.05)
	it.priceMinor = retailPrice(price)
	first := r.IntN(len(ni.phrases))
	second := (first + 1 + r.IntN(len(ni.phrases)-1)) % len(ni.phrases)
	it.praise = ni.phrases[first] + " " + ni.phrases[second]
	return it
}

func (it *item) add(key, value string) { it.specs = append(it.specs, spec{key, value}) }

// retailPrice rounds to a price that ends in .90 or .00, as shops write them.
func retailPrice(v float64) int64 {
	step := 5.0
	if v > 500 {
		step = 10
	}
	whole := math.Round(v/step) * step
	if int(whole)%20 == 0 {
		return int64(whole)*100 - 100
	}
	return int64(whole)*100 - 10
}

func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// scaled draws a number that grows with the class, rounded to step.
func scaled(r *rand.Rand, c class, low, high, step float64) float64 {
	q := (float64(c) + r.Float64()) / 4
	return roundTo(low+(high-low)*q, step)
}

// spread draws a number that does not depend on the class, rounded to step.
func spread(r *rand.Rand, low, high, step float64) float64 {
	return roundTo(between(r, low, high), step)
}

// roundTo rounds to a multiple of step, without the noise of binary fractions.
func roundTo(v, step float64) float64 {
	return math.Round(math.Round(v/step)*step*100) / 100
}

func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// byClass picks the value for a class, or now and then that of a neighbor.
func byClass(r *rand.Rand, c class, values ...string) string {
	i := int(c)
	if chance(r, 0.2) {
		i += pick(r, -1, 1)
	}
	return values[min(max(i, 0), len(values)-1)]
}

func num(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// unit writes a number with its unit.
func unit(v float64, u string) string { return num(v) + " " + u }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// colours draws one or two colors.
func colours(r *rand.Rand, both float64, from ...string) []string {
	i := r.IntN(len(from))
	if !chance(r, both) {
		return from[i : i+1]
	}
	j := (i + 1 + r.IntN(len(from)-1)) % len(from)
	return []string{from[i], from[j]}
}
