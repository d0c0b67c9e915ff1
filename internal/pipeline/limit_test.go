package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/store"
)

func limited(s pipeline.StepDef, limits ...domain.Limit) pipeline.StepDef {
	s.Limits = limits
	return s
}

// gauge counts what runs at the same time under a key.
type gauge struct {
	mu   sync.Mutex
	now  map[string]int
	most map[string]int
}

func (g *gauge) during(key string, fn func()) {
	g.mu.Lock()
	if g.now == nil {
		g.now, g.most = map[string]int{}, map[string]int{}
	}
	g.now[key]++
	g.most[key] = max(g.most[key], g.now[key])
	g.mu.Unlock()
	fn()
	g.mu.Lock()
	g.now[key]--
	g.mu.Unlock()
}

// TestConcurrencyLimits: however many workers there are, no more steps with a key run
// at the same time than it allows; all of them run in the end.
func TestConcurrencyLimits(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		var g gauge
		work := func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
			var p struct{ Site string }
			if err := in.Params(&p); err != nil {
				return pipeline.Output{}, err
			}
			g.during("model", func() { g.during(p.Site, func() { time.Sleep(2 * time.Millisecond) }) })
			return pipeline.Output{}, nil
		}
		c := newCrew(t, s, nil, def("p", limited(step("a", 1, work), domain.Limit{Key: "site:{params.site}", Concurrency: 1}, domain.Limit{Key: "provider:x", Concurrency: 3}), step("b", 1, ok(1))))
		var ids []domain.RunID
		for i := range 24 {
			ids = append(ids, c.start(pipeline.StartParams{Pipeline: "p", Params: []byte(fmt.Sprintf(`{"site":"s%d"}`, i%6))}))
		}
		c.work(8)
		for _, id := range ids {
			c.wantBrief(id, "completed a:completed b:completed")
		}
		if g.most["model"] > 3 {
			t.Errorf("%d at the same time, want 3 at most", g.most["model"])
		}
		for i := range 6 {
			if n := g.most[fmt.Sprintf("s%d", i)]; n != 1 {
				t.Errorf("site %d: %d at the same time, want 1", i, n)
			}
		}
		if left, err := s.Slots.List(t.Context()); err != nil || slices.ContainsFunc(left, func(s domain.Slot) bool { return s.Held || s.Live }) {
			t.Errorf("slots left: %+v, %v", left, err)
		}
	})
}

// TestBlockedStepsSayWhy: a step behind a limit is queued and names it; the place of
// a run that ended, or waits for money, is free.
func TestBlockedStepsSayWhy(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		wait := func(context.Context, *pipeline.Input) (pipeline.Output, error) {
			return pipeline.Output{Wait: true}, nil
		}
		c := newCrew(t, s, nil, def("p", limited(step("a", 1, wait), domain.Limit{Key: "one", Concurrency: 1})))
		first, second, third := c.start(pipeline.StartParams{Pipeline: "p"}), c.start(pipeline.StartParams{Pipeline: "p"}), c.start(pipeline.StartParams{Pipeline: "p"})
		c.work(2)
		c.wantBrief(first, "waiting a:waiting")
		c.wantBrief(second, "queued a:queued")
		if got := c.run(second).Steps[0].BlockedOn; got != "one: 1 of 1 at the same time" {
			t.Errorf("blocked on %q", got)
		}
		if _, err := c.engine.Cancel(t.Context(), second); err != nil { // has no place to give
			t.Fatal(err)
		}
		c.work(2)
		c.wantBrief(third, "queued a:queued")
		if _, err := c.engine.Cancel(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		c.work(2)
		c.wantBrief(third, "waiting a:waiting")
		if got := c.run(third).Steps[0].BlockedOn; got != "" {
			t.Errorf("still blocked on %q", got)
		}
	})
}

