package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type spendingService interface {
	Spending(ctx context.Context, by domain.SpendingBy, f domain.CallFilter, w domain.Window) ([]domain.Spending, int, error)
	Calls(ctx context.Context, f domain.CallFilter, w domain.Window) ([]domain.ModelCall, int, error)
	Prices(ctx context.Context, w domain.Window) ([]domain.Price, int, error)
	SetPrice(ctx context.Context, p domain.Price) (*domain.Price, error)
	Resettle(ctx context.Context, provider, model string, from, to time.Time) (*domain.Resettlement, error)
}

// spendingBody is one line of a report. Amounts in micros are millionths of the
// currency's major unit.
type spendingBody struct {
	Key            string        `json:"key" doc:"Id, name, or day as YYYY-MM-DD; empty: calls that have none"`
	Currency       string        `json:"currency"`
	Calls          int           `json:"calls"`
	Lost           int           `json:"lost" doc:"Of them, calls whose outcome is not known; they count in full"`
	SpentMicros    domain.Micros `json:"spent_micros"`
	ReservedMicros domain.Micros `json:"reserved_micros" doc:"For calls that are under way"`
	Spent          domain.Money  `json:"spent" doc:"Rounded"`
	InputTokens    int64         `json:"input_tokens"`
	OutputTokens   int64         `json:"output_tokens"`
}

func toSpending(s *domain.Spending) spendingBody {
	return spendingBody{
		Key: s.Key, Currency: s.Currency, Calls: s.Calls, Lost: s.Lost, SpentMicros: s.Spent, ReservedMicros: s.Reserved, Spent: s.Spent.Money(s.Currency),
		InputTokens: s.Input, OutputTokens: s.Output,
	}
}

// modelCallBody shows a call without what was asked and answered.
type modelCallBody struct {
	ID                domain.ModelCallID `json:"id" doc:"Also the idempotency key that the provider got"`
	RunID             domain.RunID       `json:"run_id" doc:"Empty: it was not made for a run"`
	Step              string             `json:"step"`
	Attempt           int                `json:"attempt"`
	TaskID            domain.TaskID      `json:"task_id"`
	Number            int                `json:"number" doc:"Of the call within the work"`
	AgentID           domain.AgentID     `json:"agent_id"`
	WebsiteID         domain.WebsiteID   `json:"website_id"`
	Pipeline          string             `json:"pipeline"`
	Name              string             `json:"name" doc:"Of the model in the configuration"`
	Provider          string             `json:"provider"`
	Model             string             `json:"model" doc:"The vendor's name"`
	DegradedFrom      string             `json:"degraded_from" doc:"Name of the model that was asked for, if a budget chose a cheaper one"`
	State             domain.CallState   `json:"state" enum:"reserved,settled,lost,released" doc:"lost: its outcome is not known, so all that was reserved counts; released: it cost nothing"`
	Currency          string             `json:"currency"`
	ReservedMicros    domain.Micros      `json:"reserved_micros" doc:"The most that it could cost"`
	CostMicros        domain.Micros      `json:"cost_micros" doc:"With all corrections"`
	AdjustedMicros    domain.Micros      `json:"adjusted_micros" doc:"The corrections in it"`
	UsageKnown        bool               `json:"usage_known" doc:"Whether the provider said how many tokens it took"`
	InputTokens       int                `json:"input_tokens"`
	CachedInputTokens int                `json:"cached_input_tokens"`
	OutputTokens      int                `json:"output_tokens"`
	ReasoningTokens   int                `json:"reasoning_tokens"`
	Finish            string             `json:"finish" doc:"stop, length, blocked or other"`
	Error             string             `json:"error" doc:"What went wrong"`
	RequestHash       string             `json:"request_hash" doc:"SHA-256"`
	AnswerHash        string             `json:"answer_hash" doc:"SHA-256; empty without an answer"`
	ProviderRequestID string             `json:"provider_request_id"`
	CreatedAt         time.Time          `json:"created_at"`
	SettledAt         *time.Time         `json:"settled_at"`
}

