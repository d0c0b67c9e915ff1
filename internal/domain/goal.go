package domain

import (
	"strings"
	"time"
)

// Bounds of what is measured on a website.
const (
	MaxGoals       = 50
	MaxFunnels     = 20
	MaxFunnelSteps = 10
	maxGoalName    = 80
	maxGoalTarget  = 512
)

// GoalKind says how a goal is reached.
type GoalKind string

// The kinds of goals.
const (
	GoalPath  GoalKind = "path"  // a view of the page
	GoalClick GoalKind = "click" // a click on an offer: of one slot, or with an empty target of any
)

// Goal is something that visitors of a website should do.
type Goal struct {
	Name   string   `json:"name"`
	Kind   GoalKind `json:"kind"`
	Target string   `json:"target"`
}

// Reached reports whether a hit reaches the goal.
func (g *Goal) Reached(kind HitKind, path, slot string) bool {
	if g.Kind == GoalPath {
		return kind == HitView && path == g.Target
	}
	return kind == HitClick && (g.Target == "" || g.Target == slot)
}

// Funnel is a way through a website: goals that are reached one after the other in one
// session.
type Funnel struct {
	Name  string   `json:"name"`
	Steps []string `json:"steps"` // names of goals
}

// GoalSet is what is measured on a website.
type GoalSet struct {
	WebsiteID WebsiteID `json:"-"`
	Goals     []Goal    `json:"goals"`
	Funnels   []Funnel  `json:"funnels"`
}

// Validate checks names, targets and that funnels have known steps. Errors are
// CodeInvalid.
func (s *GoalSet) Validate() error {
	switch {
	case len(s.Goals) > MaxGoals:
		return Invalid("goals", "There are more than %d goals.", MaxGoals)
	case len(s.Funnels) > MaxFunnels:
		return Invalid("funnels", "There are more than %d funnels.", MaxFunnels)
	}
	known := map[string]bool{}
	for i := range s.Goals {
		g := &s.Goals[i]
		if err := g.validate(); err != nil {
			return err
		}
		if known[g.Name] {
			return Invalid("goals", "There are two goals %q.", g.Name)
		}
		known[g.Name] = true
	}
	funnels := map[string]bool{}
	for i := range s.Funnels {
		f := &s.Funnels[i]
		if err := f.validate(known); err != nil {
			return err
		}
		if funnels[f.Name] {
			return Invalid("funnels", "There are two funnels %q.", f.Name)
		}
		funnels[f.Name] = true
	}
	return nil
}

func (g *Goal) validate() error {
	switch {
	case strings.TrimSpace(g.Name) == "" || len(g.Name) > maxGoalName:
		return Invalid("goals", "A goal needs a name of at most %d bytes.", maxGoalName)
	case g.Kind != GoalPath && g.Kind != GoalClick:
		return Invalid("goals", "Goal %q is neither of the kind path nor click.", g.Name)
	case len(g.Target) > maxGoalTarget:
		return Invalid("goals", "The target of goal %q is longer than %d bytes.", g.Name, maxGoalTarget)
	case g.Kind == GoalPath && !strings.HasPrefix(g.Target, "/"):
		return Invalid("goals", "The target of goal %q is the path of a page: it begins with a slash.", g.Name)
	}
	return nil
}

func (f *Funnel) validate(known map[string]bool) error {
	switch {
	case strings.TrimSpace(f.Name) == "" || len(f.Name) > maxGoalName:
		return Invalid("funnels", "A funnel needs a name of at most %d bytes.", maxGoalName)
	case len(f.Steps) < 2 || len(f.Steps) > MaxFunnelSteps:
		return Invalid("funnels", "Funnel %q has %d steps, not 2 to %d.", f.Name, len(f.Steps), MaxFunnelSteps)
	}
	for _, step := range f.Steps {
		if !known[step] {
			return Invalid("funnels", "Funnel %q has the step %q, which is no goal.", f.Name, step)
		}
	}
	return nil
}

// GoalReport says how often the goals of a website were reached.
type GoalReport struct {
	WebsiteID WebsiteID
	Period    string
	From, To  time.Time
	// EventsFrom is from when on single events are kept: sessions are known only since.
	// Zero: they are not kept, and all sessions are 0.
	EventsFrom time.Time
	Sessions   int // of people that are known by their events
	Goals      []GoalResult
	Funnels    []FunnelResult
}

// GoalResult is how often a goal was reached.
type GoalResult struct {
	Goal
	Completions int // views or clicks
	Sessions    int // that reached it
}

// FunnelResult is how far sessions came.
type FunnelResult struct {
	Name  string
	Steps []FunnelStep
}

// FunnelStep counts the sessions that reached a goal after all steps before it.
type FunnelStep struct {
	Goal     string
	Sessions int
}
