package domain

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LimitAction is what becomes of work whose budget does not carry the next call.
type LimitAction string

// The actions.
const (
	LimitPause LimitAction = "pause" // the work waits until the period ends or the budget is raised
	LimitAsk   LimitAction = "ask"   // it waits, and a person is asked to raise the budget
	LimitFail  LimitAction = "fail"  // it fails
)

// BudgetPeriod is how long the limit of a budget lasts.
type BudgetPeriod string

// The periods.
const (
	PeriodDay   BudgetPeriod = "day"
	PeriodMonth BudgetPeriod = "month"
	PeriodTotal BudgetPeriod = "total" // one period without end
)

// BudgetScope says which calls a budget counts: those that fit every field that is
// not empty. A budget with an empty scope counts all calls of its tenant.
type BudgetScope struct {
	WebsiteID WebsiteID `json:"website_id,omitempty"`
	Pipeline  string    `json:"pipeline,omitempty"`
	AgentID   AgentID   `json:"agent_id,omitempty"`
	// Model is a name in the configuration, or the vendor's name.
	Model string `json:"model,omitempty"`
}

// Covers reports whether a call with the scope and the two names of its model is
// counted.
func (s BudgetScope) Covers(w WorkScope, name, vendorModel string) bool {
	return (s.WebsiteID == "" || s.WebsiteID == w.WebsiteID) && (s.Pipeline == "" || s.Pipeline == w.Pipeline) &&
		(s.AgentID == "" || s.AgentID == w.AgentID) && (s.Model == "" || s.Model == name || s.Model == vendorModel)
}

// Budget limits what model calls may cost in a period. It counts calls that are
// made after it was; its scope, period and currency never change.
type Budget struct {
	ID       BudgetID     `json:"id"`
	Tenant   TenantID     `json:"tenant"`
	Name     string       `json:"name"`
	Scope    BudgetScope  `json:"scope"`
	Period   BudgetPeriod `json:"period"`
	TimeZone string       `json:"time_zone"` // in which days and months begin; empty: UTC
	Limit    Money        `json:"limit"`
	// DegradeAt is the percentage of the limit from which on the cheaper model that
	// the configuration names is used; 0: never.
	DegradeAt int         `json:"degrade_at"`
	OnLimit   LimitAction `json:"on_limit"`
	CreatedAt time.Time   `json:"created_at"`
	UpdatedAt time.Time   `json:"updated_at"`
}

// MaxLimit bounds limits, in millionths, so that no sum overflows.
const MaxLimit Micros = 1_000_000_000_000_000 // a billion

// Validate checks what a budget must hold.
func (b *Budget) Validate() error {
	if n := strings.TrimSpace(b.Name); n == "" || len(b.Name) > MaxName || strings.ContainsFunc(b.Name, unicode.IsControl) || !utf8.ValidString(b.Name) {
		return Invalid("name", "A budget needs a name of at most %d bytes without control characters.", MaxName)
	}
	if b.Period != PeriodDay && b.Period != PeriodMonth && b.Period != PeriodTotal {
		return Invalid("period", "Period %q is not one of day, month, total.", b.Period)
	}
	if _, err := b.location(); err != nil {
		return Invalid("time_zone", "Time zone %q is not known; Europe/Berlin would be one.", b.TimeZone)
	}
	if err := b.Limit.Validate(); err != nil {
		return Invalid("currency", "Currency %q is not an ISO 4217 code.", b.Limit.Currency)
	}
	if b.Limit.Minor < 0 || b.Limit.Minor > int64(MaxLimit/1000) || MicrosOf(b.Limit) > MaxLimit {
		return Invalid("limit", "A limit is not negative and less than a billion.")
	}
	if b.DegradeAt < 0 || b.DegradeAt > 100 {
		return Invalid("degrade_at", "A percentage lies between 0 and 100.")
	}
	if b.OnLimit != LimitPause && b.OnLimit != LimitAsk && b.OnLimit != LimitFail {
		return Invalid("on_limit", "%q is not one of pause, ask, fail.", b.OnLimit)
	}
	for _, f := range []struct{ field, value string }{
		{"scope.website_id", string(b.Scope.WebsiteID)}, {"scope.pipeline", b.Scope.Pipeline}, {"scope.agent_id", string(b.Scope.AgentID)}, {"scope.model", b.Scope.Model},
	} {
		if len(f.value) > MaxName || strings.ContainsFunc(f.value, unicode.IsControl) || !utf8.ValidString(f.value) {
			return Invalid(f.field, "It has at most %d bytes and no control characters.", MaxName)
		}
	}
	return nil
}

