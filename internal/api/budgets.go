package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type budgetService interface {
	List(ctx context.Context, w domain.Window) ([]domain.BudgetState, int, error)
	Get(ctx context.Context, id domain.BudgetID) (*domain.BudgetState, error)
	Create(ctx context.Context, b domain.Budget) (*domain.BudgetState, error)
	Update(ctx context.Context, id domain.BudgetID, p domain.BudgetPatch) (*domain.BudgetState, error)
	Delete(ctx context.Context, id domain.BudgetID) error
	Raise(ctx context.Context, id domain.BudgetID, p domain.RaiseParams) (*domain.BudgetState, error)
	spendingService
}

// budgetScopeBody says which calls a budget counts.
type budgetScopeBody struct {
	WebsiteID domain.WebsiteID `json:"website_id,omitempty" maxLength:"100" doc:"Only calls for this website; empty: for all"`
	Pipeline  string           `json:"pipeline,omitempty" maxLength:"200" doc:"Only calls of runs of this pipeline; empty: of all"`
	AgentID   domain.AgentID   `json:"agent_id,omitempty" maxLength:"100" doc:"Only calls of this agent; empty: of all"`
	Model     string           `json:"model,omitempty" maxLength:"200" doc:"Only calls of this model, by its name in the configuration or the vendor's; empty: of all"`
}

// budgetPeriodBody is what a budget has counted in its current period. Amounts in
// micros are millionths of the currency's major unit.
type budgetPeriodBody struct {
	Start          time.Time     `json:"start"`
	End            *time.Time    `json:"end" doc:"null: it has none"`
	RaisedMicros   domain.Micros `json:"raised_micros" doc:"Added to the limit for this period"`
	ReservedMicros domain.Micros `json:"reserved_micros" doc:"Set aside for calls that are under way"`
	SpentMicros    domain.Micros `json:"spent_micros"`
	LeftMicros     domain.Micros `json:"left_micros" doc:"Negative if a corrected price made calls dearer"`
	Spent          domain.Money  `json:"spent" doc:"Rounded"`
	DegradedAt     *time.Time    `json:"degraded_at" doc:"When degrade_at was reached"`
	ExhaustedAt    *time.Time    `json:"exhausted_at" doc:"When a call was refused first"`
}

