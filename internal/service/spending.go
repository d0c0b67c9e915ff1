package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"empire/internal/domain"
)

// maxCorrection bounds the time whose calls are settled again at once.
const maxCorrection = 400 * 24 * time.Hour

// checkTimes refuses a time that ends before it begins.
func checkTimes(from, to time.Time) error {
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return domain.Invalid("to", "The time to is not after the time from.")
	}
	return nil
}

// Spending sums what was paid for calls, grouped, the dearest first; days in their
// order.
func (s *Budgets) Spending(ctx context.Context, by domain.SpendingBy, f domain.CallFilter, w domain.Window) ([]domain.Spending, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	if !slices.Contains(domain.SpendingGroups(), by) {
		return nil, 0, domain.Invalid("by", "%q is not one of site, pipeline, agent, model, provider, day, run.", by)
	}
	if err := checkTimes(f.From, f.To); err != nil {
		return nil, 0, err
	}
	f.Tenant = scope(ctx)
	return s.cfg.Calls.Spending(ctx, by, f, w)
}

// Calls returns a window of the calls that match, newest first, without prompts and
// answers, and how many there are.
func (s *Budgets) Calls(ctx context.Context, f domain.CallFilter, w domain.Window) ([]domain.ModelCall, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	if err := checkTimes(f.From, f.To); err != nil {
		return nil, 0, err
	}
	f.Tenant = scope(ctx)
	return s.cfg.Calls.List(ctx, f, w)
}

// Prices returns a window of the prices that count, and how many there are. They are
// those of the installation: every tenant pays the same.
func (s *Budgets) Prices(ctx context.Context, w domain.Window) ([]domain.Price, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Prices.List(ctx, w)
}

// mayPrice lets administrators of the installation through.
func mayPrice(ctx context.Context) (*domain.Principal, error) {
	p, err := domain.Require(ctx, domain.AdminFull)
	if err == nil && p.Tenant.OrDefault() != domain.DefaultTenant {
		err = domain.Errorf(domain.CodeForbidden, "Prices belong to the installation: only its administrators change them.")
	}
	return p, err
}

// SetPrice records what a model costs from a time on; zero: from now on. To correct a
// price, record it again with the same time, and have the calls settled again.
func (s *Budgets) SetPrice(ctx context.Context, p domain.Price) (*domain.Price, error) {
	who, err := mayPrice(ctx)
	if err != nil {
		return nil, err
	}
	p.ID, p.RecordedAt, p.RecordedBy = domain.PriceID(domain.NewID("price")), s.journal.stamp(), who.UserID
	if p.EffectiveFrom.IsZero() {
		p.EffectiveFrom = p.RecordedAt
	}
	if p.Currency == "" {
		p.Currency = s.cfg.Currency
	}
	p.EffectiveFrom = p.EffectiveFrom.UTC().Truncate(time.Microsecond)
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.Currency != s.cfg.Currency {
		return nil, domain.Invalid("currency", "Budgets and prices are kept in %s, the setting models.currency.", s.cfg.Currency)
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		var before any
		old, err := s.cfg.Prices.At(ctx, p.Provider, p.Model, p.EffectiveFrom)
		switch domain.CodeOf(err) {
		case "":
			before = old
		case domain.CodeNotFound:
		default:
			return err
		}
		if err := s.cfg.Prices.Insert(ctx, &p); err != nil {
			return err
		}
		return s.journal.changedFor(ctx, domain.DefaultTenant, "price.set", string(p.ID), p.Provider+" "+p.Model, before, &p)
	})
	return &p, err
}

