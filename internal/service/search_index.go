package service

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"empire/internal/domain"
)

// Texts are indexed up to these lengths.
const (
	maxProductText = 600
	maxPageText    = 8000
	indexBatch     = 500
)

// Work is the handler of JobIndex. It makes the search equal to what is stored, so it
// may run at any time and twice.
func (s *Search) Work(ctx context.Context, args json.RawMessage) error {
	var a indexArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments do not say what to index.")
	}
	switch {
	case a.FeedID != "":
		return s.indexFeed(ctx, a.FeedID)
	case a.WebsiteID != "":
		return s.indexWebsite(ctx, a.Tenant, a.WebsiteID)
	case a.All && a.Space == s.cfg.Space:
		return s.indexAll(ctx)
	}
	return nil // another configuration asked for it
}

// indexFeed makes documents of the products of a feed; a feed that is gone leaves
// nothing, neither of its products nor of the evidence that it gave.
func (s *Search) indexFeed(ctx context.Context, id domain.FeedID) error {
	_, err := s.cfg.Feeds.Get(ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return s.forgetFeed(ctx, id)
	}
	if err != nil {
		return err
	}
	var docs []domain.SearchDocument
	for after := ""; ; {
		list, err := s.cfg.Products.Walk(ctx, id, after, indexBatch)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		for i := range list {
			docs = append(docs, productDocument(&list[i]))
		}
		after = list[len(list)-1].Key
	}
	_, err = s.cfg.Engine.Replace(ctx, shared, FeedSource(id), docs)
	return err
}

func (s *Search) forgetFeed(ctx context.Context, id domain.FeedID) error {
	n, err := s.cfg.Engine.Forget(ctx, shared, FeedSource(id))
	if err != nil {
		return err
	}
	if err := s.eachWebsite(ctx, func(site *domain.Website) error {
		m, err := s.cfg.Engine.Forget(ctx, site.Tenant.OrDefault(), evidenceSource(site.ID, id))
		n += m
		return err
	}); err != nil || n == 0 {
		return err
	}
	return s.journal.changedFor(ctx, domain.DefaultTenant, "search.forgotten", string(id), fmt.Sprintf("%d documents", n), nil, nil)
}

func (s *Search) eachWebsite(ctx context.Context, fn func(*domain.Website) error) error {
	for after := domain.WebsiteID(""); ; {
		list, err := s.cfg.Websites.After(ctx, "", after, indexBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if err := fn(&list[i]); err != nil {
				return err
			}
		}
		after = list[len(list)-1].ID
	}
}

// indexWebsite makes documents of the pages of a website and of its evidence.
func (s *Search) indexWebsite(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID) error {
	site, err := s.cfg.Websites.Get(ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return s.forgetWebsite(ctx, tenant, id)
	}
	if err != nil {
		return err
	}
	var docs []domain.SearchDocument
	for offset := 0; ; offset += indexBatch {
		list, _, err := s.cfg.Pages.List(ctx, id, domain.Window{Limit: indexBatch, Offset: offset})
		if err != nil {
			return err
		}
		for i := range list {
			docs = append(docs, pageDocument(id, &list[i]))
		}
		if len(list) < indexBatch {
			break
		}
	}
	byFeed, err := s.evidence(ctx, id)
	if err != nil {
		return err
	}
	docs = append(docs, byFeed[""]...)
	delete(byFeed, "")
	if _, err := s.cfg.Engine.Replace(ctx, site.Tenant.OrDefault(), WebsiteSource(id), docs); err != nil {
		return err
	}
	for feed, list := range byFeed {
		if _, err := s.cfg.Feeds.Get(ctx, feed); domain.CodeOf(err) == domain.CodeNotFound {
			list = nil // the feed was withdrawn: what it said is not found any more
		} else if err != nil {
			return err
		}
		if _, err := s.cfg.Engine.Replace(ctx, site.Tenant.OrDefault(), evidenceSource(id, feed), list); err != nil {
			return err
		}
	}
	return nil
}

// evidence returns the documents of a website's evidence by the feed that gave it.
func (s *Search) evidence(ctx context.Context, id domain.WebsiteID) (map[domain.FeedID][]domain.SearchDocument, error) {
	out := map[domain.FeedID][]domain.SearchDocument{}
	for after := domain.EvidenceID(""); ; {
		list, err := s.cfg.Evidence.Walk(ctx, id, after, indexBatch)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return out, nil
		}
		for i := range list {
			if d, ok := evidenceDocument(id, &list[i]); ok {
				out[d.FeedID] = append(out[d.FeedID], d)
			}
		}
		after = list[len(list)-1].ID
	}
}

