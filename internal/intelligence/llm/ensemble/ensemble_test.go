package ensemble_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/ensemble"
)

// panel answers for each model what it is told to.
type panel map[string][]string

var errDown = errors.New("down")

func (p panel) Call(_ context.Context, r llm.Request) (*llm.Response, error) {
	claims, ok := p[r.Model]
	if !ok {
		return nil, errDown
	}
	raw, err := json.Marshal(map[string]any{"claims": claims})
	return &llm.Response{Text: string(raw), Finish: llm.FinishStop, Receipt: llm.Receipt{Model: r.Model, Cost: 10}}, err
}

// TestAgreement: claims that say the same are one, whoever words it how; numbers and
// negation keep them apart, and that is shown.
func TestAgreement(t *testing.T) {
	t.Parallel()
	models := panel{
		"one":   {"Mechanical keyboards last longer than membrane keyboards.", "The K70 weighs 1.2 kg.", "The K70 has wireless charging."},
		"two":   {"mechanical keyboards last longer than membrane keyboards", "The K70 weighs 1.4 kg.", "Keycaps made of PBT do not shine."},
		"three": {"Mechanical keyboards last longer than membrane keyboards!", "The K70 has no wireless charging.", "The K70 weighs 1.2 kg."},
	}
	r, err := ensemble.Ask(t.Context(), models, ensemble.Question{Prompt: "What is known?", Models: []string{"one", "two", "three", "gone"}})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(r.Answers[3].Err, errDown) || r.Cost != 30 {
		t.Errorf("answers %+v, cost %d", r.Answers, r.Cost)
	}
	find := func(text string) (int, *ensemble.Claim) {
		for i := range r.Claims {
			if r.Claims[i].Text == text {
				return i, &r.Claims[i]
			}
		}
		t.Fatalf("no claim %q in %+v", text, r.Claims)
		return 0, nil
	}
	if at, c := find("Mechanical keyboards last longer than membrane keyboards."); at != 0 || c.Agreement != 1 || len(c.Against) != 0 || len(c.Words) != 3 {
		t.Errorf("what all say: %+v", c)
	}
	light, c := find("The K70 weighs 1.2 kg.")
	heavy, d := find("The K70 weighs 1.4 kg.")
	if !slices.Equal(c.By, []string{"one", "three"}) || !slices.Equal(c.Against, []string{"two"}) || !slices.Contains(c.Contradicts, heavy) || !slices.Contains(d.Contradicts, light) {
		t.Errorf("two weights: %+v and %+v", c, d)
	}
	has, c := find("The K70 has wireless charging.")
	hasNot, d := find("The K70 has no wireless charging.")
	if !slices.Contains(c.Contradicts, hasNot) || !slices.Contains(d.Contradicts, has) {
		t.Errorf("yes and no: %+v and %+v", c, d)
	}
	if _, c := find("Keycaps made of PBT do not shine."); len(c.By) != 1 || len(c.Against) != 2 || c.Agreement >= 0.5 {
		t.Errorf("what one says: %+v", c)
	}
}

func TestAskRefuses(t *testing.T) {
	t.Parallel()
	for name, models := range map[string][]string{"none": nil, "twice": {"a", "a"}, "too many": {"a", "b", "c", "d", "e", "f", "g", "h", "i"}} {
		if _, err := ensemble.Ask(t.Context(), panel{"a": {}}, ensemble.Question{Prompt: "x", Models: models}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ensemble.Ask(t.Context(), panel{}, ensemble.Question{Prompt: "x", Models: []string{"a", "b"}}); !errors.Is(err, errDown) {
		t.Errorf("nobody answers: %v", err)
	}
}

// numbered notes under which number each model was asked.
type numbered struct {
	panel
	mu  sync.Mutex
	got map[string]int
}

func (n *numbered) Call(ctx context.Context, r llm.Request) (*llm.Response, error) {
	n.mu.Lock()
	n.got[r.Model] = r.Number
	n.mu.Unlock()
	return n.panel.Call(ctx, r)
}

// TestNumbers: within work, models have the same numbers in every attempt, whoever is
// faster, so that a repeated attempt finds the answers that were paid.
func TestNumbers(t *testing.T) {
	t.Parallel()
	ctx := domain.WithScope(t.Context(), domain.WorkScope{StepID: "step_1"})
	n := &numbered{panel: panel{"a": {}, "b": {}, "c": {}}, got: map[string]int{}}
	if _, err := ensemble.Ask(ctx, n, ensemble.Question{Prompt: "x", Models: []string{"c", "a", "b"}}); err != nil {
		t.Fatal(err)
	}
	if n.got["c"] != 1 || n.got["a"] != 2 || n.got["b"] != 3 {
		t.Errorf("numbers %v", n.got)
	}
}
