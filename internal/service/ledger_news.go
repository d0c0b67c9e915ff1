package service

import (
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
)

func refusal(e *domain.Exhausted) string {
	what := fmt.Sprintf("Budget %q does not carry this call.", e.Name)
	switch {
	case e.Action == domain.LimitFail:
		return what
	case e.Action == domain.LimitAsk:
		return what + " The work waits until a person raises it."
	case e.Until.IsZero():
		return what + " The work waits until it is raised."
	default:
		return what + " The work waits until " + e.Until.UTC().Format(time.RFC3339) + " or until it is raised."
	}
}

// budgetNews is an event about the current period of a budget.
func budgetNews(what string, b *domain.Budget, c *domain.BudgetCount, at time.Time) domain.Event {
	data, err := json.Marshal(map[string]any{
		"name": b.Name, "period_start": c.Start, "currency": b.Limit.Currency, "limit_minor": b.Limit.Minor, "raised_micros": c.Raised,
		"reserved_micros": c.Reserved, "spent_micros": c.Spent, "on_limit": b.OnLimit,
	})
	if err != nil {
		panic("budget event: " + err.Error()) // a bug: there is nothing in it that cannot be encoded
	}
	return domain.Event{Topic: domain.EventBudget + "." + what, Tenant: b.Tenant.OrDefault(), Object: string(b.ID), Data: data, At: at}
}
