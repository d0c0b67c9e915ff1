package shipped

import (
	"context"
	"encoding/json"
	"slices"

	"empire/internal/agent/content"
	"empire/internal/agent/seo"
	"empire/internal/agent/website"
	"empire/internal/domain"
)

// textParams are a text to optimize.
type textParams struct {
	Content   string   `json:"content"`
	Keywords  []string `json:"target_keywords"`
	Language  string   `json:"language"`
	Topic     string   `json:"topic"`      // ignored: comes from earlier stages
	WebsiteID string   `json:"website_id"` // the same
}

func (r *Runtime) optimizeContent(_ context.Context, params json.RawMessage) (any, error) {
	var p textParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	return seo.OptimizeContent(seo.ContentInput{Content: p.Content, Keywords: p.Keywords, Language: p.Language})
}

// linkParams ask for a plan of links.
type linkParams struct {
	siteParams
	Least int `json:"min_inlinks"`
}

func (r *Runtime) internalLinks(ctx context.Context, params json.RawMessage) (any, error) {
	p := linkParams{Least: seo.DefaultInlinks}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	d, _, err := r.Latest(ctx, p.WebsiteID)
	if err != nil {
		return nil, err
	}
	plan, err := seo.PlanLinks(d, p.Least)
	if err != nil {
		return nil, err
	}
	return struct {
		WebsiteID domain.WebsiteID `json:"website_id"`
		seo.LinkPlan
	}{p.WebsiteID, plan}, nil
}

func (r *Runtime) keywordMap(ctx context.Context, params json.RawMessage) (any, error) {
	var p siteParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if r.Keywords == nil {
		return nil, domain.Errorf(domain.CodeUnavailable, "No keywords are kept here.")
	}
	m, err := r.Keywords(ctx, p.WebsiteID)
	if err != nil {
		return nil, err
	}
	return struct {
		WebsiteID domain.WebsiteID `json:"website_id"`
		*domain.KeywordMap
	}{p.WebsiteID, m}, nil
}

// refreshedPage is a page that is not what its evidence says any more.
type refreshedPage struct {
	Path    string           `json:"path"`
	Reasons []string         `json:"reasons"` // changed, gone, withdrawn: what its evidence is; text: the market as a whole
	Diff    *domain.PageDiff `json:"diff"`    // of the text as it would be written now; null: it would be the same
}

// contentRefresh says which pages of a website rest on evidence that changed, and how
// their texts would be written now. Nothing is published.
func (r *Runtime) contentRefresh(ctx context.Context, params json.RawMessage) (any, error) {
	id, d, _, err := r.latest(ctx, params)
	if err != nil {
		return nil, err
	}
	if r.Stale == nil || r.Compare == nil {
		return nil, domain.Errorf(domain.CodeUnavailable, "What pages rest on is not followed here.")
	}
	stale, err := r.Stale(ctx, id)
	if err != nil {
		return nil, err
	}
	next, err := r.rewritten(ctx, d)
	if err != nil {
		return nil, err
	}
	pages := refreshed(d, stale, r.Compare(d, next))
	return map[string]any{"website_id": id, "published_at": d.BuiltAt, "checked_at": next.BuiltAt, "fresh": len(d.Pages) - len(pages), "pages": pages}, nil
}

// rewritten writes the pages of a website anew from what the feeds hold now, with the
// plan that it has.
func (r *Runtime) rewritten(ctx context.Context, d *domain.Draft) (*domain.Draft, error) {
	now := r.Now().UTC()
	var feeds []domain.FeedID
	for i := range d.Feeds {
		feeds = append(feeds, d.Feeds[i].ID)
	}
	m, err := r.Launch.Markets.Build(ctx, d.Website.Niche, d.Website.Language, feeds, now, func(int, int, string) {})
	if err != nil {
		return nil, err
	}
	plan, err := r.Launch.Builder.Plan(ctx, website.PlanInput{Market: m, Website: d.Website, Seed: seed(&d.Website), Taken: d.Plan.Taken, Key: seo.KeywordKey})
	if err != nil {
		return nil, err
	}
	if err := r.Launch.leaveOut(ctx, d.Website.ID, &plan); err != nil {
		return nil, err
	}
	res, err := r.Launch.Writer.Write(ctx, content.WriteInput{Market: m, Plan: plan, Website: d.Website, Seed: seed(&d.Website), Progress: func(int, int, string) {}})
	if err != nil {
		return nil, err
	}
	out := &domain.Draft{Website: d.Website, Plan: plan, Pages: res.Pages, Evidence: res.Evidence, Feeds: m.Feeds, Programs: m.Programs, BuiltAt: now}
	for i := range out.Pages {
		out.Pages[i].WebsiteID, out.Pages[i].ID = d.Website.ID, domain.PageIDOf(d.Website.ID, out.Pages[i].Slug)
	}
	opt, err := r.Launch.Optimizer.Run(ctx, seo.OptimizeInput{
		Draft: out, Keywords: m.Keywords, Render: func(d *domain.Draft) ([]domain.File, error) { return r.Launch.Builder.Build(ctx, d) },
	})
	if err != nil {
		return nil, err
	}
	out.Pages = opt.Pages
	paid, err := r.Launch.offers(ctx, out, m, now)
	if err != nil {
		return nil, err
	}
	out.Pages, out.Evidence, out.Programs = paid.Pages, paid.Evidence, paid.Programs
	out.Pages = seo.StructuredData(out)
	return out, nil
}

// leaveOut drops the pages of a plan that were retired.
func (l *Launch) leaveOut(ctx context.Context, id domain.WebsiteID, plan *domain.SitePlan) error {
	if l.Gone == nil {
		return nil
	}
	gone, err := l.Gone(ctx, id)
	if err != nil {
		return err
	}
	plan.Pages = slices.DeleteFunc(plan.Pages, func(p domain.PlanPage) bool { return slices.Contains(gone, domain.PathOf(p.Slug)) })
	return nil
}

// refreshed joins what is stale with what would be written: pages whose evidence
// changed, and pages whose text would be another one. Offers are not looked at: their
// prices have an age of their own.
func refreshed(d *domain.Draft, stale []domain.GraphStale, diffs []domain.PageDiff) []refreshedPage {
	reasons := map[domain.PageID][]string{}
	for _, s := range stale {
		if !slices.Contains(reasons[s.PageID], s.Reason) {
			reasons[s.PageID] = append(reasons[s.PageID], s.Reason)
		}
	}
	changed := map[string]*domain.PageDiff{}
	for i := range diffs {
		if differs(&diffs[i]) {
			diffs[i].Offers = nil
			changed[diffs[i].Path] = &diffs[i]
		}
	}
	out := []refreshedPage{}
	for i := range d.Pages {
		p := &d.Pages[i]
		why, diff := reasons[p.ID], changed[p.Path()]
		delete(changed, p.Path())
		if len(why) == 0 && diff == nil {
			continue
		}
		if len(why) == 0 {
			why = []string{"text"}
		}
		out = append(out, refreshedPage{p.Path(), why, diff})
	}
	for i := range diffs {
		if diff := changed[diffs[i].Path]; diff != nil { // a page that the market carries now
			out = append(out, refreshedPage{diff.Path, []string{"text"}, diff})
		}
	}
	return out
}

// differs reports whether a page says something else: not only in links and layout.
func differs(d *domain.PageDiff) bool {
	if d.Kind != domain.Changed || len(d.Fields) > 0 {
		return true
	}
	return slices.ContainsFunc(d.Blocks, func(b domain.BlockChange) bool { return len(b.Lines) > 0 || b.Kind != domain.Changed })
}
