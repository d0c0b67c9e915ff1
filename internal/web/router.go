package web

import (
	"net/http"
	"slices"
	"strings"
)

// router is a mux that knows which pages it has.
type router struct {
	*http.ServeMux

	shown []string
}

// HandleFunc adds a page or an action, for a pattern such as "GET /sites/{id}".
func (m *router) HandleFunc(pattern string, fn http.HandlerFunc) {
	if path, ok := strings.CutPrefix(pattern, "GET "); ok {
		m.shown = append(m.shown, path)
	}
	m.ServeMux.HandleFunc(pattern, fn)
}

// Pages returns the paths of everything that can be shown, as http.ServeMux writes them:
// /sites/{id}.
func (d *Dashboard) Pages() []string { return slices.Sorted(slices.Values(d.mux.shown)) }
