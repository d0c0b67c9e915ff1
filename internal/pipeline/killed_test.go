package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"

	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/store"
)

// dying is a transactor whose process dies now and then just before a commit.
type dying struct {
	*store.Store
	rand *rand.Rand
	dead *bool
}

var errKilled = errors.New("killed")

func (d dying) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		err := fn(ctx)
		if *d.dead || err == nil && d.rand.IntN(6) == 0 {
			*d.dead = true
			return errKilled
		}
		return err
	})
}

// TestDiesAnywhere: a process that dies before any of its commits leaves a run that
// the next one brings to its right end, with every step completed once and every
// place behind a limit given back.
func TestDiesAnywhere(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		r := rand.New(rand.NewPCG(7, 7))
		done := map[string]int{}
		fn := func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
			key := string(in.Run.ID) + in.Step.Name
			return pipeline.Output{Result: in.Step.Name, Apply: func(ctx context.Context) error {
				done[key]++ // taken back below when the transaction is
				return nil
			}}, nil
		}
		d := def("p", limited(step("a", 1, fn), domain.Limit{Key: "k", Concurrency: 2}), after(step("b", 1, fn), "a"), after(step("sub", 1, starts("low")), "a"),
			after(step("c", 1, fn), "b", "sub"))
		low := def("low", step("x", 1, fn), step("y", 1, fn))
		dead := false
		c := newCrew(t, s, func(cfg *pipeline.Config) { cfg.Tx = dying{s, r, &dead} }, d, low)
		for range 4 {
			for c.tryStart() == "" {
				dead = false
			}
		}
		deaths := 0
		for {
			j, ok, _ := c.take()
			if !ok {
				break
			}
			c.busy--
			before := map[string]int{}
			for k, v := range done {
				before[k] = v
			}
			if err := c.engine.Handlers()[j.kind](t.Context(), j.args); err != nil || dead {
				deaths++
				dead, done = false, before
				c.jobs = append(c.jobs, j) // its worker is lost: it is delivered again
			}
		}
		for _, run := range append(c.children("p"), c.children("low")...) {
			if run.State != domain.StateCompleted {
				t.Errorf("run %s of %s is %s", run.ID, run.Pipeline, c.brief(run.ID))
			}
		}
		for key, n := range done {
			if n != 1 {
				t.Errorf("step %s completed %d times, want once", key, n)
			}
		}
		if len(done) != 4*3+4*2 || deaths < 10 {
			t.Errorf("%d steps completed, %d deaths; want 20 and many", len(done), deaths)
		}
		slots, err := s.Slots.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, sl := range slots {
			if sl.Held || sl.Live {
				t.Errorf("slot left: %+v", sl)
			}
		}
	})
}

// tryStart starts a run of p, or returns "" when the process died meanwhile.
func (c *crew) tryStart() domain.RunID {
	run, err := c.engine.Start(c.t.Context(), pipeline.StartParams{Pipeline: "p", Params: json.RawMessage(`{}`)})
	if err != nil {
		return ""
	}
	return run.ID
}
