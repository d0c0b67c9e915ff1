package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
	"empire/internal/intelligence/twin"
	"empire/internal/service"
	"empire/internal/store"
)

// written is what the pages of websites say, and what they said in each release.
type written struct {
	mu    sync.Mutex
	pages map[domain.WebsiteID][]domain.Page
	kept  map[string]*domain.Draft // by the name of the draft
	jobs  []json.RawMessage
	now   time.Time
}

func (w *written) draft(id domain.WebsiteID, name string) *domain.Draft {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := &domain.Draft{Website: domain.Website{ID: id, Language: "en"}, Pages: w.pages[id]}
	w.kept[name] = d
	return d
}

func (w *written) say(id domain.WebsiteID, texts ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var pages []domain.Page
	for i, text := range texts {
		slug := fmt.Sprintf("p%d", i)
		pages = append(pages, domain.Page{
			ID: domain.PageIDOf(id, slug), WebsiteID: id, Slug: slug, Kind: domain.PageGuide, Indexable: true,
			Blocks: []domain.Block{{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{{Text: text}}}}},
		})
	}
	w.pages[id] = pages
}

func (w *written) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *written) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// prose is a text of many words that no other name shares.
func prose(name string) string {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "%s%d ", name, i)
	}
	return b.String()
}

// watched is an estate whose releases are braked.
type watched struct {
	*estate
	*written
	duplicates *service.Duplicates
	fleet      *service.Fleet
}

func watch(t *testing.T, st *store.Store, limits domain.FleetLimits) *watched {
	t.Helper()
	e := newEstate(t, st)
	w := &watched{estate: e, written: &written{pages: map[domain.WebsiteID][]domain.Page{}, kept: map[string]*domain.Draft{}, now: time.Now()}}
	e.written = w.written
	w.duplicates = service.NewDuplicates(service.DuplicatesConfig{
		Tx: st, Store: st.Signatures, Websites: st.Websites, Releases: st.Releases, Signer: twin.New(), Threshold: domain.DefaultDuplicateThreshold, Now: w.clock,
		Draft: func(_ context.Context, name string) (*domain.Draft, error) {
			w.written.mu.Lock()
			defer w.written.mu.Unlock()
			return w.kept[name], nil
		},
		Enqueue: func(_ context.Context, _ string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			w.written.mu.Lock()
			defer w.written.mu.Unlock()
			w.jobs = append(w.jobs, raw)
			return err
		},
	})
	w.fleet = service.NewFleet(service.FleetConfig{
		Tx: st, Store: st.Fleet, Changes: st.FleetChanges, Websites: st.Websites, Runs: st.Runs, Releases: st.Releases,
		Rebuild: func(ctx context.Context, id domain.WebsiteID) (*domain.Run, error) {
			return e.websites.Rebuild(ctx, id)
		},
		Limits: limits, Judge: forecast.CliffOf, Fall: 0.5, Audit: st.Audit, Now: w.clock,
	})
	e.sites.Twins, e.sites.Fleet, e.sites.Now = w.duplicates, w.fleet, w.clock
	e.websites = service.NewWebsites(e.sites)
	return w
}

// site adds a website that says these texts and publishes it.
func (w *watched) site(ctx context.Context, t *testing.T, host string, texts ...string) *domain.Website {
	t.Helper()
	s := w.register(ctx, t, host)
	w.say(s.ID, texts...)
	return w.publish(ctx, t, s.ID)
}

// refused builds and approves a website and returns why its run failed.
func (w *watched) refused(ctx context.Context, t *testing.T, id domain.WebsiteID) domain.RunError {
	t.Helper()
	run, a := w.build(ctx, t, id)
	w.approve(ctx, t, a)
	run, err := w.runs.Get(ctx, run.ID)
	if err != nil || run.State != domain.StateFailed || run.Error == nil {
		t.Fatalf("run = %+v, %v, want it to have failed", run, err)
	}
	return *run.Error
}

func (w *watched) approve(ctx context.Context, t *testing.T, a domain.Approval) {
	t.Helper()
	if _, err := w.approvals.Decide(ctx, a.ID, domain.Decision{Approve: true, PayloadHash: a.PayloadHash}); err != nil {
		t.Fatal(err)
	}
	w.workAll(t)
}

