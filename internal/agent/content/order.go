package content

import (
	"strings"

	"empire/internal/domain"
)

// arrangements are the parts of a page in the order that suits what its site makes most of;
// the first is for sites without an angle.
var arrangements = map[domain.PageKind]map[domain.AngleKind]string{
	domain.PageHome: {
		"":                   "glance start bands picks",
		domain.AngleBudget:   "glance bands start picks",
		domain.AngleProperty: "glance start picks bands",
		domain.AngleUse:      "start picks glance bands",
		domain.AngleGaps:     "glance start coverage bands picks",
	},
	domain.PageGuide: {
		"":                   "properties price silent steps",
		domain.AngleBudget:   "price properties silent steps",
		domain.AngleProperty: "properties price steps silent",
		domain.AngleUse:      "steps properties price silent",
		domain.AngleGaps:     "silent properties price steps",
	},
	domain.PageBest: {
		"":                   "list cards cost other",
		domain.AngleBudget:   "cost list cards other",
		domain.AngleProperty: "list cards cost other",
		domain.AngleUse:      "cards list cost other",
		domain.AngleGaps:     "list cost cards other",
	},
	domain.PageComparison: {
		"":                   "table differ same alone verdict neither",
		domain.AngleBudget:   "table differ verdict same alone neither",
		domain.AngleProperty: "table differ same alone verdict neither",
		domain.AngleUse:      "differ table verdict alone same neither",
		domain.AngleGaps:     "table differ alone same verdict neither",
	},
	domain.PageProduct: {
		"":                   "price spec points alternatives variants unknown",
		domain.AngleBudget:   "price alternatives points spec variants unknown",
		domain.AngleProperty: "spec points price alternatives variants unknown",
		domain.AngleUse:      "points price spec variants alternatives unknown",
		domain.AngleGaps:     "spec points unknown price alternatives variants",
	},
}

// arrange writes the parts of a page that it has, in the order of the site.
func (w *pageWriter) arrange(parts map[string]func()) {
	of := arrangements[w.plan.Kind]
	order, ok := of[w.s.in.Plan.Angle.Kind]
	if !ok {
		order = of[""]
	}
	for name := range strings.FieldsSeq(order) {
		if part := parts[name]; part != nil {
			part()
		}
	}
}

// aside says a phrase of general knowledge that is useful but not needed. Each site says
// more than half of them, others on each site.
func (w *pageWriter) aside(p *prosePart, key string, vs values) {
	if w.s.draw("aside", key) < asideShare {
		p.say(key, vs)
	}
}

const asideShare = 0.6
