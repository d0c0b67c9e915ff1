package research

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/intelligence/extract"
	"empire/internal/intelligence/nlp"
)

const (
	searchesAtOnce = 4
	fetchesAtOnce  = 8
	minCoverage    = 0.5       // of the topic's words that a page must have
	minText        = 200       // bytes of main text
	maxRead        = 512 << 10 // bytes of main text that are read for claims and judgements
)

// document is a page that was read.
type document struct {
	candidate
	snap     *domain.Snapshot
	read     Reading
	coverage float64 // of the topic's words in title and text
	group    int
	sameAs   []string
	id       string // s1, s2, …
	claims   int
}

// head returns the part of a document's text that is read.
func (d *document) head() string { return head(d.read.Text) }

func head(text string) string {
	if len(text) <= maxRead {
		return text
	}
	return strings.ToValidUTF8(text[:maxRead], "")
}

// candidate is an address that may be fetched.
type candidate struct {
	Hit
	key   string // canonical address
	by    string // name of the source
	score float64
	query map[int]bool // numbers of the queries that found it
}

// pool collects addresses; the same address counts once.
type pool struct {
	topic *topic
	byKey map[string]*candidate
}

// add counts a hit at a rank. Ranks of several lists are joined by the sum of their
// reciprocals (G. Cormack et al., "Reciprocal rank fusion", 2009), to which comes
// what title, text and address say about the topic.
func (p *pool) add(h Hit, by string, query, rank int) {
	key := canonical(h.URL)
	if key == "" {
		return
	}
	c := p.byKey[key]
	if c == nil {
		c = &candidate{Hit: h, key: key, by: by, query: map[int]bool{}}
		c.score = p.topic.coverage(h.Title+" "+h.Snippet+" "+addressWords(h.URL)) / 10
		p.byKey[key] = c
	}
	c.query[query] = true
	c.score += 1 / float64(60+rank)
}

// best returns up to n addresses that were not taken before, the best first, and of
// one site no more than a third and two.
func (p *pool) best(n int, taken map[string]bool, perSite map[string]int, most int) []*candidate {
	all := slices.SortedFunc(maps.Values(p.byKey), func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.key, b.key))
	})
	var out []*candidate
	for _, c := range all {
		site := RegistrableDomain(c.key)
		if len(out) == n || taken[c.key] || perSite[site] >= most {
			continue
		}
		taken[c.key] = true
		perSite[site]++
		out = append(out, c)
	}
	return out
}

// gather searches and fetches until the plan is fulfilled or its time is over.
func (w *work) gather(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, w.plan.Time)
	defer cancel()
	found := &pool{w.topic, map[string]*candidate{}}
	if err := w.search(bounded, found); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	w.report.Work.Found = len(found.byKey)
	taken, perSite := map[string]bool{}, map[string]int{}
	most := max(2, w.plan.Pages/3)
	budget := w.plan.Pages
	for hop := 0; hop <= w.plan.Hops && budget > 0; hop++ {
		share := budget
		if hop < w.plan.Hops {
			share = max(1, budget*3/4) // the rest is for links
		}
		next := found.best(share, taken, perSite, most)
		if len(next) == 0 {
			break
		}
		w.report.Work.Hops = hop
		docs, err := w.fetchAll(bounded, next)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		w.docs = append(w.docs, docs...)
		budget -= len(next)
		found = &pool{w.topic, map[string]*candidate{}}
		for _, d := range docs {
			for rank, l := range d.read.Links {
				if w.topic.coverage(l.Text+" "+addressWords(l.URL)) >= minCoverage {
					found.add(Hit{URL: l.URL, Title: l.Text}, "link", -1, rank)
				}
			}
		}
	}
	w.report.Work.TimedOut = bounded.Err() != nil
	w.report.Work.Fetched, w.report.Work.Skipped = len(w.docs), len(w.report.Skipped)
	return ctx.Err()
}

// search asks every source for every query.
func (w *work) search(ctx context.Context, found *pool) error {
	type result struct {
		hits []Hit
		err  error
	}
	queries, sources := w.report.Queries, w.cfg.Sources
	results := make([]result, len(queries)*len(sources))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(searchesAtOnce)
	var mu sync.Mutex
	done := 0
	for i, text := range queries {
		for k, s := range sources {
			group.Go(func() error {
				hits, err := s.Find(gctx, Query{Text: text, Topic: w.topic.text, Language: w.topic.language, Limit: w.plan.Hits, Tenant: w.in.Tenant})
				results[i*len(sources)+k] = result{hits[:min(len(hits), w.plan.Hits)], err}
				mu.Lock()
				defer mu.Unlock()
				done++
				w.in.Progress(domain.ResearchProgress{Stage: "search", Message: "asking " + s.Name(), Done: done, Total: len(results)})
				return gctx.Err()
			})
		}
	}
	err := group.Wait()
	w.report.Work.Searches = len(results)
	failed := map[string]bool{}
	for i, text := range queries {
		hits := 0
		for k, s := range sources {
			r := results[i*len(sources)+k]
			if message := domain.MessageOf(r.err); r.err != nil && !failed[message] {
				failed[message] = true
				w.report.Gaps = append(w.report.Gaps, "Source "+s.Name()+" did not answer: "+message)
			}
			for rank, h := range r.hits {
				found.add(h, s.Name(), i, rank)
			}
			hits += len(r.hits)
		}
		if hits == 0 {
			w.starved = append(w.starved, text)
		}
	}
	return err
}

