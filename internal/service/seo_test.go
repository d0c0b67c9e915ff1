package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	agent "empire/internal/agent/seo"
	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// rule is one of the two that the audit of tests knows: a page must not say "bad", and
// not say "worse".
var testRules = []domain.SEORule{{ID: "BAD", Severity: domain.GateWarn}, {ID: "WORSE", Severity: domain.GateFail}}

func checkWords(_ *domain.Draft, files []domain.File) service.SEOFindings {
	out := service.SEOFindings{Score: 100}
	for _, f := range files {
		if f.ContentType != "text/html" {
			continue
		}
		out.Pages, out.Indexable = out.Pages+1, out.Indexable+1
		for _, r := range testRules {
			if strings.Contains(string(f.Body), strings.ToLower(r.ID)) {
				out.Score -= 10
				out.Findings = append(out.Findings, domain.Finding{Rule: r.ID, Severity: r.Severity, Page: f.Path, Message: "It says so.", Fix: "Do not."})
			}
		}
	}
	return out
}

// openSEO builds what is about search over the websites of the estate.
func (e *estate) openSEO(st *store.Store) {
	e.submits = service.NewSubmissions(service.SubmissionsConfig{Tx: st, Store: st.Submissions, Websites: st.Websites, Audit: st.Audit, Now: time.Now})
	e.seo = service.NewSEO(e.seoConfig(st))
}

func (e *estate) seoConfig(st *store.Store) service.SEOConfig {
	return service.SEOConfig{
		Tx: st, Store: st.SEO, Websites: e.websites, Check: checkWords, Rules: func() []domain.SEORule { return testRules }, Version: "test/1",
		Keywords: agent.KeywordPages, Enqueue: func(context.Context, string, any, time.Time) error { return nil }, Audit: st.Audit, Now: time.Now,
	}
}

// press is one website whose releases a test makes by hand.
type press struct {
	*estate
	t    *testing.T
	ctx  context.Context
	site *domain.Website
	last domain.ReleaseID
}

func newPress(t *testing.T, e *estate, tenant domain.TenantID, host string) *press {
	ctx := in(t.Context(), tenant)
	return &press{estate: e, t: t, ctx: ctx, site: e.register(ctx, t, host)}
}

// publish stores a release whose pages say what the map has by slug, and makes it live.
func (o *press) publish(pages map[string]string, keywords map[string]string) *domain.Release {
	o.t.Helper()
	d := domain.Draft{Website: *o.site}
	var files []domain.File
	for slug, text := range pages {
		open := !strings.HasPrefix(text, "closed")
		d.Pages = append(d.Pages, domain.Page{ID: domain.PageIDOf(o.site.ID, slug), Slug: slug, Kind: domain.PageBest, Indexable: open})
		d.Plan.Pages = append(d.Plan.Pages, domain.PlanPage{Slug: slug, Keyword: keywords[slug]})
		path := domain.PathOf(slug)
		files = append(files, domain.File{Path: path, File: strings.TrimPrefix(path+"index.html", "/"), ContentType: "text/html", Body: []byte(text)})
	}
	manifest, _, err := o.builder.Build(o.ctx, o.site.Domain, files)
	if err != nil {
		o.t.Fatal(err)
	}
	draft, err := blob.PutJSON(o.ctx, o.blobs, d)
	if err != nil {
		o.t.Fatal(err)
	}
	r := &domain.Release{ID: domain.ReleaseID(domain.NewID("rel")), WebsiteID: o.site.ID, Manifest: manifest, Draft: draft, CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
	if err := errors.Join(o.st.Releases.Insert(o.ctx, r), o.st.Websites.SetLive(o.ctx, o.site.ID, r.ID, r.CreatedAt)); err != nil {
		o.t.Fatal(err)
	}
	return r
}

// work does what is done after a release went live.
func (o *press) work(s *service.SEO, r *domain.Release) {
	o.t.Helper()
	args, _ := json.Marshal(map[string]any{"website_id": o.site.ID, "release_id": r.ID, "before": o.last})
	if err := s.Work(o.t.Context(), args); err != nil {
		o.t.Fatal(err)
	}
	o.last = r.ID
}

// TestAuditHistory publishes three releases: what is new, what was fixed and since when
// the rest is open follows from the audits.
func TestAuditHistory(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		o := newPress(t, e, "acme", "keys.example")
		for _, pages := range []map[string]string{
			{"": "fine", "a": "bad", "b": "worse"}, {"": "fine", "a": "bad", "b": "fine", "c": "worse"}, {"": "bad", "a": "bad", "c": "fine"},
		} {
			o.work(e.seo, o.publish(pages, nil))
		}
		list, total, err := e.seo.Audits(o.ctx, o.site.ID, domain.Window{Limit: 10})
		if err != nil || total != 3 || list[0].Number != 3 {
			t.Fatalf("audits = %+v, %d, %v", list, total, err)
		}
		got := ""
		for _, a := range list {
			got += fmt.Sprintf("%d: %v, %d fail, %d warn, %d new, %d fixed; ", a.Number, a.Score, a.Fails, a.Warnings, a.New, a.Fixed)
		}
		if want := "3: 80, 0 fail, 2 warn, 1 new, 1 fixed; 2: 80, 1 fail, 1 warn, 1 new, 1 fixed; 1: 80, 1 fail, 1 warn, 0 new, 0 fixed; "; got != want {
			t.Errorf("history = %s, want %s", got, want)
		}
		if list[2].Change != nil || list[1].Change == nil || *list[1].Change != 0 {
			t.Errorf("changes = %v, %v", list[2].Change, list[1].Change)
		}
		live, err := e.seo.Audit(o.ctx, o.site.ID, "")
		if err != nil || live.Number != 3 || live.Against != 2 || len(live.Issues) != 2 || len(live.Gone) != 1 {
			t.Fatalf("audit = %+v, %v", live, err)
		}
		if live.Issues[0].Page != "/" || live.Issues[0].Since != 3 || live.Issues[1].Page != "/a/" || live.Issues[1].Since != 1 || live.Gone[0].Page != "/c/" {
			t.Errorf("issues = %+v, gone %+v", live.Issues, live.Gone)
		}
		if !slices.Equal(live.Regressions, []string{domain.SEOFingerprint("BAD", "/")}) {
			t.Errorf("regressions = %v", live.Regressions)
		}
		entries, _, err := e.audit.List(o.ctx, domain.AuditFilter{Action: "seo.audited"}, domain.Window{Limit: 10})
		if err != nil || len(entries) != 3 {
			t.Errorf("%d entries in the audit log, %v, want one for each audit", len(entries), err)
		}
	})
}

