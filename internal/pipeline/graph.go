package pipeline

import (
	"fmt"
	"slices"

	"empire/internal/domain"
)

// graph is the order of the steps of a definition, by position.
type graph struct {
	before    [][]int  // what must have ended before
	ancestors [][]bool // the same with all that is before that
}

// newGraph resolves names. It refuses names that are empty, used twice or unknown,
// and circles.
func newGraph(steps []StepDef) (*graph, error) {
	at := map[string]int{}
	for i, s := range steps {
		if _, dup := at[s.Name]; dup || s.Name == "" {
			return nil, fmt.Errorf("step name %q is empty or used twice", s.Name)
		}
		at[s.Name] = i
	}
	g := &graph{make([][]int, len(steps)), make([][]bool, len(steps))}
	for i, s := range steps {
		if s.After == nil && i > 0 {
			g.before[i] = []int{i - 1}
		}
		for _, name := range s.After {
			j, ok := at[name]
			if !ok {
				return nil, fmt.Errorf("step %s comes after %q, which is no step", s.Name, name)
			}
			if !slices.Contains(g.before[i], j) {
				g.before[i] = append(g.before[i], j)
			}
		}
	}
	for i := range steps {
		g.ancestors[i] = make([]bool, len(steps))
		g.mark(g.ancestors[i], i)
		if g.ancestors[i][i] {
			return nil, fmt.Errorf("step %s comes after itself", steps[i].Name)
		}
	}
	return g, nil
}

func (g *graph) mark(seen []bool, i int) {
	for _, j := range g.before[i] {
		if !seen[j] {
			seen[j] = true
			g.mark(seen, j)
		}
	}
}

// StepState is what Next must know of a step.
type StepState struct {
	State domain.RunState
	Ready bool // Next has decided before that it is ready
}

// Decision is what a run does next.
type Decision struct {
	// Ready are the positions of the steps that are ready now and were not before. Those
	// of them whose condition is false are skipped, and Next is asked again.
	Ready []int
	// End is completed or failed once the run has ended, and empty before.
	End domain.RunState
}

// Next decides what a run of d does next when its steps are in these states. It is
// a pure function of both: it depends on no clock and on no order of events.
func Next(d *Definition, states []StepState) Decision {
	var out Decision
	done := func(s domain.RunState) bool { return s == domain.StateCompleted || s == domain.StateSkipped }
	open := false
	for i, s := range states {
		if s.State == domain.StateFailed {
			return Decision{End: domain.StateFailed}
		}
		open = open || !done(s.State)
		if s.State != domain.StateQueued || s.Ready {
			continue
		}
		if !slices.ContainsFunc(d.graph.before[i], func(j int) bool { return !done(states[j].State) }) {
			out.Ready = append(out.Ready, i)
		}
	}
	if !open {
		out.End = domain.StateCompleted
	}
	return out
}

func statesOf(run *domain.Run) []StepState {
	out := make([]StepState, len(run.Steps))
	for i, s := range run.Steps {
		out[i] = StepState{s.State, s.ReadyAt != nil}
	}
	return out
}