func toModelCall(c *domain.ModelCall) modelCallBody {
	return modelCallBody{
		ID: c.ID, RunID: c.RunID, Step: c.Step, Attempt: c.Attempt, TaskID: c.TaskID, Number: c.Key.Number, AgentID: c.AgentID, WebsiteID: c.WebsiteID,
		Pipeline: c.Pipeline, Name: c.Name, Provider: c.Provider, Model: c.Model, DegradedFrom: c.Degraded, State: c.State, Currency: c.Currency,
		ReservedMicros: c.Reserved, CostMicros: c.Charged(), AdjustedMicros: c.Adjusted, UsageKnown: c.UsageKnown, InputTokens: c.Usage.Input,
		CachedInputTokens: c.Usage.CachedInput, OutputTokens: c.Usage.Output, ReasoningTokens: c.Usage.Reasoning, Finish: c.Finish, Error: c.Error,
		RequestHash: c.Key.Hash, AnswerHash: c.AnswerHash, ProviderRequestID: c.RequestID, CreatedAt: c.CreatedAt.UTC(), SettledAt: utc(c.SettledAt),
	}
}

type (
	spendingInput struct {
		Window
		By   domain.SpendingBy `query:"by" enum:"site,pipeline,agent,model,provider,day,run" default:"day" doc:"What lines are made of"`
		From time.Time         `query:"from" doc:"Only calls from this time on"`
		To   time.Time         `query:"to" doc:"Only calls before this time"`
	}
	listModelCallsInput struct {
		Window
		RunID     domain.RunID     `query:"run_id" maxLength:"100" doc:"Only calls of this run"`
		TaskID    domain.TaskID    `query:"task_id" maxLength:"100" doc:"Only calls of this task"`
		WebsiteID domain.WebsiteID `query:"website_id" maxLength:"100" doc:"Only calls for this website"`
		AgentID   domain.AgentID   `query:"agent_id" maxLength:"100" doc:"Only calls of this agent"`
		Pipeline  string           `query:"pipeline" maxLength:"200" doc:"Only calls of runs of this pipeline"`
		Provider  string           `query:"provider" maxLength:"200" doc:"Only calls of this provider"`
		Model     string           `query:"model" maxLength:"200" doc:"Only calls of the model with this name of the vendor"`
		State     domain.CallState `query:"state" enum:"reserved,settled,lost,released" doc:"Only calls in this state"`
		From      time.Time        `query:"from" doc:"Only calls from this time on"`
		To        time.Time        `query:"to" doc:"Only calls before this time"`
	}
)

var exampleModelCall = modelCallBody{
	ID: "call_01k2ja", RunID: "run_01k2ja", Step: "write", Attempt: 1, Number: 1, AgentID: "content_generator", WebsiteID: "site_01k2ja", Pipeline: "launch_website",
	Name: "default", Provider: "openai", Model: "gpt-6-luna", State: domain.CallSettled, Currency: "USD", ReservedMicros: 2_310, CostMicros: 412, UsageKnown: true,
	InputTokens: 1_120, OutputTokens: 600, Finish: "stop", RequestHash: exampleHash, AnswerHash: exampleHash, ProviderRequestID: "req_7f3a", CreatedAt: exampleTime,
	SettledAt: &exampleTime,
}

func registerSpending(a *API, budgets spendingService) {
	handle(a, operation{
		id: "list-spending", method: http.MethodGet, path: "/budgets/spending", tag: "budgets", permission: domain.WebsitesRead,
		summary: "Report what model calls cost", text: "The dearest first; days in their order.",
		response: []spendingBody{{
			Key: "2026-03-01", Currency: "USD", Calls: 214, SpentMicros: 1_204_310, Spent: domain.Money{Minor: 120, Currency: "USD"}, InputTokens: 480_112, OutputTokens: 91_420,
		}},
	}, func(ctx context.Context, in *spendingInput) (*listOutput[spendingBody], error) {
		items, total, err := budgets.Spending(ctx, in.By, domain.CallFilter{From: in.From, To: in.To}, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toSpending), nil
	})
	handle(a, operation{
		id: "list-model-calls", method: http.MethodGet, path: "/model-calls", tag: "budgets", permission: domain.WebsitesRead,
		summary: "List calls of models", text: "Newest first, without what was asked and answered.", response: []modelCallBody{exampleModelCall},
	}, func(ctx context.Context, in *listModelCallsInput) (*listOutput[modelCallBody], error) {
		f := domain.CallFilter{
			RunID: in.RunID, TaskID: in.TaskID, WebsiteID: in.WebsiteID, AgentID: in.AgentID, Pipeline: in.Pipeline, Provider: in.Provider, Model: in.Model,
			State: in.State, From: in.From, To: in.To,
		}
		items, total, err := budgets.Calls(ctx, f, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toModelCall), nil
	})
}
