package service_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// restful is the definition of a pipeline that only waits.
func restful(name string) string { return "name: " + name + "\nsteps: [{name: rest, wait: 1h}]" }

func (e *estate) newSchedules(now func() time.Time) *service.Schedules {
	return service.NewSchedules(service.SchedulesConfig{
		Tx: e.st, Store: e.st.Schedules, Runs: e.st.Runs, Websites: e.st.Websites, Engine: e.engine, Audit: e.st.Audit, Now: now,
	})
}

// testClock is a time that a test sets.
type testClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *testClock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *testClock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

// timed is an estate with a pipeline to run and a testClock for its schedules.
func timed(t *testing.T, st *store.Store) (*estate, *testClock, *service.Schedules, context.Context) {
	t.Helper()
	e, c, ctx := newEstate(t, st), &testClock{t: time.Date(2026, 5, 1, 12, 0, 30, 0, time.UTC)}, in(t.Context(), "acme")
	if _, err := e.pipelines.Put(ctx, "rest", restful("rest")); err != nil {
		t.Fatal(err)
	}
	return e, c, e.newSchedules(c.now), ctx
}

func fire(t *testing.T, s *service.Schedules, want int) {
	t.Helper()
	if n, err := s.Fire(t.Context()); err != nil || n != want {
		t.Errorf("fired %d, %v, want %d", n, err, want)
	}
}

// TestSchedulesFireOnce: of several processes that look at the same time, one starts
// the run; times that were missed lead to one run.
func TestSchedulesFireOnce(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e, c, s, ctx := timed(t, st)
		for _, name := range []string{"one", "two", "three"} {
			if _, err := s.Create(ctx, domain.ScheduleParams{Name: name, Pipeline: "rest", Cron: "*/5 * * * *", Overlap: domain.OverlapSkip}); err != nil {
				t.Fatal(err)
			}
		}
		fire(t, s, 0)
		c.add(3 * time.Hour) // nobody looked meanwhile
		others := []*service.Schedules{s, e.newSchedules(c.now), e.newSchedules(c.now)}
		var wg sync.WaitGroup
		var mu sync.Mutex
		started := 0
		for range 3 {
			for _, s := range others {
				wg.Go(func() {
					n, err := s.Fire(t.Context())
					if err != nil {
						t.Errorf("fire: %v", err)
					}
					mu.Lock()
					defer mu.Unlock()
					started += n
				})
			}
		}
		wg.Wait()
		runs, total, err := e.runs.List(ctx, "", "", domain.Window{Limit: 100})
		if err != nil || total != 3 || started != 3 {
			t.Fatalf("%d runs, %d told, %v; want 3", total, started, err)
		}
		for _, r := range runs {
			if r.Tenant != "acme" || r.Pipeline != "rest" || r.OwnerID != domain.PrincipalFrom(ctx).UserID {
				t.Errorf("run = %+v", r)
			}
		}
		list, _, err := s.List(ctx, domain.Window{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			if v.NextAt == nil || !v.NextAt.Equal(time.Date(2026, 5, 1, 15, 5, 0, 0, time.UTC)) || v.LastRun == "" || v.LastError != "" {
				t.Errorf("schedule = %+v", v)
			}
		}
	})
}

func TestScheduleOverlap(t *testing.T) {
	t.Parallel()
	for _, policy := range []domain.Overlap{domain.OverlapSkip, domain.OverlapQueue} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			e, c, s, ctx := timed(t, testkit.DB(t))
			v, err := s.Create(ctx, domain.ScheduleParams{Name: "often", Pipeline: "rest", Every: time.Hour, Overlap: policy, Priority: domain.RunLow})
			if err != nil {
				t.Fatal(err)
			}
			c.add(time.Hour)
			fire(t, s, 1)
			for range 3 { // the run goes on meanwhile
				c.add(time.Hour)
				fire(t, s, 0)
			}
			v, err = s.Get(ctx, v.ID)
			if err != nil || v.Pending != (policy == domain.OverlapQueue) || (v.LastError != "") == v.Pending {
				t.Errorf("schedule = %+v, %v", v, err)
			}
			if run, err := e.runs.Cancel(ctx, v.LastRun); err != nil || run.Priority != domain.RunLow {
				t.Fatalf("run = %+v, %v", run, err)
			}
			c.add(time.Minute)
			if policy == domain.OverlapSkip {
				fire(t, s, 0)
				c.add(time.Hour)
			}
			fire(t, s, 1)
			fire(t, s, 0)
			next, err := s.Get(ctx, v.ID)
			if err != nil || next.NextAt.Minute() != 0 || next.NextAt.Second() != 30 || next.LastRun == v.LastRun {
				t.Errorf("the pace changed: %+v, %v", next, err)
			}
		})
	}
}