// TestKeywordsOfTheLiveRelease: while a release is looked at another one goes live and
// is looked at, too; what that one's pages are for stays.
func TestKeywordsOfTheLiveRelease(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		o := newPress(t, e, "acme", "keys.example")
		first := o.publish(map[string]string{"": "one"}, map[string]string{"": "desk lamps"})
		cfg := e.seoConfig(st)
		cfg.Check = func(d *domain.Draft, files []domain.File) service.SEOFindings {
			o.work(e.seo, o.publish(map[string]string{"": "two"}, map[string]string{"": "floor lamps"}))
			return checkWords(d, files)
		}
		o.work(service.NewSEO(cfg), first)
		m, err := e.seo.Keywords(o.ctx, o.site.ID)
		if err != nil || len(m.Pages) != 1 || m.Pages[0].Keyword != "floor lamps" {
			t.Errorf("map = %+v, %v", m, err)
		}
		if left, err := st.SEO.Pending(t.Context(), "", 9); err != nil || len(left) != 0 {
			t.Errorf("pending = %v, %v", left, err)
		}
	})
}

// TestAuditOfOtherRules: a rule that the audit before did not ask makes no regression,
// and scores of two versions are not compared.
func TestAuditOfOtherRules(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	e := newEstate(t, st)
	o := newPress(t, e, "acme", "keys.example")
	cfg := e.seoConfig(e.st)
	cfg.Version, cfg.Rules = "test/0", func() []domain.SEORule { return testRules[:1] }
	o.work(service.NewSEO(cfg), o.publish(map[string]string{"": "fine"}, nil))
	o.work(e.seo, o.publish(map[string]string{"": "bad worse"}, nil))
	a, err := e.seo.Audit(o.ctx, o.site.ID, "")
	if err != nil || a.Change != nil || len(a.Issues) != 2 || !slices.Equal(a.Regressions, []string{domain.SEOFingerprint("BAD", "/")}) {
		t.Errorf("audit = %+v, %v", a, err)
	}
}

