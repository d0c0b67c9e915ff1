package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

// priceBody is what a model costs, in millionths of the currency's major unit for a
// million tokens.
type priceBody struct {
	ID                domain.PriceID  `json:"id"`
	Provider          string          `json:"provider"`
	Model             string          `json:"model" doc:"The vendor's name"`
	Currency          string          `json:"currency"`
	EffectiveFrom     time.Time       `json:"effective_from"`
	InputMicros       domain.Micros   `json:"input_micros" doc:"For a million tokens: 2500000 is 2.50"`
	CachedInputMicros domain.Micros   `json:"cached_input_micros" doc:"Of input that the provider had in its cache"`
	CacheWriteMicros  domain.Micros   `json:"cache_write_micros" doc:"Of input that it put there"`
	OutputMicros      domain.Micros   `json:"output_micros"`
	Bands             []priceBandBody `json:"bands" doc:"Other rates for calls with more input"`
	RecordedAt        time.Time       `json:"recorded_at"`
	RecordedBy        *domain.UserID  `json:"recorded_by"`
}

type priceBandBody struct {
	AboveTokens       int           `json:"above_tokens" minimum:"1" maximum:"100000000" doc:"For calls with more input tokens than this"`
	InputMicros       domain.Micros `json:"input_micros" minimum:"0" maximum:"10000000000"`
	CachedInputMicros domain.Micros `json:"cached_input_micros" minimum:"0" maximum:"10000000000"`
	CacheWriteMicros  domain.Micros `json:"cache_write_micros" minimum:"0" maximum:"10000000000"`
	OutputMicros      domain.Micros `json:"output_micros" minimum:"0" maximum:"10000000000"`
}

func toPrice(p *domain.Price) priceBody {
	b := priceBody{
		ID: p.ID, Provider: p.Provider, Model: p.Model, Currency: p.Currency, EffectiveFrom: p.EffectiveFrom.UTC(), InputMicros: p.Input,
		CachedInputMicros: p.CachedInput, CacheWriteMicros: p.CacheWrite, OutputMicros: p.Output, Bands: make([]priceBandBody, 0, len(p.Bands)), RecordedAt: p.RecordedAt.UTC(),
	}
	for _, x := range p.Bands {
		b.Bands = append(b.Bands, priceBandBody{x.AboveTokens, x.Input, x.CachedInput, x.CacheWrite, x.Output})
	}
	if p.RecordedBy != "" {
		b.RecordedBy = &p.RecordedBy
	}
	return b
}

type (
	listPricesInput struct{ Window }
	setPriceInput   struct {
		Body struct {
			Provider          string          `json:"provider" minLength:"1" maxLength:"200" doc:"As the configuration names it"`
			Model             string          `json:"model" minLength:"1" maxLength:"200" doc:"The vendor's name"`
			Currency          string          `json:"currency,omitempty" minLength:"3" maxLength:"3" doc:"That of the setting models.currency, which it is if left out"`
			EffectiveFrom     *time.Time      `json:"effective_from,omitempty" doc:"Now if left out"`
			InputMicros       domain.Micros   `json:"input_micros" minimum:"0" maximum:"10000000000" doc:"For a million tokens: 2500000 is 2.50"`
			CachedInputMicros *domain.Micros  `json:"cached_input_micros,omitempty" minimum:"0" maximum:"10000000000" doc:"As input if left out"`
			CacheWriteMicros  *domain.Micros  `json:"cache_write_micros,omitempty" minimum:"0" maximum:"10000000000" doc:"As input if left out"`
			OutputMicros      domain.Micros   `json:"output_micros" minimum:"0" maximum:"10000000000"`
			Bands             []priceBandBody `json:"bands,omitempty" maxItems:"8" doc:"By rising threshold"`
		}
	}
	resettleInput struct {
		Body struct {
			Provider string     `json:"provider" minLength:"1" maxLength:"200"`
			Model    string     `json:"model" minLength:"1" maxLength:"200"`
			From     time.Time  `json:"from" doc:"Of the calls to look at"`
			To       *time.Time `json:"to,omitempty" doc:"Now if left out"`
		}
	}
	resettlementBody struct {
		Calls       int           `json:"calls" doc:"Looked at"`
		Adjusted    int           `json:"adjusted" doc:"Of them, those whose cost changed"`
		DeltaMicros domain.Micros `json:"delta_micros" doc:"By how much in all"`
		Currency    string        `json:"currency"`
	}
	priceOutput        struct{ Body priceBody }
	resettlementOutput struct{ Body resettlementBody }
)