// TestScheduleOfADeletedPipeline says why it starts nothing.
func TestScheduleOfADeletedPipeline(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e, c, s, ctx := timed(t, st)
		v, err := s.Create(ctx, domain.ScheduleParams{Name: "often", Pipeline: "rest", Every: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.pipelines.Delete(ctx, "rest"); err != nil {
			t.Fatal(err)
		}
		c.add(time.Hour)
		fire(t, s, 0)
		if v, err = s.Get(ctx, v.ID); err != nil || !strings.Contains(v.LastError, "rest") || !v.NextAt.After(c.now()) {
			t.Errorf("schedule = %+v, %v", v, err)
		}
		off := false
		if v, err = s.Update(ctx, v.ID, domain.SchedulePatch{Enabled: &off}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("update of one whose pipeline is gone = %+v, %v", v, err)
		}
		if err := s.Delete(ctx, "sched_0"); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("delete of none = %v", err)
		}
	})
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()
	_, _, s, ctx := timed(t, testkit.DB(t))
	good := domain.ScheduleParams{Name: "n", Pipeline: "rest", Cron: "0 3 * * *", TimeZone: "Europe/Berlin"}
	for field, change := range map[string]func(p *domain.ScheduleParams){
		"name":      func(p *domain.ScheduleParams) { p.Name = " " },
		"pipeline":  func(p *domain.ScheduleParams) { p.Pipeline = "none" },
		"cron":      func(p *domain.ScheduleParams) { p.Cron = "0 25 * * *" },
		"every":     func(p *domain.ScheduleParams) { p.Cron, p.Every = "", time.Second },
		"time_zone": func(p *domain.ScheduleParams) { p.TimeZone = "Mars/Olympus" },
		"overlap":   func(p *domain.ScheduleParams) { p.Overlap = "both" },
		"priority":  func(p *domain.ScheduleParams) { p.Priority = "urgent" },
		"params":    func(p *domain.ScheduleParams) { p.Params = []byte(`[1]`) },
	} {
		p := good
		change(&p)
		if _, err := s.Create(ctx, p); domain.CodeOf(err) != domain.CodeInvalid || !strings.Contains(err.Error(), field+":") {
			t.Errorf("%s: %v, want a fault there", field, err)
		}
	}
	for name, p := range map[string]domain.ScheduleParams{
		"both times": {Name: "n", Pipeline: "rest", Cron: "0 3 * * *", Every: time.Hour}, "no time": {Name: "n", Pipeline: "rest"},
		"never": {Name: "n", Pipeline: "rest", Cron: "0 0 30 2 *"},
	} {
		if _, err := s.Create(ctx, p); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	v, err := s.Create(ctx, good)
	if err != nil || v.NextAt == nil || v.NextAt.Format("15:04") != "01:00" {
		t.Fatalf("schedule = %+v, %v", v, err)
	}
	if _, err := s.Create(ctx, good); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("the same name again = %v, want conflict", err)
	}
	off, every := false, 2*time.Hour
	v, err = s.Update(ctx, v.ID, domain.SchedulePatch{Enabled: &off, Every: &every})
	if err != nil || v.NextAt != nil || v.Cron != "" || v.Every != every {
		t.Errorf("updated = %+v, %v", v, err)
	}
}

// TestOwnPipelinesAreKept: every change is a version and an entry; faults are told
// all at once; what belongs to the program or to others is refused.
func TestOwnPipelinesAreKept(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	acme, other := in(t.Context(), "acme"), in(t.Context(), "other")
	site := e.register(other, t, "other.example")
	for want := 1; want <= 2; want++ {
		if p, err := e.pipelines.Put(acme, "rest", restful("rest")); err != nil || p.Version != want || p.Origin != domain.OriginOperator {
			t.Errorf("put = %+v, %v, want version %d", p, err, want)
		}
	}
	for name, tt := range map[string]struct {
		of, text string
		faults   int
	}{
		"another name": {"work", restful("rest"), 1}, "faults": {"rest", "name: rest\nsteps: [{name: a}, {name: b, wait: 0s}]", 2},
		"another's website": {"rest", "name: rest\nsteps: [{name: a, agent: digger, task: dig, params: {website_id: " + string(site.ID) + "}}]", 1},
		"of the program":    {"launch_website", restful("launch_website"), 1},
	} {
		_, err := e.pipelines.Put(acme, tt.of, tt.text)
		fault, ok := err.(*domain.Error) //nolint:errorlint // as it is returned
		if !ok || fault.Code != domain.CodeInvalid || len(fault.Faults) != tt.faults {
			t.Errorf("%s: %+v, want %d faults", name, err, tt.faults)
		}
	}
	if err := e.pipelines.Delete(acme, "launch_website"); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("delete of the program's = %v, want conflict", err)
	}
	run, err := e.runs.Start(acme, domain.StartParams{Pipeline: "rest"})
	if err != nil || run.Version != 2 {
		t.Fatalf("run = %+v, %v", run, err)
	}
	if err := e.pipelines.Delete(acme, "rest"); err != nil {
		t.Fatal(err)
	}
	_, err = e.runs.Start(acme, domain.StartParams{Pipeline: "rest"})
	wantCode(t, "start after deletion", err, domain.CodeInvalid)
	reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Tenant: "acme", Permissions: []domain.Permission{domain.AgentsRead}})
	_, err = e.pipelines.Put(reader, "rest", restful("rest"))
	wantCode(t, "put by a reader", err, domain.CodeForbidden)
}