// fetchAll fetches and reads addresses; the documents come in the order of the
// addresses, whatever is fetched first.
func (w *work) fetchAll(ctx context.Context, list []*candidate) ([]*document, error) {
	docs, skipped := make([]*document, len(list)), make([]*domain.SkippedPage, len(list))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchesAtOnce)
	var mu sync.Mutex
	done := 0
	for i, c := range list {
		group.Go(func() error {
			d, skip, err := w.fetchOne(gctx, c)
			docs[i], skipped[i] = d, skip
			mu.Lock()
			defer mu.Unlock()
			done++
			w.in.Progress(domain.ResearchProgress{Stage: "fetch", Message: "reading " + RegistrableDomain(c.key), Done: done, Total: len(list)})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, s := range skipped {
		if s != nil {
			w.report.Skipped = append(w.report.Skipped, *s)
		}
	}
	docs = slices.DeleteFunc(docs, func(d *document) bool { return d == nil })
	for _, d := range docs {
		w.report.Work.Bytes += d.snap.Size
	}
	return docs, nil
}

// fetchOne fetches, reads and keeps one page. What cannot be used is skipped with its
// reason; the error is one of storing.
func (w *work) fetchOne(ctx context.Context, c *candidate) (*document, *domain.SkippedPage, error) {
	skip := func(reason domain.FetchReason, detail string) (*document, *domain.SkippedPage, error) {
		return nil, &domain.SkippedPage{URL: c.URL, Reason: reason, Detail: detail}, nil
	}
	page := c.Page
	if page == nil {
		var err error
		if page, err = w.cfg.Fetch.Fetch(ctx, c.URL); err != nil {
			if e, ok := errors.AsType[*domain.FetchError](err); ok {
				return skip(e.Reason, e.Detail)
			}
			return skip(domain.FetchOutOfTime, "")
		}
	}
	r := Read(page)
	d := &document{candidate: *c, read: r, coverage: w.topic.coverage(r.Meta.Title + " " + head(r.Text))}
	switch {
	case len(r.Text) < minText:
		return skip(domain.FetchNoText, "")
	case r.Language != "" && r.Language != w.topic.language:
		return skip(domain.FetchLanguage, r.Language)
	case d.coverage < minCoverage:
		return skip(domain.FetchOffTopic, fmt.Sprintf("it has %.0f %% of the topic's words", d.coverage*100))
	}
	snap, err := w.in.Keep(context.WithoutCancel(ctx), page, r, c.Page != nil) // a page that is here is kept, however late
	if err != nil {
		return nil, nil, fmt.Errorf("keep %s: %w", c.URL, err)
	}
	d.snap = snap
	return d, nil, nil
}

// Read reads a page: its main text and what it says about itself. It is bounded by
// extract.MaxPage and takes any bytes.
func Read(page *domain.FetchedPage) Reading {
	base, _ := url.Parse(page.FinalURL)
	p := extract.Parse(page.Body, page.ContentType)
	r := Reading{Charset: p.Charset, Meta: p.Metadata(base)}
	if kind := strings.ToLower(page.ContentType); strings.HasPrefix(kind, "text/plain") {
		r.Text, r.Charset, _ = extract.Decode(page.Body[:min(len(page.Body), extract.MaxPage)], page.ContentType)
	} else {
		r.Text, r.Links = p.Article().Text, p.Links(base)
		r.Types = typesOf(p.Structured(base))
	}
	r.Text = strings.ReplaceAll(strings.ToValidUTF8(r.Text, "\uFFFD"), "\x00", "\uFFFD")
	if g := nlp.DetectLanguage(r.Text); g.Language != nlp.Undetermined && g.Confidence > 0.5 {
		r.Language = g.Language
	}
	return r
}

// typesOf returns the types of structured data that a page has, each once.
func typesOf(s extract.Structured) []string {
	seen := map[string]bool{}
	for _, o := range s.JSONLD {
		switch t := o["@type"].(type) {
		case string:
			seen[t] = true
		case []any:
			for _, v := range t {
				if name, ok := v.(string); ok {
					seen[name] = true
				}
			}
		}
	}
	for _, item := range s.Microdata {
		for _, t := range item.Types {
			seen[t[strings.LastIndexAny(t, "/#")+1:]] = true
		}
	}
	delete(seen, "")
	list := slices.Sorted(maps.Keys(seen))
	return list[:min(len(list), 20)]
}