var examplePrice = priceBody{
	ID: "price_01k2ja", Provider: "openai", Model: "gpt-6-luna", Currency: "USD", EffectiveFrom: exampleTime, InputMicros: 100_000, CachedInputMicros: 10_000,
	CacheWriteMicros: 125_000, OutputMicros: 500_000, RecordedAt: exampleTime,
	Bands: []priceBandBody{{AboveTokens: 272_000, InputMicros: 200_000, CachedInputMicros: 20_000, CacheWriteMicros: 250_000, OutputMicros: 1_000_000}},
}

func (in *setPriceInput) price() domain.Price {
	b := &in.Body
	p := domain.Price{
		Provider: b.Provider, Model: b.Model, Currency: b.Currency,
		Rates: domain.Rates{Input: b.InputMicros, CachedInput: b.InputMicros, CacheWrite: b.InputMicros, Output: b.OutputMicros},
	}
	if b.EffectiveFrom != nil {
		p.EffectiveFrom = *b.EffectiveFrom
	}
	if b.CachedInputMicros != nil {
		p.CachedInput = *b.CachedInputMicros
	}
	if b.CacheWriteMicros != nil {
		p.CacheWrite = *b.CacheWriteMicros
	}
	for _, x := range b.Bands {
		p.Bands = append(p.Bands, domain.PriceBand{AboveTokens: x.AboveTokens, Rates: domain.Rates{
			Input: x.InputMicros, CachedInput: x.CachedInputMicros, CacheWrite: x.CacheWriteMicros, Output: x.OutputMicros,
		}})
	}
	return p
}

func registerPrices(a *API, budgets spendingService) {
	handle(a, operation{
		id: "list-prices", method: http.MethodGet, path: "/prices", tag: "budgets", permission: domain.WebsitesRead,
		summary: "List what models cost", text: "By provider and model, the newest first. A price that was recorded again is shown once, as it counts.",
		response: []priceBody{examplePrice},
	}, func(ctx context.Context, in *listPricesInput) (*listOutput[priceBody], error) {
		items, total, err := budgets.Prices(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toPrice), nil
	})
	handle(a, operation{
		id: "set-price", method: http.MethodPut, path: "/prices", tag: "budgets", permission: domain.AdminFull,
		summary: "Record what a model costs",
		text: "From a time on, until the next price. A model without a price is not called; one that costs nothing has the price 0. To correct a price, record it again " +
			"with the same `effective_from` and have the calls settled again. Prices belong to the installation: only its administrators record them.",
		request:  map[string]any{"provider": "openai", "model": "gpt-6-luna", "input_micros": 100_000, "cached_input_micros": 10_000, "output_micros": 500_000},
		response: examplePrice,
	}, func(ctx context.Context, in *setPriceInput) (*priceOutput, error) {
		p, err := budgets.SetPrice(ctx, in.price())
		if err != nil {
			return nil, err
		}
		return &priceOutput{toPrice(p)}, nil
	})
	handle(a, operation{
		id: "resettle-prices", method: http.MethodPost, path: "/prices/resettle", tag: "budgets", permission: domain.AdminFull,
		summary: "Settle calls again after a price was corrected",
		text: "Computes again what the calls of a model within at most 400 days cost, at the prices that count now, and moves the difference in every budget that counted " +
			"them. What they cost before stays in the ledger. It may be repeated.",
		problems: []int{http.StatusNotFound},
		request:  map[string]any{"provider": "openai", "model": "gpt-6-luna", "from": exampleTime}, response: resettlementBody{Calls: 214, Adjusted: 98, DeltaMicros: -20_415, Currency: "USD"},
	}, func(ctx context.Context, in *resettleInput) (*resettlementOutput, error) {
		var to time.Time
		if in.Body.To != nil {
			to = *in.Body.To
		}
		r, err := budgets.Resettle(ctx, in.Body.Provider, in.Body.Model, in.Body.From, to)
		if err != nil {
			return nil, err
		}
		return &resettlementOutput{resettlementBody{r.Calls, r.Adjusted, r.Delta, r.Currency}}, nil
	})
}