type budgetBody struct {
	ID        domain.BudgetID     `json:"id"`
	Name      string              `json:"name"`
	Scope     budgetScopeBody     `json:"scope"`
	Period    domain.BudgetPeriod `json:"period" enum:"day,month,total"`
	TimeZone  string              `json:"time_zone" doc:"In which days and months begin"`
	Limit     domain.Money        `json:"limit" doc:"In minor units"`
	DegradeAt int                 `json:"degrade_at" doc:"Percentage of the limit from which on the cheaper model answers; 0: never"`
	OnLimit   domain.LimitAction  `json:"on_limit" enum:"pause,ask,fail" doc:"What becomes of work whose call is refused: it waits for the next period, waits and asks a person, or fails"`
	Current   budgetPeriodBody    `json:"current"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
}

func toBudget(s *domain.BudgetState) budgetBody {
	c, limit := &s.Count, domain.MicrosOf(s.Limit)
	b := budgetBody{
		ID: s.ID, Name: s.Name, Scope: budgetScopeBody(s.Scope), Period: s.Period, TimeZone: s.TimeZone, Limit: s.Limit, DegradeAt: s.DegradeAt, OnLimit: s.OnLimit,
		CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
		Current: budgetPeriodBody{
			Start: c.Start.UTC(), RaisedMicros: c.Raised, ReservedMicros: c.Reserved, SpentMicros: c.Spent, LeftMicros: c.Left(limit),
			Spent: c.Spent.Money(s.Limit.Currency), DegradedAt: utc(c.DegradedAt), ExhaustedAt: utc(c.ExhaustedAt),
		},
	}
	if b.TimeZone == "" {
		b.TimeZone = "UTC"
	}
	if !c.End.IsZero() {
		b.Current.End = utc(&c.End)
	}
	return b
}

type (
	listBudgetsInput struct{ Window }
	budgetInput      struct {
		ID domain.BudgetID `path:"budget_id"`
	}
	createBudgetInput struct {
		Body struct {
			Name       string              `json:"name" minLength:"1" maxLength:"200" doc:"Unique"`
			Scope      *budgetScopeBody    `json:"scope,omitempty" doc:"Which calls count: those that fit every part; left out: all"`
			Period     domain.BudgetPeriod `json:"period" enum:"day,month,total"`
			TimeZone   string              `json:"time_zone,omitempty" maxLength:"64" doc:"Such as Europe/Berlin; UTC if left out"`
			LimitMinor int64               `json:"limit_minor" minimum:"0" maximum:"1000000000000" doc:"In minor units: 500 is 5.00"`
			Currency   string              `json:"currency,omitempty" minLength:"3" maxLength:"3" doc:"That of the setting models.currency, which it is if left out"`
			DegradeAt  int                 `json:"degrade_at,omitempty" minimum:"0" maximum:"100" doc:"Percentage of the limit from which on the cheaper model answers; 0: never"`
			OnLimit    domain.LimitAction  `json:"on_limit,omitempty" enum:"pause,ask,fail" doc:"pause if left out"`
		}
	}
	updateBudgetInput struct {
		ID   domain.BudgetID `path:"budget_id"`
		Body struct {
			Name       *string             `json:"name,omitempty" minLength:"1" maxLength:"200"`
			LimitMinor *int64              `json:"limit_minor,omitempty" minimum:"0" maximum:"1000000000000" doc:"Only a person may make it greater"`
			DegradeAt  *int                `json:"degrade_at,omitempty" minimum:"0" maximum:"100"`
			OnLimit    *domain.LimitAction `json:"on_limit,omitempty" enum:"pause,ask,fail"`
		}
	}
	raiseBudgetInput struct {
		ID   domain.BudgetID `path:"budget_id"`
		Body struct {
			AmountMinor int64 `json:"amount_minor" minimum:"1" maximum:"1000000000000" doc:"By so many minor units"`
			Permanent   bool  `json:"permanent,omitempty" doc:"The limit itself, not only that of the current period"`
		}
	}
	budgetOutput struct{ Body budgetBody }
)

var (
	exampleUntil  = exampleTime.AddDate(0, 0, 1)
	exampleBudget = budgetBody{
		ID: "bud_01k2ja", Name: "articles", Scope: budgetScopeBody{Pipeline: "launch_website"}, Period: domain.PeriodDay, TimeZone: "UTC",
		Limit: domain.Money{Minor: 500, Currency: "USD"}, DegradeAt: 80, OnLimit: domain.LimitAsk, CreatedAt: exampleTime, UpdatedAt: exampleTime,
		Current: budgetPeriodBody{
			Start: exampleTime, End: &exampleUntil, ReservedMicros: 18_000, SpentMicros: 1_204_310, LeftMicros: 3_777_690, Spent: domain.Money{Minor: 120, Currency: "USD"},
		},
	}
)

func toBudgetOutput(s *domain.BudgetState, err error) (*budgetOutput, error) {
	if err != nil {
		return nil, err
	}
	return &budgetOutput{toBudget(s)}, nil
}

func registerBudgets(a *API, budgets budgetService) {
	handle(a, operation{
		id: "list-budgets", method: http.MethodGet, path: "/budgets", tag: "budgets", permission: domain.WebsitesRead,
		summary: "List budgets", text: "By name, with what their current periods have counted.", response: []budgetBody{exampleBudget},
	}, func(ctx context.Context, in *listBudgetsInput) (*listOutput[budgetBody], error) {
		items, total, err := budgets.List(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toBudget), nil
	})
	handle(a, operation{
		id: "get-budget", method: http.MethodGet, path: "/budgets/{budget_id}", tag: "budgets", permission: domain.WebsitesRead,
		summary: "Show a budget", response: exampleBudget,
	}, func(ctx context.Context, in *budgetInput) (*budgetOutput, error) {
		return toBudgetOutput(budgets.Get(ctx, in.ID))
	})
	handle(a, operation{
		id: "create-budget", method: http.MethodPost, path: "/budgets", tag: "budgets", permission: domain.AdminFull, status: http.StatusCreated,
		summary:  "Limit what model calls may cost",
		text:     "A call is made only if the most that it can cost fits into every budget that counts it. A budget counts calls that are made after it was.",
		problems: []int{http.StatusNotFound, http.StatusConflict},
		request: map[string]any{
			"name": "articles", "scope": map[string]any{"pipeline": "launch_website"}, "period": "day", "limit_minor": 500, "degrade_at": 80, "on_limit": "ask",
		}, response: exampleBudget,
	}, func(ctx context.Context, in *createBudgetInput) (*budgetOutput, error) {
		b := &in.Body
		budget := domain.Budget{
			Name: b.Name, Period: b.Period, TimeZone: b.TimeZone, Limit: domain.Money{Minor: b.LimitMinor, Currency: b.Currency}, DegradeAt: b.DegradeAt, OnLimit: b.OnLimit,
		}
		if b.Scope != nil {
			budget.Scope = domain.BudgetScope(*b.Scope)
		}
		return toBudgetOutput(budgets.Create(ctx, budget))
	})
	registerBudgetChanges(a, budgets)
}

func registerBudgetChanges(a *API, budgets budgetService) {
	handle(a, operation{
		id: "update-budget", method: http.MethodPatch, path: "/budgets/{budget_id}", tag: "budgets", permission: domain.AdminFull,
		summary: "Change a budget", text: "What it counts, its period and its currency never change.", problems: []int{http.StatusConflict},
		request: map[string]any{"limit_minor": 400}, response: exampleBudget,
	}, func(ctx context.Context, in *updateBudgetInput) (*budgetOutput, error) {
		b := &in.Body
		return toBudgetOutput(budgets.Update(ctx, in.ID, domain.BudgetPatch{Name: b.Name, Limit: b.LimitMinor, DegradeAt: b.DegradeAt, OnLimit: b.OnLimit}))
	})
	handle(a, operation{
		id: "delete-budget", method: http.MethodDelete, path: "/budgets/{budget_id}", tag: "budgets", permission: domain.AdminFull, status: http.StatusNoContent,
		summary: "Delete a budget", text: "What waits for it goes on. Only a person may do it. The calls that it counted stay in the ledger.",
	}, func(ctx context.Context, in *budgetInput) (*struct{}, error) {
		return nil, budgets.Delete(ctx, in.ID)
	})
	handle(a, operation{
		id: "raise-budget", method: http.MethodPost, path: "/budgets/{budget_id}/raise", tag: "budgets", permission: domain.AdminFull,
		summary: "Raise a budget", text: "For its current period, or for good. What waits for it goes on. Only a person may do it.",
		request: map[string]any{"amount_minor": 200}, response: exampleBudget,
	}, func(ctx context.Context, in *raiseBudgetInput) (*budgetOutput, error) {
		return toBudgetOutput(budgets.Raise(ctx, in.ID, domain.RaiseParams{Minor: in.Body.AmountMinor, Permanent: in.Body.Permanent}))
	})
}