// forgetWebsite removes what was made of a website that is gone.
func (s *Search) forgetWebsite(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID) error {
	n, err := s.cfg.Engine.Forget(ctx, tenant, WebsiteSource(id))
	if err != nil {
		return err
	}
	for offset := 0; ; offset += indexBatch {
		feeds, _, err := s.cfg.Feeds.List(ctx, domain.Window{Limit: indexBatch, Offset: offset})
		if err != nil {
			return err
		}
		for _, f := range feeds {
			m, err := s.cfg.Engine.Forget(ctx, tenant, evidenceSource(id, f.ID))
			if n += m; err != nil {
				return err
			}
		}
		if len(feeds) < indexBatch {
			break
		}
	}
	if n == 0 {
		return nil
	}
	return s.journal.changedFor(ctx, tenant, "search.forgotten", string(id), fmt.Sprintf("%d documents", n), nil, nil)
}

// indexAll makes everything anew for an embedder or a place of vectors that is new.
func (s *Search) indexAll(ctx context.Context) error {
	for offset := 0; ; offset += indexBatch {
		feeds, _, err := s.cfg.Feeds.List(ctx, domain.Window{Limit: indexBatch, Offset: offset})
		if err != nil {
			return err
		}
		for i := range feeds {
			if err := s.indexFeed(ctx, feeds[i].ID); err != nil {
				return err
			}
		}
		if len(feeds) < indexBatch {
			break
		}
	}
	if err := s.eachWebsite(ctx, func(site *domain.Website) error { return s.indexWebsite(ctx, site.Tenant, site.ID) }); err != nil {
		return err
	}
	if _, err := s.cfg.Engine.Rebuild(ctx); err != nil {
		return err
	}
	return s.cfg.Marks.Set(ctx, markKey, s.cfg.Space)
}

func productDocument(p *domain.Product) domain.SearchDocument {
	var b strings.Builder
	for _, part := range []string{p.Brand, p.CategoryPath, p.Kind, p.Colour, p.EAN, p.MPN} {
		if part != "" {
			b.WriteString(part + "\n")
		}
	}
	for _, a := range p.Attributes {
		b.WriteString(strings.ReplaceAll(a.Name, "_", " ") + ": " + a.Raw + "\n")
	}
	b.WriteString(p.Description)
	return domain.SearchDocument{
		ID: "product:" + string(p.FeedID) + ":" + p.Key, Kind: domain.SearchProduct, FeedID: p.FeedID, Ref: p.Key, Title: p.Name,
		Text: shorten(b.String(), maxProductText), Language: p.Language,
	}
}

func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

func pageDocument(site domain.WebsiteID, p *domain.Page) domain.SearchDocument {
	return domain.SearchDocument{
		ID: "page:" + string(site) + ":" + string(p.ID), Kind: domain.SearchPage, WebsiteID: site, Ref: string(p.ID), Title: p.Title,
		Text: shorten(p.PlainText(), maxPageText), Language: p.Language,
	}
}

// evidenceDocument makes a document of evidence that says something in words.
func evidenceDocument(site domain.WebsiteID, e *domain.Evidence) (domain.SearchDocument, bool) {
	d := domain.SearchDocument{
		ID: "evidence:" + string(site) + ":" + string(e.ID), Kind: domain.SearchEvidence, WebsiteID: site, FeedID: e.FeedID, Ref: string(e.ID),
	}
	switch e.Kind {
	case domain.EvidenceFeed:
		if len(strings.Fields(e.Value)) < 3 {
			return d, false // a number or a name: found in the product
		}
		d.Title, d.Text = strings.ReplaceAll(e.Field, "_", " ")+" of "+e.RowKey, e.Value
	case domain.EvidenceSnapshot, domain.EvidenceRule:
		d.Title, d.Text = e.URL, e.Value
	case domain.EvidenceComputation:
		d.Title, d.Text = e.Note, strings.TrimSpace(e.Formula+" "+e.Value)
	default:
		return d, false
	}
	d.Text = shorten(d.Text, maxPageText)
	return d, strings.TrimSpace(d.Title+d.Text) != ""
}
