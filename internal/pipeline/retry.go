package pipeline

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"empire/internal/domain"
)

const defaultMaxBackoff = time.Hour

// retryOf returns a policy as the engine uses it.
func retryOf(p *domain.RetryPolicy, otherwise Retry) Retry {
	if p == nil {
		return otherwise
	}
	return Retry{
		Attempts: max(p.Attempts, 1), Backoff: time.Duration(p.Backoff), Factor: p.Factor, MaxBackoff: time.Duration(p.MaxBackoff),
		Jitter: p.Jitter, Codes: p.Codes,
	}
}

// pause is how long the next attempt waits after some have failed before the last.
func (r Retry) pause(failures int) time.Duration {
	factor, most := r.Factor, r.MaxBackoff
	if factor == 0 {
		factor = 2
	}
	if most == 0 {
		most = defaultMaxBackoff
	}
	d := math.Min(float64(r.Backoff)*math.Pow(factor, float64(failures)), float64(most))
	return time.Duration(d * (1 - r.Jitter*rand.Float64())) //nolint:gosec // spreads load, hides nothing
}

// repeats reports whether a failure is worth another attempt.
func (r Retry) repeats(c domain.Code) bool {
	if len(r.Codes) > 0 {
		return slices.Contains(r.Codes, c)
	}
	return retryable(c)
}

// retryable reports whether the same attempt could go better a second time.
func retryable(c domain.Code) bool {
	switch c {
	case domain.CodeInvalid, domain.CodeMalformed, domain.CodeForbidden, domain.CodeUnauthenticated, domain.CodeNotFound, domain.CodeConflict,
		domain.CodeUnsupportedTaskType, domain.CodeNotEnoughData, domain.CodeGateRed, domain.CodeCancelled, domain.CodeTooLarge,
		domain.CodeAgentNotFound, domain.CodeBudgetExhausted, domain.CodePrecondition:
		return false
	default:
		return true
	}
}