func (b *Budget) location() (*time.Location, error) {
	if b.TimeZone == "Local" { // of whatever machine this is
		return nil, Invalid("time_zone", "Time zone Local is not the same everywhere.")
	}
	return time.LoadLocation(b.TimeZone) // "" is UTC
}

// distantPast is when the period of a budget without periods began.
var distantPast = time.Unix(0, 0).UTC()

// PeriodAt returns when the period that holds t begins and ends. The end is zero for
// PeriodTotal. A time zone that is not known counts as UTC: Validate refuses those.
func (b *Budget) PeriodAt(t time.Time) (start, end time.Time) {
	loc, err := b.location()
	if err != nil {
		loc = time.UTC
	}
	y, m, d := t.In(loc).Date()
	switch b.Period {
	case PeriodDay:
		return time.Date(y, m, d, 0, 0, 0, 0, loc).UTC(), time.Date(y, m, d+1, 0, 0, 0, 0, loc).UTC()
	case PeriodMonth:
		return time.Date(y, m, 1, 0, 0, 0, 0, loc).UTC(), time.Date(y, m+1, 1, 0, 0, 0, 0, loc).UTC()
	default:
		return distantPast, time.Time{}
	}
}

// BudgetCount is what a budget has counted in one period.
type BudgetCount struct {
	BudgetID BudgetID
	Start    time.Time
	End      time.Time // zero: without end
	Raised   Micros    // added to the limit for this period
	Reserved Micros    // for calls that are under way
	Spent    Micros
	// DegradedAt and ExhaustedAt are when the threshold and the limit were met first.
	DegradedAt  *time.Time
	ExhaustedAt *time.Time
}

// Left returns what may still be spent under a limit; it is negative once more was
// spent, which happens when a price is corrected.
func (c *BudgetCount) Left(limit Micros) Micros { return limit + c.Raised - c.Spent - c.Reserved }

// Degraded reports whether a percentage of the limit is used up.
func (c *BudgetCount) Degraded(limit Micros, percent int) bool {
	return percent > 0 && (c.Spent+c.Reserved)*100 >= (limit+c.Raised)*Micros(percent)
}

// BudgetState is a budget with what its current period has counted.
type BudgetState struct {
	Budget
	Count BudgetCount
}

// BudgetPatch changes a budget; nil leaves a part as it is.
type BudgetPatch struct {
	Name      *string
	Limit     *int64 // minor units
	DegradeAt *int
	OnLimit   *LimitAction
}

// RaiseParams raise a budget by an amount.
type RaiseParams struct {
	Minor int64 // minor units of the budget's currency
	// Permanent raises the limit itself, else only that of the current period.
	Permanent bool
	// Approval is the question that was answered with it, if there was one.
	Approval ApprovalID
}

// BudgetWait is a step that waits for a budget.
type BudgetWait struct {
	RunID    RunID
	Step     string
	BudgetID BudgetID
	Until    *time.Time // when it may go on; nil: once the budget is raised
}

// BudgetRaise is the payload of a question of the kind raise_budget.
type BudgetRaise struct {
	BudgetID BudgetID `json:"budget_id"`
	Name     string   `json:"name"`
	// Minor is by how much to raise the current period at least, in minor units.
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// MicrosOf returns an amount in millionths.
func MicrosOf(m Money) Micros {
	return Micros(m.Minor * (1_000_000 / pow10(CurrencyDigits(m.Currency))))
}

// Money returns an amount in minor units, rounded half away from zero.
func (m Micros) Money(currency string) Money {
	unit := Micros(1_000_000 / pow10(CurrencyDigits(currency)))
	half := unit / 2
	if m < 0 {
		half = -half
	}
	return Money{Minor: int64((m + half) / unit), Currency: currency}
}

// MoneyUp returns an amount in minor units, rounded up.
func (m Micros) MoneyUp(currency string) Money {
	unit := Micros(1_000_000 / pow10(CurrencyDigits(currency)))
	n := m / unit
	if m%unit > 0 {
		n++
	}
	return Money{Minor: int64(n), Currency: currency}
}

// Amount returns an amount as people write it, with as many decimals as it has but
// at least those of its currency: "0.0125 EUR".
func (m Micros) Amount(currency string) string {
	sign, n := "", m
	if n < 0 {
		sign, n = "-", -n
	}
	s := fmt.Sprintf("%s%d.%06d", sign, n/1_000_000, n%1_000_000)
	for keep := len(s) - 6 + CurrencyDigits(currency); len(s) > keep && s[len(s)-1] == '0'; {
		s = s[:len(s)-1]
	}
	return strings.TrimSuffix(s, ".") + " " + currency
}
