package main

import (
	"context"
	"time"

	"empire/internal/domain"
)

// budgetKeeper is the part of a portfolio that knows what model calls cost.
type budgetKeeper interface {
	Budgets(ctx context.Context, w domain.Window) ([]budgetView, int, error)
	CreateBudget(ctx context.Context, b domain.Budget) (*budgetView, error)
	UpdateBudget(ctx context.Context, id domain.BudgetID, p domain.BudgetPatch) (*budgetView, error)
	DeleteBudget(ctx context.Context, id domain.BudgetID) error
	RaiseBudget(ctx context.Context, id domain.BudgetID, p domain.RaiseParams) (*budgetView, error)
	Spending(ctx context.Context, by domain.SpendingBy, from, to time.Time, w domain.Window) ([]spendingView, int, error)
	Prices(ctx context.Context, w domain.Window) ([]priceView, int, error)
	SetPrice(ctx context.Context, p domain.Price) (*priceView, error)
	Resettle(ctx context.Context, provider, model string, from, to time.Time) (*resettlementView, error)
}

type budgetView struct {
	ID        domain.BudgetID     `json:"id"`
	Name      string              `json:"name"`
	Scope     domain.BudgetScope  `json:"scope"`
	Period    domain.BudgetPeriod `json:"period"`
	TimeZone  string              `json:"time_zone"`
	Limit     domain.Money        `json:"limit"`
	DegradeAt int                 `json:"degrade_at"`
	OnLimit   domain.LimitAction  `json:"on_limit"`
	Current   budgetPeriodView    `json:"current"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
}

type budgetPeriodView struct {
	Start          time.Time     `json:"start"`
	End            *time.Time    `json:"end"`
	RaisedMicros   domain.Micros `json:"raised_micros"`
	ReservedMicros domain.Micros `json:"reserved_micros"`
	SpentMicros    domain.Micros `json:"spent_micros"`
	LeftMicros     domain.Micros `json:"left_micros"`
	Spent          domain.Money  `json:"spent"`
	DegradedAt     *time.Time    `json:"degraded_at"`
	ExhaustedAt    *time.Time    `json:"exhausted_at"`
}

func viewBudget(s *domain.BudgetState) budgetView {
	c := &s.Count
	v := budgetView{
		ID: s.ID, Name: s.Name, Scope: s.Scope, Period: s.Period, TimeZone: s.TimeZone, Limit: s.Limit, DegradeAt: s.DegradeAt, OnLimit: s.OnLimit,
		CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
		Current: budgetPeriodView{
			Start: c.Start.UTC(), RaisedMicros: c.Raised, ReservedMicros: c.Reserved, SpentMicros: c.Spent, LeftMicros: c.Left(domain.MicrosOf(s.Limit)),
			Spent: c.Spent.Money(s.Limit.Currency), DegradedAt: utc(c.DegradedAt), ExhaustedAt: utc(c.ExhaustedAt),
		},
	}
	if v.TimeZone == "" {
		v.TimeZone = "UTC"
	}
	if !c.End.IsZero() {
		v.Current.End = utc(&c.End)
	}
	return v
}

type spendingView struct {
	Key            string        `json:"key"`
	Currency       string        `json:"currency"`
	Calls          int           `json:"calls"`
	Lost           int           `json:"lost"`
	SpentMicros    domain.Micros `json:"spent_micros"`
	ReservedMicros domain.Micros `json:"reserved_micros"`
	Spent          domain.Money  `json:"spent"`
	InputTokens    int64         `json:"input_tokens"`
	OutputTokens   int64         `json:"output_tokens"`
}

func viewSpending(s *domain.Spending) spendingView {
	return spendingView{s.Key, s.Currency, s.Calls, s.Lost, s.Spent, s.Reserved, s.Spent.Money(s.Currency), s.Input, s.Output}
}

type priceView struct {
	ID                domain.PriceID  `json:"id"`
	Provider          string          `json:"provider"`
	Model             string          `json:"model"`
	Currency          string          `json:"currency"`
	EffectiveFrom     time.Time       `json:"effective_from"`
	InputMicros       domain.Micros   `json:"input_micros"`
	CachedInputMicros domain.Micros   `json:"cached_input_micros"`
	CacheWriteMicros  domain.Micros   `json:"cache_write_micros"`
	OutputMicros      domain.Micros   `json:"output_micros"`
	Bands             []priceBandView `json:"bands"`
	RecordedAt        time.Time       `json:"recorded_at"`
	RecordedBy        *domain.UserID  `json:"recorded_by"`
}

type priceBandView struct {
	AboveTokens       int           `json:"above_tokens"`
	InputMicros       domain.Micros `json:"input_micros"`
	CachedInputMicros domain.Micros `json:"cached_input_micros"`
	CacheWriteMicros  domain.Micros `json:"cache_write_micros"`
	OutputMicros      domain.Micros `json:"output_micros"`
}

func viewPrice(p *domain.Price) priceView {
	v := priceView{
		ID: p.ID, Provider: p.Provider, Model: p.Model, Currency: p.Currency, EffectiveFrom: p.EffectiveFrom.UTC(), InputMicros: p.Input,
		CachedInputMicros: p.CachedInput, CacheWriteMicros: p.CacheWrite, OutputMicros: p.Output, Bands: []priceBandView{}, RecordedAt: p.RecordedAt.UTC(),
	}
	for _, b := range p.Bands {
		v.Bands = append(v.Bands, priceBandView{b.AboveTokens, b.Input, b.CachedInput, b.CacheWrite, b.Output})
	}
	if p.RecordedBy != "" {
		v.RecordedBy = &p.RecordedBy
	}
	return v
}

type resettlementView struct {
	Calls       int           `json:"calls"`
	Adjusted    int           `json:"adjusted"`
	DeltaMicros domain.Micros `json:"delta_micros"`
	Currency    string        `json:"currency"`
}

func viewResettlement(r *domain.Resettlement) resettlementView {
	return resettlementView{r.Calls, r.Adjusted, r.Delta, r.Currency}
}