// TestTwinsBlockReleases: what one live website says no other may publish; a website
// never collides with itself, and an archived one with nobody.
func TestTwinsBlockReleases(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		w := watch(t, st, domain.FleetLimits{})
		ctx := in(t.Context(), "acme")
		a := w.site(ctx, t, "a.example", prose("alpha"), prose("beta"))
		w.publish(ctx, t, a.ID) // again, the same
		b := w.register(ctx, t, "b.example")
		w.say(b.ID, prose("gamma"), prose("beta"))
		if why := w.refused(ctx, t, b.ID); why.Code != domain.CodeGateRed || !strings.Contains(why.Message, "https://a.example/p1/") || !strings.Contains(why.Message, string(a.ID)) {
			t.Errorf("refused with %+v, want a red gate that names the page of %s", why, a.ID)
		}
		c, err := w.duplicates.Check(ctx, &domain.Draft{Website: *b, Pages: w.pages[b.ID]})
		if err != nil || len(c.Twins) != 1 || c.Pages != 2 || c.Others != 2 || c.Twins[0].Similarity != 1 || c.Twins[0].Live {
			t.Errorf("check = %+v, %v", c, err)
		}
		// Another tenant may say it.
		if s := w.site(in(t.Context(), "other"), t, "o.example", prose("alpha")); s.State != domain.WebsiteLive {
			t.Errorf("another tenant's website is %s", s.State)
		}
		archived, live := domain.WebsiteArchived, domain.WebsiteLive
		if _, err := w.websites.Update(ctx, a.ID, domain.WebsitePatch{State: &archived}); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Hour)
		w.publish(ctx, t, b.ID)
		if _, err := w.websites.Update(ctx, a.ID, domain.WebsitePatch{State: &live}); err != nil {
			t.Fatal(err)
		}
		r, err := w.duplicates.List(ctx, 0, domain.Window{Limit: 10})
		if err != nil || r.Total != 1 || r.Pairs != 1 || r.Websites != 2 || r.Pages != 4 || r.Pending != 0 || len(r.Clusters) != 1 || len(r.Clusters[0].Members) != 2 {
			t.Fatalf("report = %+v, %v", r, err)
		}
		first, second := r.Clusters[0].Members[0], r.Clusters[0].Members[1]
		if first.WebsiteID != a.ID || first.Proposal != domain.ProposeKeep || second.WebsiteID != b.ID || second.Proposal != domain.ProposeMerge || second.Similarity != 1 || second.Domain != "b.example" {
			t.Errorf("cluster = %+v, want the older page of a first and that of b merged into it", r.Clusters[0])
		}
		// The elder of the two may go on; the other one may not.
		w.publish(ctx, t, a.ID)
		if why := w.refused(ctx, t, b.ID); why.Code != domain.CodeGateRed {
			t.Errorf("the younger one is refused with %+v", why)
		}
		// With all of its pages said elsewhere it is to be retired.
		w.say(b.ID, prose("beta"))
		if err := w.duplicates.Moved(ctx, b, &domain.Release{ID: "rel_x"}, &domain.Draft{Pages: w.pages[b.ID]}); err != nil {
			t.Fatal(err)
		}
		if r, err = w.duplicates.List(ctx, 0.9, domain.Window{}); err != nil || r.Clusters[0].Members[1].Proposal != domain.ProposeRetire || r.Pending != 1 {
			t.Errorf("report = %+v, %v, want the website to be retired", r, err)
		}
		for _, threshold := range []float64{0.2, 1.1} {
			_, err := w.duplicates.List(ctx, threshold, domain.Window{})
			wantCode(t, fmt.Sprint("threshold ", threshold), err, domain.CodeInvalid)
		}
	})
}

// TestTwinsFollowRollbacks: after a rollback a website says what it said then.
func TestTwinsFollowRollbacks(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		w := watch(t, st, domain.FleetLimits{})
		ctx := in(t.Context(), "acme")
		a := w.site(ctx, t, "a.example", prose("alpha"))
		w.say(a.ID, prose("beta"))
		w.publish(ctx, t, a.ID)
		if _, err := w.websites.Rollback(ctx, a.ID, ""); err != nil {
			t.Fatal(err)
		}
		if r, err := w.duplicates.List(ctx, 0, domain.Window{}); err != nil || r.Pending != 1 || len(w.jobs) != 1 {
			t.Fatalf("report = %+v, %v, %d jobs", r, err, len(w.jobs))
		}
		if err := w.duplicates.Work(t.Context(), w.jobs[0]); err != nil {
			t.Fatal(err)
		}
		b := w.register(ctx, t, "b.example")
		w.say(b.ID, prose("alpha"))
		if why := w.refused(ctx, t, b.ID); why.Code != domain.CodeGateRed {
			t.Errorf("refused with %+v", why)
		}
		w.say(b.ID, prose("beta"))
		w.publish(ctx, t, b.ID)
		if n, err := w.duplicates.CatchUp(t.Context()); err != nil || n != 0 {
			t.Errorf("%d websites were read again, %v", n, err)
		}
	})
}

