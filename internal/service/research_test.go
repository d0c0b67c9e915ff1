package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// desk is the service of research over a real store; the test works the jobs, and says
// what the engine does.
type desk struct {
	st        *store.Store
	dir       string
	research  *service.Research
	snapshots *service.Snapshots
	do        func(ctx context.Context, in service.ResearchInput) (*domain.ResearchReport, error)

	mu     sync.Mutex
	jobs   []json.RawMessage
	events []domain.Event
}

func newDesk(t *testing.T, st *store.Store) *desk {
	t.Helper()
	d := &desk{st: st, dir: t.TempDir()}
	blobs, err := blob.NewDir(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	d.snapshots = service.NewSnapshots(service.SnapshotsConfig{Store: st.Snapshots, Blobs: blobs, Pages: st.Pages, Reports: st.Research, Audit: st.Audit, Now: time.Now})
	d.research = service.NewResearch(service.ResearchConfig{
		Tx: st, Store: st.Research, Snapshots: d.snapshots, Audit: st.Audit, Now: time.Now, Patience: time.Second,
		Do: func(ctx context.Context, in service.ResearchInput) (*domain.ResearchReport, error) {
			return d.do(ctx, in)
		},
		Enqueue: func(_ context.Context, kind string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			if kind != service.JobResearch {
				t.Errorf("job %s was queued", kind)
			}
			d.mu.Lock()
			d.jobs = append(d.jobs, raw)
			d.mu.Unlock()
			return err
		},
		Emit: func(_ context.Context, ev domain.Event) {
			d.mu.Lock()
			d.events = append(d.events, ev)
			d.mu.Unlock()
		},
	})
	d.do = d.quote
	return d
}

// quote keeps one page and cites its first sentence.
func (d *desk) quote(ctx context.Context, in service.ResearchInput) (*domain.ResearchReport, error) {
	in.Progress(domain.ResearchProgress{Stage: "fetch", Done: 1, Total: 1})
	s, err := in.Keep(ctx, service.ReadPage{
		FetchedPage: &domain.FetchedPage{URL: "https://a.example/", FinalURL: "https://a.example/", Status: 200, Body: []byte("<p>" + in.Params.Topic + " is hot. It is."), FetchedAt: time.Now()},
		Text:        in.Params.Topic + " is hot. It is.", Charset: "utf-8",
	})
	if err != nil {
		return nil, err
	}
	e := s.Cites("is hot.", len(in.Params.Topic)+1)
	return &domain.ResearchReport{
		Method: domain.MethodExtractive, Evidence: []domain.Evidence{e}, Claims: []domain.ResearchClaim{{ID: "c1", Text: "is hot.", Evidence: []domain.EvidenceID{e.ID}, Sources: []string{"s1"}}},
	}, nil
}

func (d *desk) workAll(ctx context.Context) error {
	d.mu.Lock()
	jobs := d.jobs
	d.jobs = nil
	d.mu.Unlock()
	var errs []error
	for _, j := range jobs {
		errs = append(errs, d.research.Work(ctx, j))
	}
	return errors.Join(errs...)
}

// ask starts research, works it and returns its report.
func (d *desk) ask(ctx context.Context, t *testing.T, topic string) *domain.ResearchReport {
	t.Helper()
	r, err := d.research.Start(ctx, domain.ResearchParams{Topic: topic})
	if err != nil || r.State != domain.StateQueued {
		t.Fatalf("start: %+v, %v", r, err)
	}
	if err := d.workAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err = d.research.Get(ctx, r.ID); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestResearchIsWorked(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		acme := in(t.Context(), "acme")
		r := d.ask(acme, t, " Tea  ")
		if r.State != domain.StateCompleted || r.Params.Topic != "Tea" || r.Params.Depth != domain.DepthDeep || r.Tenant != "acme" || r.OwnerID != "user_acme" || r.FinishedAt == nil || r.StartedAt == nil || len(r.Claims) != 1 {
			t.Errorf("report = %+v", r)
		}
		var topics []string
		for _, ev := range d.events {
			topics = append(topics, strings.TrimPrefix(ev.Topic, "intelligence.research."))
			if ev.Tenant != "acme" || ev.Object != string(r.ID) {
				t.Errorf("event %+v", ev)
			}
		}
		if want := []string{"queued", "running", "progress", "completed"}; !slices.Equal(topics, want) {
			t.Errorf("events %q, want %q", topics, want)
		}
		entries, _, err := st.Audit.List(t.Context(), domain.AuditFilter{Object: string(r.ID)}, domain.Window{Limit: 10})
		if err != nil || len(entries) != 2 || entries[1].Action != "research.started" || entries[0].Action != "research.completed" || entries[0].Tenant != "acme" {
			t.Errorf("audit %+v, %v", entries, err)
		}
		// A job that is worked again changes nothing.
		args, _ := json.Marshal(map[string]any{"research_id": r.ID})
		d.do = func(context.Context, service.ResearchInput) (*domain.ResearchReport, error) {
			t.Error("it is researched again")
			return nil, errors.New("again")
		}
		if err := d.research.Work(t.Context(), args); err != nil {
			t.Error(err)
		}
	})
}

func TestResearchFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testkit.DB(t))
	acme := in(t.Context(), "acme")
	d.do = func(context.Context, service.ResearchInput) (*domain.ResearchReport, error) {
		return nil, &domain.Error{Code: domain.CodeUnavailable, Message: "No model can be asked.", Faults: []domain.Fault{{Path: "one", Message: "Gone."}}}
	}
	r := d.ask(acme, t, "tea")
	if r.State != domain.StateFailed || r.Error == nil || r.Error.Code != domain.CodeUnavailable || len(r.Error.Reasons) != 1 || r.Error.Reasons[0].Name != "one" {
		t.Errorf("report = %+v", r)
	}
	// Stopped in between, it is not failed, and goes on.
	r, err := d.research.Start(acme, domain.ResearchParams{Topic: "coffee"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	d.do = func(ctx context.Context, _ service.ResearchInput) (*domain.ResearchReport, error) {
		cancel()
		return nil, ctx.Err()
	}
	jobs := slices.Clone(d.jobs)
	if err := d.workAll(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if r, err = d.research.Get(acme, r.ID); err != nil || r.State != domain.StateRunning {
		t.Errorf("after the stop: %+v, %v", r, err)
	}
	d.do, d.jobs = d.quote, jobs
	if err := d.workAll(t.Context()); err != nil {
		t.Error(err)
	}
	if r, err = d.research.Get(acme, r.ID); err != nil || r.State != domain.StateCompleted {
		t.Errorf("worked again: %+v, %v", r, err)
	}
	for _, p := range []domain.ResearchParams{{}, {Topic: " "}, {Topic: strings.Repeat("x", 201)}, {Topic: "tea", Depth: "shallow"}, {Topic: "tea", Language: "fr"}} {
		_, err := d.research.Start(acme, p)
		wantCode(t, "bad parameters", err, domain.CodeInvalid)
	}
	_, err = d.research.Start(domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "u", Permissions: []domain.Permission{domain.WebsitesRead}}), domain.ResearchParams{Topic: "tea"})
	wantCode(t, "without the right", err, domain.CodeForbidden)
}

// TestResearchAsk waits for the end, but not for ever.
func TestResearchAsk(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testkit.DB(t))
	acme := in(t.Context(), "acme")
	r, err := d.research.Ask(acme, domain.ResearchParams{Topic: "tea"}) // nobody works
	if err != nil || r.State != domain.StateQueued {
		t.Errorf("nobody works: %+v, %v", r, err)
	}
}

