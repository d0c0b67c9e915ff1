package agent_test

import (
	"slices"
	"testing"

	"empire/internal/agent"
)

func TestSpecs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range agent.Specs() {
		for _, id := range append(slices.Clone(s.Aliases), s.ID) {
			if seen[string(id)] {
				t.Errorf("agent %s is listed twice", id)
			}
			seen[string(id)] = true
			if got, ok := agent.Find(id); !ok || got.ID != s.ID {
				t.Errorf("Find(%s) = %s, %v, want %s", id, got.ID, ok, s.ID)
			}
		}
		for _, task := range s.TaskTypes {
			if !s.Takes(task) {
				t.Errorf("%s does not take its own task %s", s.ID, task)
			}
		}
		if len(s.Capabilities) == 0 {
			t.Errorf("%s declares no capabilities", s.ID)
		}
	}
	if len(agent.Specs()) != 5 {
		t.Errorf("agents = %d, want 5", len(agent.Specs()))
	}
	if _, ok := agent.Find("nobody"); ok {
		t.Error("Find of an unknown agent found one")
	}
}

func TestSpecsAreCopies(t *testing.T) {
	t.Parallel()
	agent.Specs()[3].TaskTypes[0] = "changed"
	if got := agent.Specs()[3].TaskTypes[0]; got != "audit" {
		t.Errorf("task type = %q after a caller changed its copy, want audit", got)
	}
}
