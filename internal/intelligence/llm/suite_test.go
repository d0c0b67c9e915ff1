package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/anthropic"
	"empire/internal/intelligence/llm/gemini"
	"empire/internal/intelligence/llm/openai"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
	"empire/internal/testkit/modelserver"
)

// house is three vendors, each with an endpoint of its own, behind one ledger with
// one budget.
type house struct {
	*llm.Metered
	servers map[string]*modelserver.Server
	st      *store.Store
	budget  domain.BudgetID
}

func (h *house) billed() (sum domain.Micros) {
	for _, s := range h.servers {
		sum += modelserver.Total(s.Bills())
	}
	return sum
}

func (h *house) spent(t *testing.T) (reserved, spent domain.Micros) {
	t.Helper()
	counts, err := h.st.Budgets.Periods(t.Context(), h.budget)
	if err != nil || len(counts) == 0 {
		t.Fatalf("periods: %v, %v", counts, err)
	}
	for _, c := range counts {
		reserved, spent = reserved+c.Reserved, spent+c.Spent
	}
	return reserved, spent
}

// vendorRates are what all three endpoints bill, and what the ledger is told.
var vendorRates = domain.Rates{Input: 2_000_000, CachedInput: 2_000_000, CacheWrite: 2_000_000, Output: 8_000_000}

func openHouse(t *testing.T, limit domain.Money) *house {
	t.Helper()
	h := &house{servers: map[string]*modelserver.Server{}, st: testkit.DB(t)}
	h.budget = setUpBudget(t, h.st, limit)
	for _, name := range []string{"openai", "anthropic", "gemini"} {
		s, err := modelserver.Start(modelserver.Config{Rates: vendorRates})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		h.servers[name] = s
	}
	gpt, err1 := openai.New(openai.Config{Name: "openai", BaseURL: h.servers["openai"].URL(), Shape: openai.Responses})
	claude, err2 := anthropic.New(anthropic.Config{Name: "anthropic", BaseURL: h.servers["anthropic"].URL()})
	google, err3 := gemini.New(gemini.Config{Name: "gemini", BaseURL: h.servers["gemini"].GeminiURL()})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	of := func(name string, p llm.Provider, fallback ...string) llm.Model {
		return llm.Model{Name: name, Provider: p, Model: "m", MaxTokens: 200, Timeout: time.Minute, Concurrency: 4, Fallback: fallback, Dimensions: 24}
	}
	r, err := llm.OpenRouter(&llm.RouterConfig{
		Models: []llm.Model{of("gpt", gpt, "claude", "google"), of("claude", claude, "google", "gpt"), of("google", google, "gpt", "claude")}, Default: "gpt", Embedder: "google",
	})
	if err != nil {
		t.Fatal(err)
	}
	ledger := service.NewLedger(service.LedgerConfig{Tx: h.st, Calls: h.st.ModelCalls, Budgets: h.st.Budgets, Prices: h.st.Prices, Now: time.Now})
	h.Metered = llm.NewMetered(r, ledger, time.Now)
	return h
}

