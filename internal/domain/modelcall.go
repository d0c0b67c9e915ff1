package domain

import "time"

// ModelCallID identifies a call of a model in the ledger: call_…. It is also the
// idempotency key that the provider gets.
type ModelCallID string

// CallState is how far a call has come.
type CallState string

// The states.
const (
	// CallReserved: money is set aside, and the outcome is not known yet.
	CallReserved CallState = "reserved"
	// CallSettled: the answer is stored, and what it cost is spent.
	CallSettled CallState = "settled"
	// CallLost: nobody knows what became of it, so all that was reserved counts as
	// spent.
	CallLost CallState = "lost"
	// CallReleased: it certainly cost nothing.
	CallReleased CallState = "released"
)

// CallKey names a call so that a repeated step finds the answer of its earlier
// attempt.
type CallKey struct {
	Owner  string // step or task, or an id that was made for this one call
	Number int    // of the call within the work, from 1
	Hash   string // SHA-256 of the request as it was asked for
}

// CallOption is a model that could answer.
type CallOption struct {
	Name       string // in the configuration
	Provider   string
	Model      string // the vendor's name
	InputBound int    // tokens that the request cannot exceed
	MaxOutput  int    // tokens that the answer cannot exceed
}

// CallRequest asks the ledger to set money aside for a call.
type CallRequest struct {
	Key   CallKey
	Scope WorkScope
	// Options are the models to take, the first one that the budgets allow: what was
	// asked for, then what it degrades to.
	Options []CallOption
	// Expires is when a call that was not settled counts as lost.
	Expires time.Time
}

// CallResult is what became of a call.
type CallResult struct {
	State     CallState // CallSettled, CallLost or CallReleased
	Text      string
	Usage     *Usage // nil: the provider did not say, so the bounds count
	Finish    string
	RequestID string // the provider's
	Error     string // class of what went wrong
}

// ModelCall is one call in the ledger.
type ModelCall struct {
	ID         ModelCallID
	Tenant     TenantID
	Key        CallKey
	Pipeline   string
	RunID      RunID
	StepID     StepID
	Step       string
	Attempt    int
	TaskID     TaskID
	AgentID    AgentID
	WebsiteID  WebsiteID
	Name       string // of the model in the configuration
	Provider   string
	Model      string // the vendor's name
	Degraded   string // name of the model that was asked for, if a budget chose a cheaper one
	State      CallState
	Currency   string
	InputBound int
	MaxOutput  int
	Reserved   Micros
	Cost       Micros // at the price when it was settled
	Adjusted   Micros // sum of the later corrections
	UsageKnown bool
	Usage      Usage
	Finish     string
	RequestID  string
	Error      string
	AnswerHash string // SHA-256 of the answer
	CreatedAt  time.Time
	ExpiresAt  time.Time
	SettledAt  *time.Time
	Text       string // the answer; not in lists
}

// Charged returns what the call costs with all corrections.
func (c *ModelCall) Charged() Micros { return c.Cost + c.Adjusted }

// CallPeriod is a period of a budget that counts a call.
type CallPeriod struct {
	BudgetID BudgetID
	Start    time.Time
}

// CallAdjustment corrects the cost of a call after its price was.
type CallAdjustment struct {
	CallID ModelCallID
	At     time.Time
	Delta  Micros
	Price  PriceID
	Actor  UserID
}

// CallFilter selects calls of a list; empty fields select all.
type CallFilter struct {
	Tenant    TenantID
	RunID     RunID
	TaskID    TaskID
	WebsiteID WebsiteID
	AgentID   AgentID
	Pipeline  string
	Model     string
	Provider  string
	State     CallState
	From      time.Time // created at or after
	To        time.Time // created before
}

// SpendingBy is what a report of spending is grouped by.
type SpendingBy string

// The groupings.
const (
	BySite     SpendingBy = "site"
	ByPipeline SpendingBy = "pipeline"
	ByAgent    SpendingBy = "agent"
	ByModel    SpendingBy = "model"
	ByProvider SpendingBy = "provider"
	ByDay      SpendingBy = "day"
	ByRun      SpendingBy = "run"
)

// SpendingGroups returns all groupings.
func SpendingGroups() []SpendingBy {
	return []SpendingBy{BySite, ByPipeline, ByAgent, ByModel, ByProvider, ByDay, ByRun}
}

// Spending is one line of a report.
type Spending struct {
	Key      string // id, name, or day as YYYY-MM-DD; empty: calls that have none
	Currency string
	Calls    int
	Lost     int    // of them, calls whose outcome is not known
	Spent    Micros // with corrections
	Reserved Micros // for calls that are under way
	Input    int64  // tokens
	Output   int64
}

// Resettlement is what a corrected price changed.
type Resettlement struct {
	Calls    int // looked at
	Adjusted int // of them, those whose cost changed
	Delta    Micros
	Currency string
}