// TestRateLimits: within any minute no more steps are let in than the rate allows.
func TestRateLimits(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		var at []time.Time
		var c *crew
		note := func(context.Context, *pipeline.Input) (pipeline.Output, error) {
			now := c.clock()
			mu.Lock()
			defer mu.Unlock()
			at = append(at, now)
			return pipeline.Output{}, nil
		}
		c = newCrew(t, s, nil, def("p", limited(step("a", 1, note), domain.Limit{Key: "x", PerMinute: 3})))
		for range 8 {
			c.start(pipeline.StartParams{Pipeline: "p"})
		}
		c.work(3)
		slices.SortFunc(at, time.Time.Compare)
		if len(at) != 8 {
			t.Fatalf("%d steps ran, want 8", len(at))
		}
		for i := 3; i < len(at); i++ {
			if gap := at[i].Sub(at[i-3]); gap < 59*time.Second { // they begin a little after they are let in
				t.Errorf("steps %d and %d are %s apart, want a minute", i-3, i, gap)
			}
		}
		if took := at[7].Sub(at[0]); took > 3*time.Minute {
			t.Errorf("eight at three a minute took %s", took)
		}
	})
}

// TestPriorities: a run with priority overtakes those that were there before, but
// only those that have waited for less than the difference.
func TestPriorities(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		runs []string // "priority seconds": started so many seconds after the first
		want string
	}{
		{"high first", []string{"low 0", "normal 0", "high 0"}, "high,normal,low"},
		{"in order", []string{"normal 0", "normal 1", "normal 2"}, "normal0,normal1,normal2"},
		{"nothing starves", []string{"low 0", "high 299", "high 302", "normal 59", "normal 61"}, "high299,normal59,low0,normal61,high302"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var order []string
			c := newCrew(t, newBench(t).store, nil)
			note := func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
				order = append(order, strings.Trim(string(in.Run.Params), `"`))
				return pipeline.Output{}, nil
			}
			if err := c.engine.Register(def("p", step("a", 1, note))); err != nil {
				t.Fatal(err)
			}
			began := c.now
			for _, r := range tt.runs {
				priority, offset, _ := strings.Cut(r, " ")
				d, err := time.ParseDuration(offset + "s")
				if err != nil {
					t.Fatal(err)
				}
				c.now = began.Add(d)
				label := priority
				if tt.name != "high first" {
					label += offset
				}
				c.start(pipeline.StartParams{Pipeline: "p", Priority: domain.RunPriority(priority), Params: []byte(`"` + label + `"`)})
			}
			c.work(1)
			if got := strings.Join(order, ","); got != tt.want {
				t.Errorf("order %s, want %s", got, tt.want)
			}
		})
	}
	if _, err := newBench(t, def("p", step("a", 1, ok(1)))).engine.Start(t.Context(), pipeline.StartParams{Pipeline: "p", Priority: "urgent"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("unknown priority = %v, want invalid", err)
	}
}

// TestFairShare: a run with many branches does not keep others waiting: steps run in
// the order in which they became ready.
func TestFairShare(t *testing.T) {
	t.Parallel()
	wide := []pipeline.StepDef{step("root", 1, ok(1))}
	for i := range 20 {
		wide = append(wide, after(step(fmt.Sprint("b", i), 1, ok(1)), "root"))
	}
	c := newCrew(t, newBench(t).store, nil, def("wide", wide...), def("slim", step("a", 1, ok(1)), step("b", 1, ok(1))))
	for range 3 {
		c.start(pipeline.StartParams{Pipeline: "wide"})
		c.start(pipeline.StartParams{Pipeline: "slim"})
	}
	c.work(1)
	var steps []domain.Step
	for _, r := range append(c.children("wide"), c.children("slim")...) {
		steps = append(steps, r.Steps...)
	}
	slices.SortFunc(steps, func(a, b domain.Step) int { return a.StartedAt.Compare(*b.StartedAt) })
	for i := 1; i < len(steps); i++ {
		if steps[i].ReadyAt.Before(*steps[i-1].ReadyAt) {
			t.Errorf("step %s of %s ran before %s of %s, which was ready earlier", steps[i-1].Name, steps[i-1].RunID, steps[i].Name, steps[i].RunID)
		}
	}
	if len(steps) != 3*21+3*2 {
		t.Errorf("%d steps, want 69", len(steps))
	}
}
