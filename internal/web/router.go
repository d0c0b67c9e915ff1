package web

import "net/http"

// router is a mux that remembers what it was given, in order, so that a test can ask
// whether it has looked at every page.
type router struct {
	*http.ServeMux

	patterns []string
}

// HandleFunc adds a handler for a pattern such as "GET /sites/{id}".
func (m *router) HandleFunc(pattern string, handler http.HandlerFunc) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.HandleFunc(pattern, handler)
}