// TestKeywordConflicts: pages of websites of one tenant that are for one keyword are
// told with what to do; those of another tenant are not seen.
func TestKeywordConflicts(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		hosts := map[string]*press{}
		for _, h := range []struct {
			tenant domain.TenantID
			host   string
			words  map[string]string
		}{
			{"acme", "first.example", map[string]string{"": "desk lamps", "a": "quiet lamps", "b": "red lamps"}},
			{"acme", "second.example", map[string]string{"": "best desk lamp", "x": "the quiet lamp", "y": "green lamps"}},
			{"other", "third.example", map[string]string{"": "desk lamps"}},
		} {
			o := newPress(t, e, h.tenant, h.host)
			pages := map[string]string{}
			for slug := range h.words {
				pages[slug] = "page " + slug
			}
			o.work(e.seo, o.publish(pages, h.words))
			hosts[h.host] = o
		}
		list, total, err := e.seo.Conflicts(hosts["first.example"].ctx, domain.Window{Limit: 10})
		if err != nil || total != 2 || len(list) != 2 {
			t.Fatalf("conflicts = %+v, %d, %v", list, total, err)
		}
		for _, c := range list {
			if !c.Between || c.Reason != domain.ConflictKeyword || len(c.Pages) != 2 || c.Pages[0].Domain != "first.example" || c.Pages[0].Proposal != domain.KeywordKeep || c.Pages[1].Domain != "second.example" {
				t.Errorf("conflict = %+v", c)
			}
			if c.Pages[1].Proposal != domain.KeywordRetire || !strings.Contains(c.Pages[1].Why, "2 of the 3") {
				t.Errorf("proposal = %s: %s", c.Pages[1].Proposal, c.Pages[1].Why)
			}
		}
		if _, total, err := e.seo.Conflicts(hosts["third.example"].ctx, domain.Window{Limit: 10}); err != nil || total != 0 {
			t.Errorf("another tenant sees %d conflicts, %v", total, err)
		}
		taken, err := e.seo.Taken(t.Context(), hosts["second.example"].site)
		if err != nil || len(taken) != 3 || taken[0].Domain != "first.example" {
			t.Errorf("taken from the second = %+v, %v", taken, err)
		}
		if taken, err := e.seo.Taken(t.Context(), hosts["first.example"].site); err != nil || len(taken) != 1 || taken[0].Keyword != "green lamps" {
			t.Errorf("taken from the first = %+v, %v", taken, err)
		}
		m, err := e.seo.Keywords(hosts["second.example"].ctx, hosts["second.example"].site.ID)
		if err != nil || len(m.Pages) != 3 || m.Pages[0].Keyword != "best desk lamp" || len(m.Conflicts) != 2 {
			t.Errorf("map = %+v, %v", m, err)
		}
	})
}

// TestConflictsByResults: two pages with different keywords compete if searches for
// both find the same and each other near the top.
func TestConflictsByResults(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	o, p := newPress(t, e, "acme", "first.example"), newPress(t, e, "acme", "second.example")
	o.work(e.seo, o.publish(map[string]string{"": "one", "a": "two"}, map[string]string{"": "couch", "a": "stool"}))
	p.work(e.seo, p.publish(map[string]string{"": "three"}, map[string]string{"": "sofa"}))
	page := func(o *press, slug string) domain.SearchHit {
		return domain.SearchHit{Document: domain.SearchDocument{WebsiteID: o.site.ID, Ref: string(domain.PageIDOf(o.site.ID, slug))}}
	}
	cfg := e.seoConfig(e.st)
	cfg.Search = func(_ context.Context, tenants []domain.TenantID, q domain.SearchQuery) (*domain.SearchAnswer, error) {
		if !slices.Equal(tenants, []domain.TenantID{"acme"}) || !slices.Equal(q.Kinds, []domain.SearchKind{domain.SearchPage}) {
			t.Errorf("searched for %+v among %v", q, tenants)
		}
		hits := []domain.SearchHit{page(o, ""), page(p, "")}
		if q.Text == "stool" {
			hits = []domain.SearchHit{page(o, "a"), page(p, "")}
		}
		return &domain.SearchAnswer{Hits: hits}, nil
	}
	m, err := service.NewSEO(cfg).Keywords(o.ctx, o.site.ID)
	if err != nil || len(m.Conflicts) != 1 {
		t.Fatalf("map = %+v, %v", m, err)
	}
	if c := m.Conflicts[0]; c.Reason != domain.ConflictResults || c.Overlap != 1 || !c.Between || c.Pages[0].Keyword != "couch" || c.Pages[1].Keyword != "sofa" || c.Pages[1].Proposal == domain.KeywordKeep {
		t.Errorf("conflict = %+v", c)
	}
}
