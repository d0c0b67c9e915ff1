package domain

import (
	"math/bits"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// PriceID identifies a recorded price: price_….
type PriceID string

// Rates are what tokens cost, in millionths of the currency's major unit for a
// million tokens: 2.50 USD for a million tokens are 2,500,000.
type Rates struct {
	Input       Micros `json:"input_micros"`
	CachedInput Micros `json:"cached_input_micros"` // input that the provider had in its cache
	CacheWrite  Micros `json:"cache_write_micros"`  // input that it put there
	Output      Micros `json:"output_micros"`       // with what the model thought
}

// PriceBand holds the rates of calls with more input than a threshold.
type PriceBand struct {
	AboveTokens int `json:"above_tokens"`
	Rates
}

// Price is what a provider's model costs from a time on, until the next price. A
// price that was wrong is recorded again with the same time: the last one recorded
// counts, and none is removed.
type Price struct {
	ID            PriceID     `json:"id"`
	Provider      string      `json:"provider"`
	Model         string      `json:"model"` // the vendor's name
	Currency      string      `json:"currency"`
	EffectiveFrom time.Time   `json:"effective_from"`
	Rates                     // of calls below every band
	Bands         []PriceBand `json:"bands"` // by rising threshold
	RecordedAt    time.Time   `json:"recorded_at"`
	RecordedBy    UserID      `json:"recorded_by,omitempty"`
}

const (
	// MaxRate bounds rates: 10,000 major units for a million tokens.
	MaxRate Micros = 10_000_000_000
	// MaxTokens bounds the tokens of one call, so that no cost overflows.
	MaxTokens = 100_000_000
)

// Validate checks what a price must hold.
func (p *Price) Validate() error {
	for _, f := range []struct{ field, value string }{{"provider", p.Provider}, {"model", p.Model}} {
		if f.value == "" || len(f.value) > MaxName || strings.ContainsFunc(f.value, unicode.IsControl) || !utf8.ValidString(f.value) {
			return Invalid(f.field, "A price needs a %s of at most %d bytes without control characters.", f.field, MaxName)
		}
	}
	if !ValidCurrency(p.Currency) {
		return Invalid("currency", "Currency %q is not an ISO 4217 code.", p.Currency)
	}
	if len(p.Bands) > 8 {
		return Invalid("bands", "A price has at most 8 bands.")
	}
	above := 0
	for _, b := range p.Bands {
		if b.AboveTokens <= above || b.AboveTokens > MaxTokens {
			return Invalid("bands", "The thresholds of bands rise from 1 to %d tokens.", MaxTokens)
		}
		above = b.AboveTokens
	}
	for _, r := range p.rates() {
		for _, v := range []Micros{r.Input, r.CachedInput, r.CacheWrite, r.Output} {
			if v < 0 || v > MaxRate {
				return Invalid("rates", "A rate is not negative and at most %d micros for a million tokens.", MaxRate)
			}
		}
	}
	return nil
}

func (p *Price) rates() []Rates {
	out := []Rates{p.Rates}
	for _, b := range p.Bands {
		out = append(out, b.Rates)
	}
	return out
}

// at returns the rates of a call with so much input.
func (p *Price) at(input int) Rates {
	r := p.Rates
	for _, b := range p.Bands {
		if input > b.AboveTokens {
			r = b.Rates
		}
	}
	return r
}

// Usage is what a call took, as the provider counts it.
type Usage struct {
	Input       int `json:"input_tokens"` // all of it, with CachedInput and CacheWrite
	CachedInput int `json:"cached_input_tokens"`
	CacheWrite  int `json:"cache_write_tokens"`
	Output      int `json:"output_tokens"` // all of it, with Reasoning
	Reasoning   int `json:"reasoning_tokens"`
}

// Valid reports whether the figures can be true.
func (u Usage) Valid() bool {
	for _, n := range []int{u.Input, u.CachedInput, u.CacheWrite, u.Output, u.Reasoning} {
		if n < 0 || n > MaxTokens {
			return false
		}
	}
	return u.CachedInput+u.CacheWrite <= u.Input && u.Reasoning <= u.Output
}

// Cost returns what a call costs, in whole millionths, rounded up.
func (p *Price) Cost(u Usage) Micros {
	r := p.at(u.Input)
	return perMillion(product{u.Input - u.CachedInput - u.CacheWrite, r.Input}, product{u.CachedInput, r.CachedInput},
		product{u.CacheWrite, r.CacheWrite}, product{u.Output, r.Output})
}

// Bound returns the most that a call can cost whose input and output do not exceed
// these numbers of tokens: at the dearest rates of any band it can fall into.
func (p *Price) Bound(input, output int) Micros {
	var in, out Micros
	for i, r := range p.rates() {
		if i > 0 && input <= p.Bands[i-1].AboveTokens {
			break
		}
		in, out = slices.Max([]Micros{in, r.Input, r.CachedInput, r.CacheWrite}), max(out, r.Output)
	}
	return perMillion(product{input, in}, product{output, out})
}

type product struct {
	tokens int
	rate   Micros
}

// perMillion sums tokens × rate ÷ 1,000,000 and rounds up. The bounds of tokens and
// rates keep each product below 2^60, the sum within 128 bits.
func perMillion(products ...product) Micros {
	var high, low, carry uint64
	for _, p := range products {
		h, l := bits.Mul64(uint64(max(p.tokens, 0)), uint64(max(p.rate, 0)))
		low, carry = bits.Add64(low, l, 0)
		high += h + carry
	}
	low, carry = bits.Add64(low, 999_999, 0)
	q, _ := bits.Div64(high+carry, low, 1_000_000)
	return Micros(min(q, uint64(MaxLimit)))
}
