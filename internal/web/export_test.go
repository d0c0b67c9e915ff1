package web

import (
	"net/http"
	"net/url"
	"slices"
)

// Patterns are the routes of a dashboard.
func (d *Dashboard) Patterns() []string { return slices.Clone(d.mux.patterns) }

// PatternOf is the route that answers a path.
func (d *Dashboard) PatternOf(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return ""
	}
	_, pattern := d.mux.Handler(&http.Request{Method: http.MethodGet, URL: u})
	return pattern
}