// TestSnapshotsAreProved damages each part in turn.
func TestSnapshotsAreProved(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"page", "text", "record", "none"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, testkit.DB(t))
			acme := in(t.Context(), "acme")
			r := d.ask(acme, t, "Tea")
			e := r.Evidence[0]
			s, text, uses, err := d.snapshots.Get(acme, e.Snapshot)
			if err != nil || text != "Tea is hot. It is." || len(uses) != 1 || uses[0].Report != r.ID || uses[0].Claim != "is hot." {
				t.Fatalf("snapshot = %+v, %q, %+v, %v", s, text, uses, err)
			}
			switch part {
			case "page":
				damage(t, d.dir, s.SHA256)
			case "text":
				damage(t, d.dir, s.TextSHA256)
			case "record":
				if _, err := d.st.DB().Writer().ExecContext(t.Context(), `UPDATE snapshots SET doc = replace(doc, 'a.example', 'b.example')`); err != nil {
					t.Fatal(err)
				}
			}
			for name, verify := range map[string]func() (*domain.SnapshotReport, error){
				"all":    func() (*domain.SnapshotReport, error) { return d.snapshots.Verify(acme, "") },
				"one":    func() (*domain.SnapshotReport, error) { return d.snapshots.Verify(acme, s.ID) },
				"report": func() (*domain.SnapshotReport, error) { return d.research.Verify(acme, r.ID) },
			} {
				got, err := verify()
				if err != nil {
					t.Fatal(err)
				}
				if got.Intact != (part == "none") || got.Snapshots != 1 || !got.Intact && (len(got.Faults) != 1 || len(got.Faults[0].Uses) != 1 || got.Faults[0].Uses[0].Claim != "is hot.") {
					t.Errorf("%s: %+v", name, got)
				}
			}
			if err := d.snapshots.Check(t.Context(), e); (err == nil) != (part == "none") {
				t.Errorf("check: %v", err)
			}
			for name, change := range map[string]func(*domain.Evidence){
				"another span": func(e *domain.Evidence) { e.Value = "is cold." }, "another place": func(e *domain.Evidence) { e.Offset++ },
				"beyond the end": func(e *domain.Evidence) { e.Offset = 1 << 30 }, "before the begin": func(e *domain.Evidence) { e.Offset = -1 },
				"another page": func(e *domain.Evidence) { e.URL = "https://b.example/" }, "another hash": func(e *domain.Evidence) { e.SHA256 = strings.Repeat("0", 64) },
				"nothing": func(e *domain.Evidence) { e.Value = "" }, "no snapshot": func(e *domain.Evidence) { e.Snapshot = "snap_0" },
			} {
				forged := e
				change(&forged)
				if err := d.snapshots.Check(t.Context(), forged.Seal()); err == nil {
					t.Errorf("%s is taken", name)
				}
			}
		})
	}
}

// damage changes a byte of a stored blob.
func damage(t *testing.T, dir, sha string) {
	t.Helper()
	name := filepath.Join(dir, "sha256", sha[:2], sha[2:4], sha)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if err := errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, b, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestResearchTenants: reports and kept pages of another tenant do not exist, to the
// letter, and are in no list and no proof.
func TestResearchTenants(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		acme, other := in(t.Context(), "acme"), in(t.Context(), "other")
		r := d.ask(acme, t, "Tea")
		page := r.Evidence[0].Snapshot
		calls := func(id domain.ResearchID, page domain.SnapshotID) map[string]func() error {
			return map[string]func() error{
				"Research.Get":     func() error { _, err := d.research.Get(other, id); return err },
				"Research.Await":   func() error { _, err := d.research.Await(other, id, time.Millisecond); return err },
				"Research.Verify":  func() error { _, err := d.research.Verify(other, id); return err },
				"Snapshots.Get":    func() error { _, _, _, err := d.snapshots.Get(other, page); return err },
				"Snapshots.Verify": func() error { _, err := d.snapshots.Verify(other, page); return err },
			}
		}
		none := calls("rsch_0", "snap_0")
		for name, call := range calls(r.ID, page) {
			got, want := call(), none[name]()
			text := strings.NewReplacer(string(r.ID), "rsch_0", string(page), "snap_0").Replace(domain.MessageOf(got))
			if domain.CodeOf(got) != domain.CodeNotFound || text != domain.MessageOf(want) {
				t.Errorf("%s: %v for another's, %v for none", name, got, want)
			}
		}
		if list, total, err := d.research.List(other, "", domain.Window{}); len(list) != 0 || total != 0 || err != nil {
			t.Errorf("list of another: %d of %d, %v", len(list), total, err)
		}
		if list, total, err := d.research.List(acme, domain.StateCompleted, domain.Window{}); len(list) != 1 || total != 1 || err != nil {
			t.Errorf("its own list: %d of %d, %v", len(list), total, err)
		}
		if v, err := d.snapshots.Verify(other, ""); err != nil || v.Snapshots != 0 {
			t.Errorf("proof of another: %+v, %v", v, err)
		}
	})
}
