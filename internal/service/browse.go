package service

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// maxBrowsed bounds the websites of one part of a list.
const maxBrowsed = 1000

// Browse returns the part of the websites that a query asks for, each with its tags and
// its live release, and counts what the filter selects. A part goes on where a cursor
// stands even if websites come and go meanwhile.
func (s *Batches) Browse(ctx context.Context, q domain.WebsiteQuery) (*domain.WebsiteList, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	key, err := sortKey(q.Sort)
	if err != nil {
		return nil, err
	}
	at, err := readCursors(q)
	if err != nil {
		return nil, err
	}
	if q.Limit < 1 || q.Limit > maxBrowsed {
		return nil, domain.Invalid("limit", "A part has 1 to %d websites.", maxBrowsed)
	}
	all, out, err := s.browsed(ctx, q.Filter, key)
	if err != nil {
		return nil, err
	}
	order := func(a, b mark) int {
		n := cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(string(a.ID), string(b.ID)))
		if q.Descending {
			return -n
		}
		return n
	}
	slices.SortFunc(all, func(a, b placed) int { return order(a.mark, b.mark) })
	from, to := partOf(all, q, func(l placed) int { return order(l.mark, at) })
	out.Total = len(all)
	if from > 0 && to > from {
		out.Previous = all[from].String()
	}
	if to < len(all) && to > from {
		out.Next = all[to-1].String()
	}
	for _, l := range all[from:to] {
		out.Lines = append(out.Lines, *l.line)
	}
	return out, s.addLive(ctx, out.Lines)
}

// placed is a line with its place in the order.
type placed struct {
	mark
	line *domain.WebsiteLine
}

// partOf returns the bounds of the part that a query asks for among ordered lines. Side
// tells on which side of the cursor a line is.
func partOf(all []placed, q domain.WebsiteQuery, side func(placed) int) (from, to int) {
	switch {
	case q.After != "":
		from, _ = slices.BinarySearchFunc(all, 0, func(l placed, _ int) int { return cmp.Or(side(l), -1) })
	case q.Before != "":
		to, _ = slices.BinarySearchFunc(all, 0, func(l placed, _ int) int { return cmp.Or(side(l), 1) })
		return max(0, to-q.Limit), to
	}
	return from, min(len(all), from+q.Limit)
}

// browsed returns all websites that a filter selects, and a list that holds what is known
// of all of them.
func (s *Batches) browsed(ctx context.Context, f domain.WebsiteFilter, key func(*domain.Website) string) ([]placed, *domain.WebsiteList, error) {
	tags, err := s.cfg.Tags.All(ctx, scope(ctx))
	if err != nil {
		return nil, nil, err
	}
	out := &domain.WebsiteList{ByState: map[domain.WebsiteState]int{}}
	languages, used := map[string]bool{}, map[string]bool{}
	state := f.State
	f.State = ""
	var all []placed
	err = s.memo.each(ctx, s.cfg.Websites.cfg.Websites, scope(ctx), func(site *domain.Website) error {
		languages[site.Language] = true
		for _, tag := range tags[site.ID] {
			used[tag] = true
		}
		live, err := s.liveFor(ctx, site, f)
		if err != nil || f.Excludes(site, live, tags[site.ID]) != "" {
			return err
		}
		out.ByState[site.State]++
		if state == "" || site.State == state {
			all = append(all, placed{mark{key(site), site.ID}, &domain.WebsiteLine{Website: *site, Tags: tags[site.ID], Live: live}})
		}
		return nil
	})
	out.Languages, out.Tags = slices.Sorted(maps.Keys(languages)), slices.Sorted(maps.Keys(used))
	return all, out, err
}

// liveFor returns the live release of a website if the filter asks for something of it.
func (s *Batches) liveFor(ctx context.Context, site *domain.Website, f domain.WebsiteFilter) (*domain.Release, error) {
	if !f.ByRelease() || site.LiveRelease == "" {
		return nil, nil //nolint:nilnil // as Excludes wants it
	}
	return s.cfg.Websites.cfg.Releases.Get(ctx, site.LiveRelease)
}

// addLive reads the live releases of lines.
func (s *Batches) addLive(ctx context.Context, lines []domain.WebsiteLine) error {
	for i := range lines {
		l := &lines[i]
		if l.LiveRelease == "" || l.Live != nil {
			continue
		}
		r, err := s.cfg.Websites.cfg.Releases.Get(ctx, l.LiveRelease)
		if err != nil {
			return err
		}
		l.Live = r
	}
	return nil
}

// sortKey returns what websites are ordered by.
func sortKey(by domain.WebsiteSort) (func(*domain.Website) string, error) {
	switch by {
	case "", domain.SortByDomain:
		return func(w *domain.Website) string { return w.Domain }, nil
	case domain.SortByNiche:
		return func(w *domain.Website) string { return strings.ToLower(w.Niche) }, nil
	case domain.SortByCreated:
		return func(w *domain.Website) string { return sortedTime(w.CreatedAt) }, nil
	case domain.SortByChanged:
		return func(w *domain.Website) string { return sortedTime(w.UpdatedAt) }, nil
	}
	return nil, domain.Invalid("sort", "%.40q is not one of domain, niche, created, changed.", by)
}

// sortedTime writes a time so that texts are in the order of times.
func sortedTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000") }

// mark is the place of a website in an order.
type mark struct {
	Key string           `json:"k"`
	ID  domain.WebsiteID `json:"i"`
}

// String returns the mark as a cursor.
func (m mark) String() string {
	b, err := json.Marshal(m)
	if err != nil {
		return "" // it has no value that could fail
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func readCursors(q domain.WebsiteQuery) (m mark, err error) {
	if q.After != "" && q.Before != "" {
		return m, domain.Invalid("before", "A part begins after one website or ends before one, not both.")
	}
	cursor := q.After + q.Before
	if cursor == "" {
		return m, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return m, domain.Invalid("cursor", "The cursor cannot be read; it is used as it was given.")
	}
	return m, nil
}
