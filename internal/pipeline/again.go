package pipeline

import (
	"context"

	"empire/internal/domain"
)

// Again lets a run that waits do a step once more, with all that come after it: what they
// work on is another thing by now. It joins the transaction of ctx. A run in which nothing
// waits behind that step, or in which a step behind it is at work, is CodeConflict.
func (e *Engine) Again(ctx context.Context, id domain.RunID, from string) error {
	return e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		run, err := e.hold(ctx, id)
		if err != nil {
			return err
		}
		def, err := e.definition(ctx, run)
		if err != nil {
			return err
		}
		again, err := behind(run, def.graph, from)
		if err != nil {
			return err
		}
		var names []string
		for _, s := range again {
			if s.State == domain.StateWaiting { // only what has ended is reset
				if _, err := e.cfg.Steps.SetState(ctx, s.ID, active, domain.StateCancelled, e.now()); err != nil {
					return err
				}
			}
			if _, err := e.cfg.Steps.Reset(ctx, s.ID); err != nil {
				return err
			}
			s.State, s.ReadyAt = domain.StateQueued, nil
			names = append(names, s.Name)
		}
		if err := e.event(ctx, run, "run.retried", from, map[string]any{"steps": names}); err != nil {
			return err
		}
		return e.advance(ctx, run, def)
	})
}

// behind returns a step of a run and those after it that are done or wait.
func behind(run *domain.Run, g *graph, from string) ([]*domain.Step, error) {
	root := stepNamed(run, from)
	if root == nil || root.State != domain.StateCompleted || run.State.Ended() {
		return nil, domain.Errorf(domain.CodeConflict, "Run %s has no finished step %s to do again.", run.ID, from)
	}
	out := []*domain.Step{root}
	waits := false
	for i := range run.Steps {
		s := &run.Steps[i]
		if !g.ancestors[i][root.Position] {
			continue
		}
		switch {
		case s.State == domain.StateRunning, s.State == domain.StateQueued && s.ReadyAt != nil:
			return nil, domain.Errorf(domain.CodeConflict, "Step %s of run %s is at work.", s.Name, run.ID)
		case s.State == domain.StateQueued:
			continue
		case s.State == domain.StateWaiting:
			waits = true
		}
		out = append(out, s)
	}
	if !waits {
		return nil, domain.Errorf(domain.CodeConflict, "Nothing of run %s waits behind step %s.", run.ID, from)
	}
	return out, nil
}
