// Package sample generates the demonstration catalog: a product feed of four
// niches, the programs of the merchants that sell them, and a keyword list. All of
// it is invented, brands, shops and numbers alike, and the same for the same clock.
//
//	niche ── items (brand, line, specifications, price) ── offers of 1 to 3 merchants ── rows
//
// Hosts end in .example (RFC 2606) and article numbers begin with 952, the prefix
// that GS1 keeps for examples, so that nothing here can be taken for a real offer.
package sample

import "empire/internal/domain"

const (
	// Niche is what the demonstration site is about.
	Niche = "espresso machines"
	// Domain is its address.
	Domain = "espresso-atlas.example"
	// Language is the language of the catalog and the site.
	Language = "en"
	// Currency is the currency of all prices.
	Currency = "EUR"
)

// Niches are the niches that the feed holds.
func Niches() []string {
	return []string{Niche, "robot vacuums", "office chairs", "trail running shoes"}
}

// Operator returns settings that let the demonstration site pass its gates. They
// are marked as a sample and must be replaced before a site goes public.
func Operator() domain.Operator {
	return domain.Operator{
		Name:        "Sample Operator (replace before publishing)",
		Street:      "Example Street 1",
		PostalCode:  "00000",
		City:        "Sampletown",
		Country:     "Germany",
		Email:       "operator@sample.example",
		Phone:       "+49 30 23125 000", // a number range that the German regulator keeps for fiction
		ContactURL:  "https://sample.example/contact",
		Responsible: "Sample Editor (replace before publishing)",
		PublisherID: "0000000",
		Sample:      true,
	}
}

// merchant is an invented shop.
type merchant struct {
	id, name, host, code string
	priceFactor          float64 // against the recommended price
	deliveryMinor        int64   // delivery below freeAboveMinor
	freeAboveMinor       int64
	categories           map[string]string // category path by niche; a niche without one is not sold
	share                float64           // of the items of a niche that the shop sells
	sparse               float64           // chance that a specification is missing
	voice                string            // opening of its descriptions
}

var merchants = []merchant{
	{
		id: "990101", name: "Mill and Bean", host: "mill-and-bean.example", code: "MB",
		priceFactor: 0.985, deliveryMinor: 490, freeAboveMinor: 9900, share: 0.62, sparse: 0.03,
		categories: map[string]string{"espresso": "Kitchen > Coffee > Espresso Machines"},
		voice:      "From our own tasting bar:",
	},
	{
		id: "990102", name: "Halden Home", host: "halden-home.example", code: "HH",
		priceFactor: 0.97, deliveryMinor: 595, freeAboveMinor: 5000, share: 0.72, sparse: 0.06,
		categories: map[string]string{
			"espresso": "Home and Living > Kitchen > Espresso Machines",
			"vacuum":   "Home and Living > Cleaning > Robot Vacuums",
			"chair":    "Home and Living > Office > Office Chairs",
		},
		voice: "A favorite of our customers:",
	},
	{
		id: "990103", name: "Morrow Direct", host: "morrow-direct.example", code: "MD",
		priceFactor: 0.95, deliveryMinor: 399, freeAboveMinor: 3900, share: 0.68, sparse: 0.1,
		categories: map[string]string{
			"espresso": "Appliances > Espresso Machines", "vacuum": "Appliances > Robot Vacuums",
			"chair": "Furniture > Office Chairs", "shoe": "Sports > Running > Trail Running Shoes",
		},
		voice: "Straight from the warehouse:",
	},
	{
		id: "990104", name: "Trailhead Supply", host: "trailhead-supply.example", code: "TS",
		priceFactor: 0.99, deliveryMinor: 0, share: 0.8, sparse: 0.02,
		categories: map[string]string{"shoe": "Footwear > Trail Running Shoes"},
		voice:      "Tried on our home loop:",
	},
}

// Programs returns the affiliate programs of the merchants: three that a publisher
// earns with and one that was never joined.
func Programs() []domain.Program {
	program := func(m merchant, basisPoints, cookieDays int, joined, open bool) domain.Program {
		return domain.Program{
			ID: domain.ProgramID("prog_sample" + m.id), Network: "awin", AdvertiserID: m.id, Name: m.name,
			Joined: joined, Open: open, CommissionBasisPoints: &basisPoints, CookieDays: &cookieDays,
			DeepLinks: true, Domains: []string{m.host}, Source: "sample",
		}
	}
	return []domain.Program{
		program(merchants[0], 800, 30, false, true),
		program(merchants[1], 550, 30, true, true),
		program(merchants[2], 300, 14, true, true),
		program(merchants[3], 700, 45, true, true),
	}
}