// TestFleetBrakes: a website, and a tenant, publish no faster than they may; a
// rollback is never braked.
func TestFleetBrakes(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		w := watch(t, st, domain.FleetLimits{PagesPerWeek: 3, ReleasesPerDay: 4})
		ctx := in(t.Context(), "acme")
		a := w.site(ctx, t, "a.example", prose("a"), prose("b"))
		w.say(a.ID, prose("a"), prose("b"), prose("c"), prose("d"))
		why := w.refused(ctx, t, a.ID)
		if why.Code != domain.CodeConflict || !strings.Contains(why.Message, "published 2 new pages") || !strings.Contains(why.Message, "may go on at ") {
			t.Errorf("refused with %+v", why)
		}
		w.say(a.ID, prose("a"), prose("b"), prose("c")) // one more is allowed
		w.publish(ctx, t, a.ID)
		w.pass(domain.FleetWeek + time.Minute)
		w.say(a.ID, prose("a"), prose("b"), prose("c"), prose("d"), prose("e"))
		w.publish(ctx, t, a.ID)
		w.say(a.ID, prose("a"), prose("b"), prose("c"), prose("d"), prose("e"), prose("f"), prose("g"), prose("h"), prose("i"))
		if why := w.refused(ctx, t, a.ID); !strings.Contains(why.Message, "has 4 new pages") {
			t.Errorf("a release that never may be published is refused with %+v", why)
		}
		w.say(a.ID, prose("a"))
		for range 3 {
			w.publish(ctx, t, a.ID)
		}
		why = w.refused(ctx, t, a.ID)
		if why.Code != domain.CodeConflict || !strings.Contains(why.Message, "4 releases were published within 24 hours") {
			t.Errorf("refused with %+v", why)
		}
		if _, err := w.websites.Rollback(ctx, a.ID, ""); err != nil {
			t.Errorf("a rollback is braked: %v", err)
		}
		s, err := w.fleet.Status(ctx)
		if err != nil || s.Releases != 4 || len(s.Fastest) != 1 || s.Fastest[0].NewPages != 2 {
			t.Errorf("status = %+v, %v", s, err)
		}
		w.pass(domain.FleetDay + time.Minute)
		w.publish(ctx, t, a.ID)
	})
}

// TestFleetFreeze: what is frozen is neither built nor published, with the reason; it
// can be rolled back.
func TestFleetFreeze(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		w := watch(t, st, domain.FleetLimits{})
		ctx := in(t.Context(), "acme")
		a := w.site(ctx, t, "a.example", prose("a"))
		w.publish(ctx, t, a.ID)
		b := w.site(ctx, t, "b.example", prose("b"))
		_, waiting := w.build(ctx, t, a.ID)
		for _, id := range []domain.WebsiteID{a.ID, ""} {
			if _, err := w.fleet.Freeze(ctx, domain.FleetFreezeParams{WebsiteID: id, Reason: " Visits  fell "}); err != nil {
				t.Fatal(err)
			}
			_, err := w.websites.Publish(ctx, a.ID, "")
			if domain.CodeOf(err) != domain.CodeConflict || !strings.Contains(domain.MessageOf(err), "Visits fell. A rollback stays possible.") {
				t.Errorf("publish: %v", err)
			}
			_, err = w.websites.Rebuild(ctx, b.ID)
			if got, want := domain.CodeOf(err), map[domain.WebsiteID]domain.Code{a.ID: "", "": domain.CodeConflict}[id]; got != want && id == "" {
				t.Errorf("rebuild of another website: %v, want %q", err, want)
			}
			if _, err := w.websites.Rollback(ctx, a.ID, a.LiveRelease); err != nil {
				t.Errorf("rollback: %v", err)
			}
			if err := w.fleet.Unfreeze(ctx, id); err != nil {
				t.Fatal(err)
			}
			wantCode(t, "unfreeze twice", w.fleet.Unfreeze(ctx, id), domain.CodeNotFound)
		}
		if _, err := w.fleet.Freeze(ctx, domain.FleetFreezeParams{WebsiteID: a.ID, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
		w.approve(ctx, t, waiting)
		if run, err := w.runs.Get(ctx, waiting.RunID); err != nil || run.State != domain.StateFailed || run.Error.Code != domain.CodeConflict {
			t.Errorf("an approved run of a frozen website: %+v, %v", run, err)
		}
		for _, reason := range []string{"", " \n", strings.Repeat("x", 1001)} {
			_, err := w.fleet.Freeze(ctx, domain.FleetFreezeParams{WebsiteID: a.ID, Reason: reason})
			wantCode(t, "reason", err, domain.CodeInvalid)
		}
		list, _, err := w.audit.List(ctx, domain.AuditFilter{Action: "fleet.frozen"}, domain.Window{Limit: 10})
		if err != nil || len(list) != 3 || list[0].Detail != "x" {
			t.Errorf("audit = %+v, %v", list, err)
		}
	})
}
