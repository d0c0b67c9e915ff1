package web

import (
	"net/http"
	"slices"
)

// periods are what reports can be about, with the key that leads there.
var periods = []struct{ name, label string }{{"24h", "24 h"}, {"7d", "7 days"}, {"30d", "30 days"}, {"90d", "90 days"}, {"12m", "12 months"}}

const usualPeriod = "30d"

// periodOf reads the period from the address. Nonsense means the usual one.
func periodOf(r *http.Request) string {
	name := r.URL.Query().Get("period")
	if slices.ContainsFunc(periods, func(p struct{ name, label string }) bool { return p.name == name }) {
		return name
	}
	return usualPeriod
}

func periodTabs(r *http.Request, current string) []tab {
	var out []tab
	for _, p := range periods {
		q := r.URL.Query()
		q.Set("period", p.name)
		out = append(out, tab{Label: p.label, Address: r.URL.Path + "?" + q.Encode(), Count: -1, Current: p.name == current})
	}
	return out
}

// pointLayout says how the points of a period are named: hours or days.
func pointLayout(period string) string {
	if period == "24h" {
		return "15:04"
	}
	return "2 Jan"
}
