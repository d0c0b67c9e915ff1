package web

import (
	"net/http"
	"net/url"
)

// PatternOf is the route that answers a path.
func (d *Dashboard) PatternOf(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return ""
	}
	_, pattern := d.mux.Handler(&http.Request{Method: http.MethodGet, URL: u})
	return pattern
}
