package web

import (
	"net/http"
	"strconv"

	"empire/internal/domain"
)

// section is a part of a page with what was found, or why it cannot be shown.
type section[T any] struct {
	Items []T
	Total int
	Error string
}

// load fills a section. A part that fails leaves the rest of the page standing.
func load[D, T any](d *Dashboard, r *http.Request, to func(*D) T, items []D, total int, err error) section[T] {
	if err != nil {
		d.log(r, err)
		return section[T]{Error: domain.MessageOf(err)}
	}
	s := section[T]{Total: total}
	for i := range items {
		s.Items = append(s.Items, to(&items[i]))
	}
	return s
}

const pageSize = 50

// pager leads through a long list.
type pager struct {
	From, To, Total int
	Previous, Next  string // addresses; empty at the ends
}

// windowOf reads the window from the address. Nonsense means the first one.
func windowOf(r *http.Request) domain.Window {
	offset, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil || offset < 0 || offset > 1_000_000_000 {
		offset = 0
	}
	return domain.Window{Limit: pageSize, Offset: offset}
}

func pagerOf(r *http.Request, w domain.Window, shown, total int) pager {
	p := pager{From: min(w.Offset+1, total), To: w.Offset + shown, Total: total}
	at := func(offset int) string {
		q := r.URL.Query()
		q.Set("offset", strconv.Itoa(offset))
		return r.URL.Path + "?" + q.Encode()
	}
	if w.Offset > 0 {
		p.Previous = at(max(0, w.Offset-w.Limit))
	}
	if w.Offset+shown < total {
		p.Next = at(w.Offset + w.Limit)
	}
	return p
}

// choice is one of the options of a form.
type choice struct{ Value, Label string }

// sortHead is the head of a column that a list can be ordered by.
type sortHead struct {
	Label   string
	Address string // orders by it, or the other way round
	Order   string // ascending or descending if the list is ordered by it, else empty
	Class   string
}

// withQuery returns the address of the present page with some of its query replaced; an
// empty value takes the key away.
func withQuery(r *http.Request, pairs ...string) string {
	q := r.URL.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return r.URL.Path
	}
	return r.URL.Path + "?" + q.Encode()
}
