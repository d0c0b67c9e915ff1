package app_test

import (
	"net/http"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit/modelserver"
)

// TestModelsWithinBudgets: a model of the configuration is called for a step, paid at
// the price that was set over REST, within the budget that was set over REST; what it
// cost can be read there.
func TestModelsWithinBudgets(t *testing.T) {
	t.Parallel()
	vendor, err := modelserver.Start(modelserver.Config{Key: "sk-test", Rates: domain.Rates{Input: 2_000_000, Output: 8_000_000}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vendor.Close() })
	a := startWith(t, map[string]string{
		"models.model": "vendor-m", "models.provider": "stand-in", "models.base_url": vendor.URL(), "models.api_key": "sk-test", "models.max_tokens": "100",
	})
	c := newCaller(t, a)
	ctx := domain.WithScope(t.Context(), domain.WorkScope{RunID: "run_1", StepID: "step_1", Step: "write", Pipeline: "p", AgentID: "content_generator"})
	ask := func(prompt string) (*domain.ModelAnswer, error) {
		return a.Complete(ctx, domain.ModelPrompt{Prompt: prompt})
	}
	if _, err := ask("hello"); domain.CodeOf(err) != domain.CodeConflict || !strings.Contains(domain.MessageOf(err), "price") {
		t.Fatalf("without a price: %v", err)
	}
	c.want("PUT", "/api/v1/prices", map[string]any{"provider": "stand-in", "model": "vendor-m", "input_micros": 2_000_000, "output_micros": 8_000_000}, http.StatusOK, nil)
	var budget struct {
		ID      string
		Current struct {
			Spent int64 `json:"spent_micros"`
		}
	}
	c.want("POST", "/api/v1/budgets", map[string]any{"name": "all", "period": "day", "limit_minor": 1, "on_limit": "fail"}, http.StatusCreated, &budget)
	answer, err := ask("hello")
	if err != nil || answer.Text != "ok hello" || answer.Cost != modelserver.Total(vendor.Bills()) {
		t.Fatalf("got %+v, %v; billed %d", answer, err, modelserver.Total(vendor.Bills()))
	}
	c.want("GET", "/api/v1/budgets/"+budget.ID, nil, http.StatusOK, &budget)
	if budget.Current.Spent != int64(answer.Cost) {
		t.Errorf("spent %d, want %d", budget.Current.Spent, answer.Cost)
	}
	var calls []struct {
		ID, Step, State string
		Cost            int64 `json:"cost_micros"`
	}
	c.want("GET", "/api/v1/model-calls?run_id=run_1&state=settled", nil, http.StatusOK, &calls)
	if len(calls) != 1 || calls[0].Step != "write" || calls[0].Cost != int64(answer.Cost) || calls[0].ID != vendor.Bills()[0].Key {
		t.Errorf("calls: %+v", calls)
	}
	if _, err := ask(strings.Repeat("long ", 2000)); domain.CodeOf(err) != domain.CodeBudgetExhausted {
		t.Errorf("a call that does not fit: %v", err)
	}
	if n := len(vendor.Bills()); n != 1 {
		t.Errorf("%d calls were billed, want 1", n)
	}
}