func setUpBudget(t *testing.T, st *store.Store, limit domain.Money) domain.BudgetID {
	t.Helper()
	for _, name := range []string{"openai", "anthropic", "gemini"} {
		price := &domain.Price{
			ID: domain.PriceID(domain.NewID("price")), Provider: name, Model: "m", Currency: limit.Currency, EffectiveFrom: time.Now().Add(-time.Hour),
			Rates: vendorRates, RecordedAt: time.Now(),
		}
		if err := st.Prices.Insert(t.Context(), price); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().UTC()
	b := &domain.Budget{ID: "bud_1", Name: "all", Period: domain.PeriodTotal, Limit: limit, OnLimit: domain.LimitFail, CreatedAt: now, UpdatedAt: now}
	if err := st.Budgets.Insert(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return b.ID
}

// TestFailoverWithinOneBudget: whoever fails, another vendor answers; what failed
// calls cost is in the one budget, which is never exceeded: then nobody is asked.
func TestFailoverWithinOneBudget(t *testing.T) {
	t.Parallel()
	h := openHouse(t, domain.Money{Minor: 5, Currency: "USD"})
	faults := []modelserver.Fault{
		modelserver.FaultRate, modelserver.FaultBusy, modelserver.FaultServer, modelserver.FaultQuota, modelserver.FaultCredential, modelserver.FaultNoModel,
		modelserver.FaultForbidden, modelserver.FaultMalformed, modelserver.FaultCut, modelserver.FaultDropped, modelserver.FaultGateway,
	}
	order := [][3]string{{"gpt", "openai", "anthropic"}, {"claude", "anthropic", "gemini"}, {"google", "gemini", "openai"}}
	n := 0
	for ; ; n++ { // 3 and 11 have no common factor: every vendor has every fault
		asked, fault := order[n%len(order)], faults[n%len(faults)]
		h.servers[asked[1]].Play(fault)
		res, err := h.Call(t.Context(), llm.Request{Model: asked[0], Prompt: "hello"})
		h.servers[asked[1]].Play("")
		if errors.As(err, new(*domain.Exhausted)) {
			break
		}
		if err != nil || res.Text != "ok hello" || res.Receipt.Provider != asked[2] {
			t.Fatalf("%s of %s: %+v, %v", fault, asked[1], res, err)
		}
	}
	reserved, spent := h.spent(t)
	if reserved != 0 || spent > 50_000 || h.billed() > spent || n < len(faults)*3 {
		t.Errorf("after %d failovers: %d reserved, %d spent, %d billed", n, reserved, spent, h.billed())
	}
	t.Logf("%d failovers for %d micros, billed %d", n, spent, h.billed())
}

// TestAllFail: the error of the last one asked, and each asked once.
func TestAllFail(t *testing.T) {
	t.Parallel()
	h := openHouse(t, domain.Money{Minor: 100, Currency: "USD"})
	_, err := h.Call(t.Context(), llm.Request{Prompt: modelserver.Marker(modelserver.FaultBusy)})
	if llm.ClassOf(err) != llm.Overloaded || !strings.Contains(domain.MessageOf(err), "gemini") {
		t.Errorf("got %v", err)
	}
	for name, s := range h.servers {
		if s.Requests() != 1 {
			t.Errorf("%s was asked %d times", name, s.Requests())
		}
	}
	if _, err := h.Call(t.Context(), llm.Request{Prompt: modelserver.Marker(modelserver.FaultRefusal)}); llm.ClassOf(err) != llm.Blocked || h.servers["anthropic"].Requests() != 1 {
		t.Errorf("a refusal: %v; others are not asked for what one refuses", err)
	}
}

type finding struct {
	Title  string `json:"title"`
	Points []struct {
		Text  string   `json:"text"`
		Score *float64 `json:"score"`
	} `json:"points"`
}

func (f *finding) Validate() error {
	if f.Title == "" {
		return domain.Invalid("title", "It needs a title.")
	}
	return nil
}

var findingSchema = &llm.Schema{Name: "finding", JSON: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["title","points"],"properties":{
	"title":{"type":"string"},"points":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["text","score"],
	"properties":{"text":{"type":"string"},"score":{"type":["number","null"]}}}}}}`)}

// TestStructured: an answer that does not fit is sent back once; both calls are paid;
// what never fits is an error, and nothing of it gets out.
func TestStructured(t *testing.T) {
	t.Parallel()
	h := openHouse(t, domain.Money{Minor: 100, Currency: "USD"})
	for _, name := range []string{"gpt", "claude", "google"} {
		r := llm.Request{Model: name, Prompt: "What is known?", Schema: findingSchema}
		got, err := llm.Structured[finding](t.Context(), h, r)
		if err != nil || got.Repaired || len(got.Receipts) != 1 || got.Value.Title != "text" || len(got.Value.Points) != 1 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		r.Prompt = modelserver.Marker(modelserver.FaultWrongOnce)
		got, err = llm.Structured[finding](t.Context(), h, r)
		if err != nil || !got.Repaired || len(got.Receipts) != 2 || got.Receipts[0].Cost == 0 || got.Receipts[1].Cost == 0 || got.Value.Title != "text" {
			t.Errorf("%s, repaired: %+v, %v", name, got, err)
		}
		r.Prompt = modelserver.Marker(modelserver.FaultWrong)
		got, err = llm.Structured[finding](t.Context(), h, r)
		if domain.CodeOf(err) != domain.CodeInvalid || got != nil || strings.Contains(domain.MessageOf(err), "attacker") {
			t.Errorf("%s, never right: %+v, %v", name, got, err)
		}
	}
	if _, spent := h.spent(t); spent != h.billed() {
		t.Errorf("spent %d, billed %d", spent, h.billed())
	}
	if _, err := llm.Structured[finding](t.Context(), h, llm.Request{Prompt: "x"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("without a schema: %v", err)
	}
}

// TestToolsAreRecalled: a repeated attempt of work gets the calls of tools that an
// earlier one paid for, with what the vendor wants back.
func TestToolsAreRecalled(t *testing.T) {
	t.Parallel()
	h := openHouse(t, domain.Money{Minor: 100, Currency: "USD"})
	tools := []llm.Tool{{Name: "count_keys", Parameters: json.RawMessage(`{"type":"object","properties":{"model":{"type":"string"}}}`)}}
	for _, name := range []string{"gpt", "claude", "google"} {
		work := func() string {
			ctx := domain.WithScope(t.Context(), domain.WorkScope{RunID: "run_1", StepID: domain.StepID("step_" + name), Step: "ask"})
			r := llm.Request{Model: name, Prompt: "How many keys?", Tools: tools}
			res, err := h.Call(ctx, r)
			if err != nil || len(res.Calls) != 1 {
				t.Fatalf("%s: %+v, %v", name, res, err)
			}
			r.Messages = []llm.Message{{Role: llm.User, Text: r.Prompt}, res.Turn(), {Role: llm.User, Results: []llm.ToolResult{{CallID: res.Calls[0].ID, Name: "count_keys", Text: "87"}}}}
			r.Prompt = ""
			end, err := h.Call(ctx, r)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return end.Text
		}
		first := work()
		before := h.billed()
		if again := work(); again != first || h.billed() != before {
			t.Errorf("%s: %q and %q, billed %d more", name, first, again, h.billed()-before)
		}
	}
	for _, f := range []modelserver.Fault{modelserver.FaultTool, modelserver.FaultArguments} {
		_, err := h.Call(t.Context(), llm.Request{Prompt: modelserver.Marker(f), Tools: tools})
		if domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// TestEmbedder: batches are paid within the budget and come back in order; a model
// for embeddings has no fallback.
func TestEmbedder(t *testing.T) {
	t.Parallel()
	h := openHouse(t, domain.Money{Minor: 100, Currency: "USD"})
	e, err := h.Embedder("")
	if err != nil || e.Model() != "gemini/m" || e.Dimensions() != 24 {
		t.Fatalf("%+v, %v", e, err)
	}
	var texts []string
	for i := range 2*llm.MaxBatch + 1 {
		texts = append(texts, strings.Repeat("word ", 1+i%7)+string(rune('a'+i%26)))
	}
	vectors, used, err := e.Embed(t.Context(), texts)
	if err != nil || len(vectors) != len(texts) || len(vectors[0]) != 24 || vectors[0][3] != vectors[182][3] {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	if _, spent := h.spent(t); spent != h.billed() || len(h.servers["gemini"].Bills()) != 3 || used.Input == 0 {
		t.Errorf("spent %d, billed %d, used %+v", spent, h.billed(), used)
	}
	if _, _, err := e.Embed(t.Context(), []string{"x", modelserver.Marker(modelserver.FaultVectors)}); llm.ClassOf(err) != llm.Malformed {
		t.Errorf("vectors of two lengths: %v", err)
	}
	if _, _, err := e.Embed(t.Context(), []string{"x", ""}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an empty text: %v", err)
	}
	if got, _, err := e.Embed(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no texts: %v, %v", got, err)
	}
	if _, err := h.Embedder("claude"); llm.ClassOf(err) != llm.Unsupported {
		t.Errorf("a vendor without embeddings: %v", err)
	}
}

// TestOversizeIsPaid: an endpoint that sends far too much is cut off; what it may have
// billed counts, and another one answers.
func TestOversizeIsPaid(t *testing.T) {
	t.Parallel()
	h := openHouse(t, domain.Money{Minor: 100, Currency: "USD"})
	for name, vendor := range map[string]string{"gpt": "openai", "claude": "anthropic", "google": "gemini"} {
		h.servers[vendor].Play(modelserver.FaultOversize)
		res, err := h.Call(context.WithoutCancel(t.Context()), llm.Request{Model: name, Prompt: "hello"})
		h.servers[vendor].Play("")
		if err != nil || res.Text != "ok hello" || res.Receipt.Provider == vendor {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
	calls, _, err := h.st.ModelCalls.List(t.Context(), domain.CallFilter{State: domain.CallLost}, domain.Window{Limit: 10})
	if err != nil || len(calls) != 3 || calls[0].Error != string(llm.Oversize) || calls[0].Cost != calls[0].Reserved {
		t.Errorf("lost calls: %+v, %v", calls, err)
	}
}
