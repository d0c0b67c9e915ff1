package domain

import "time"

// Micros is an amount of money in millionths of a currency's major unit: 1,000,000
// is one euro. Model calls cost fractions of a cent; what people set and see are
// minor units.
type Micros int64

// BudgetID identifies a budget: bud_….
type BudgetID string

// Exhausted says which budget refused a paid call. It is the cause (Err) of a
// CodeBudgetExhausted error.
type Exhausted struct {
	Budget BudgetID
	Name   string
	Needed Micros
	Left   Micros
	// Until is when the budget's period ends and calls may go on; zero: never.
	Until time.Time
	// Action is what becomes of the work: it waits (LimitPause), waits and asks a
	// person (LimitAsk), or fails (LimitFail).
	Action LimitAction
}

// Error says what is missing.
func (e *Exhausted) Error() string { return "budget " + string(e.Budget) + " is exhausted" }

// ModelPrompt asks a model for one answer.
type ModelPrompt struct {
	Model     string // name in the configuration; empty: the default one
	System    string
	Prompt    string
	MaxTokens int // of the answer; 0: the default
}

// ModelAnswer is what a model said and what it cost.
type ModelAnswer struct {
	Text         string `json:"text"`
	Provider     string `json:"provider"`
	Model        string `json:"model"`
	InputTokens  int    `json:"input_tokens"`
	OutputTokens int    `json:"output_tokens"`
	Cost         Micros `json:"cost_micros"`
	Currency     string `json:"currency"`
	// Cached is true when the answer was stored by an earlier attempt of the same
	// step and nothing was paid again.
	Cached bool `json:"cached"`
}

// Question is what a step asks a person; see Approval.
type Question struct {
	Kind  string // publish_release, raise_budget, approve_step, …
	Title string
	// Payload is exactly what is approved, as JSON.
	Payload any
	// ExpiresIn ends the question unanswered; zero: it stays open.
	ExpiresIn time.Duration
	// FourEyes wants somebody else than who started the run.
	FourEyes bool
}