// Resettle computes again what calls of a model cost that were made within a time, at
// the prices that count now, and moves the difference in every budget that counted
// them. What a call cost before stays in the ledger. It may be repeated: calls that
// cost what they should are left alone.
func (s *Budgets) Resettle(ctx context.Context, provider, model string, from, to time.Time) (*domain.Resettlement, error) {
	who, err := mayPrice(ctx)
	if err != nil {
		return nil, err
	}
	if to.IsZero() {
		to = s.journal.stamp()
	}
	if err := checkTimes(from, to); err != nil {
		return nil, err
	}
	if from.IsZero() || to.Sub(from) > maxCorrection {
		return nil, domain.Invalid("from", "Name a time within 400 days before the end.")
	}
	out := &domain.Resettlement{Currency: s.cfg.Currency}
	if _, err := s.cfg.Prices.At(ctx, provider, model, to); err != nil {
		return nil, err
	}
	for after := domain.ModelCallID(""); ; {
		var part domain.Resettlement
		var next domain.ModelCallID
		err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) (err error) {
			part = domain.Resettlement{}
			next, err = s.resettle(ctx, who.UserID, provider, model, from, to, after, &part)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("settle calls of %s %s again: %w", provider, model, err)
		}
		out.Calls, out.Adjusted, out.Delta = out.Calls+part.Calls, out.Adjusted+part.Adjusted, out.Delta+part.Delta
		if next == "" {
			break
		}
		after = next
	}
	detail := fmt.Sprintf("%d of %d calls by %s", out.Adjusted, out.Calls, out.Delta.Amount(out.Currency))
	return out, s.journal.changedFor(ctx, domain.DefaultTenant, "price.resettled", provider+" "+model, detail, nil, nil)
}

// resettle corrects one part of the calls and returns the last of them, or "" when
// there are no more. Counters are changed in their order, once each.
func (s *Budgets) resettle(ctx context.Context, actor domain.UserID, provider, model string, from, to time.Time, after domain.ModelCallID,
	out *domain.Resettlement,
) (domain.ModelCallID, error) {
	calls, err := s.cfg.Calls.Priced(ctx, provider, model, from, to, after, sweepChunk)
	if err != nil || len(calls) == 0 {
		return "", err
	}
	moved := map[domain.CallPeriod]domain.Micros{}
	for i := range calls {
		c := &calls[i]
		p, err := s.cfg.Prices.At(ctx, provider, model, c.CreatedAt)
		if err != nil {
			return "", err
		}
		out.Calls++
		delta := costNow(c, p) - c.Charged()
		if delta == 0 {
			continue
		}
		if p.Currency != c.Currency {
			return "", domain.Errorf(domain.CodeConflict, "Call %s was paid in %s, but the price is in %s.", c.ID, c.Currency, p.Currency)
		}
		if err := s.cfg.Calls.Adjust(ctx, domain.CallAdjustment{CallID: c.ID, At: s.journal.stamp(), Delta: delta, Price: p.ID, Actor: actor}); err != nil {
			return "", err
		}
		out.Adjusted, out.Delta = out.Adjusted+1, out.Delta+delta
		periods, err := s.cfg.Calls.Periods(ctx, c.ID)
		if err != nil {
			return "", err
		}
		for _, at := range periods {
			moved[at] += delta
		}
	}
	if err := s.move(ctx, moved); err != nil {
		return "", err
	}
	return calls[len(calls)-1].ID, nil
}

// costNow is what a call costs at a price: by its usage, or by its bounds where the
// provider did not say.
func costNow(c *domain.ModelCall, p *domain.Price) domain.Micros {
	if c.UsageKnown {
		return p.Cost(c.Usage)
	}
	return p.Bound(c.InputBound, c.MaxOutput)
}

func (s *Budgets) move(ctx context.Context, moved map[domain.CallPeriod]domain.Micros) error {
	order := make([]domain.CallPeriod, 0, len(moved))
	for p := range moved {
		order = append(order, p)
	}
	slices.SortFunc(order, func(a, b domain.CallPeriod) int {
		return cmp.Or(cmp.Compare(a.BudgetID, b.BudgetID), a.Start.Compare(b.Start))
	})
	for _, p := range order {
		if err := s.cfg.Budgets.Add(ctx, p, 0, moved[p]); err != nil {
			return err
		}
	}
	return nil
}
