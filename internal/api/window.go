package api

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

// Window is the part of a list that a request asks for. It is embedded in the
// inputs of list operations.
type Window struct {
	Limit  int `query:"limit" default:"50" minimum:"1" maximum:"1000" doc:"At most this many"`
	Offset int `query:"offset" default:"0" minimum:"0" maximum:"1000000000" doc:"Leave out this many first"`

	url url.URL
}

// Resolve implements huma.Resolver: it keeps the address for the Link header.
func (w *Window) Resolve(ctx huma.Context) []error {
	w.url = ctx.URL()
	return nil
}

func (w *Window) domain() domain.Window { return domain.Window{Limit: w.Limit, Offset: w.Offset} }

// listOutput is one window of a list.
type listOutput[T any] struct {
	Total int    `header:"X-Total-Count" doc:"How many there are in all"`
	Link  string `header:"Link" doc:"RFC 8288 links: first, prev, next, last"`
	Body  []T
}

// windowOf answers with the items that a service returned for w.
func windowOf[D, T any](w *Window, items []D, total int, to func(*D) T) *listOutput[T] {
	out := &listOutput[T]{Total: total, Link: w.links(total), Body: make([]T, len(items))}
	for i := range items {
		out.Body[i] = to(&items[i])
	}
	return out
}

// cut answers with the window w of a list that is short enough to come whole.
func cut[D, T any](w *Window, all []D, to func(*D) T) *listOutput[T] {
	from := min(w.Offset, len(all))
	return windowOf(w, all[from:min(from+w.Limit, len(all))], len(all), to)
}

// links returns the value of the Link header.
func (w *Window) links(total int) string {
	var out []string
	add := func(rel string, offset int) {
		q := w.url.Query()
		q.Set("limit", strconv.Itoa(w.Limit))
		q.Set("offset", strconv.Itoa(offset))
		u := url.URL{Path: w.url.Path, RawQuery: q.Encode()}
		out = append(out, "<"+u.String()+`>; rel="`+rel+`"`)
	}
	last := max(0, (total-1)/w.Limit*w.Limit)
	add("first", 0)
	if w.Offset > 0 {
		add("prev", max(0, min(w.Offset-w.Limit, last)))
	}
	if w.Offset+w.Limit < total {
		add("next", w.Offset+w.Limit)
	}
	add("last", last)
	return strings.Join(out, ", ")
}
