package service

import (
	"context"
	"log/slog"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

type budgetStore interface {
	Insert(ctx context.Context, b *domain.Budget) error
	Get(ctx context.Context, id domain.BudgetID) (*domain.Budget, error)
	Hold(ctx context.Context, id domain.BudgetID) (*domain.Budget, error)
	List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Budget, int, error)
	Update(ctx context.Context, b *domain.Budget) error
	Delete(ctx context.Context, id domain.BudgetID) error
	Count(ctx context.Context, id domain.BudgetID, start, end time.Time) (*domain.BudgetCount, error)
	Counts(ctx context.Context, ids []domain.BudgetID, start time.Time) (map[domain.BudgetID]domain.BudgetCount, error)
	HoldCount(ctx context.Context, id domain.BudgetID, start, end time.Time) (*domain.BudgetCount, error)
	Add(ctx context.Context, p domain.CallPeriod, reserved, spent domain.Micros) error
	Raise(ctx context.Context, p domain.CallPeriod, amount domain.Micros) error
	Wait(ctx context.Context, w domain.BudgetWait) error
	Release(ctx context.Context, id domain.BudgetID, at time.Time) error
	Due(ctx context.Context, at time.Time, limit int) ([]domain.BudgetWait, error)
	EndWait(ctx context.Context, w domain.BudgetWait, at time.Time) (bool, error)
}

type callReader interface {
	List(ctx context.Context, f domain.CallFilter, w domain.Window) ([]domain.ModelCall, int, error)
	Spending(ctx context.Context, by domain.SpendingBy, f domain.CallFilter, w domain.Window) ([]domain.Spending, int, error)
	Priced(ctx context.Context, provider, model string, from, to time.Time, after domain.ModelCallID, limit int) ([]domain.ModelCall, error)
	Periods(ctx context.Context, id domain.ModelCallID) ([]domain.CallPeriod, error)
	Adjust(ctx context.Context, a domain.CallAdjustment) error
}

type priceStore interface {
	Insert(ctx context.Context, p *domain.Price) error
	At(ctx context.Context, provider, model string, at time.Time) (*domain.Price, error)
	List(ctx context.Context, w domain.Window) ([]domain.Price, int, error)
}

// BudgetsConfig is what Budgets needs.
type BudgetsConfig struct {
	Tx       transactor
	Budgets  budgetStore
	Calls    callReader
	Prices   priceStore
	Websites websiteGetter
	Audit    auditStore
	// Currency is that of all budgets and prices.
	Currency string
	// Resume lets a step that waits run again, in the transaction of ctx.
	Resume func(ctx context.Context, run domain.RunID, step string) error
	// Emit tells who watches; nil: nobody.
	Emit func(ctx context.Context, ev domain.Event)
	Now  func() time.Time
	Log  *slog.Logger // nil: no log
}

// Budgets lets people set what model calls may cost and see what they did. The
// Ledger keeps to it.
type Budgets struct {
	cfg     BudgetsConfig
	journal journal
}

// NewBudgets returns the service.
func NewBudgets(cfg BudgetsConfig) *Budgets {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Emit == nil {
		cfg.Emit = func(context.Context, domain.Event) {}
	}
	return &Budgets{cfg, journal{cfg.Audit, cfg.Now}}
}

// get returns a budget that the principal in ctx sees.
func (s *Budgets) get(ctx context.Context, id domain.BudgetID) (*domain.Budget, error) {
	b, err := s.cfg.Budgets.Get(ctx, id)
	return visible(ctx, b, err, "Budget", string(id))
}

func (s *Budgets) state(ctx context.Context, b *domain.Budget) (*domain.BudgetState, error) {
	start, end := b.PeriodAt(s.cfg.Now())
	c, err := s.cfg.Budgets.Count(ctx, b.ID, start, end)
	if err != nil {
		return nil, err
	}
	return &domain.BudgetState{Budget: *b, Count: *c}, nil
}

// List returns a window of the budgets by name, with what their current periods have
// counted, and how many there are.
func (s *Budgets) List(ctx context.Context, w domain.Window) ([]domain.BudgetState, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	list, total, err := s.cfg.Budgets.List(ctx, scope(ctx), w)
	if err != nil {
		return nil, 0, err
	}
	out, err := s.states(ctx, list)
	return out, total, err
}

// states adds to budgets what their current periods have counted, with one question for
// each of the few times at which these began.
func (s *Budgets) states(ctx context.Context, list []domain.Budget) ([]domain.BudgetState, error) {
	out := make([]domain.BudgetState, len(list))
	began := map[time.Time][]domain.BudgetID{}
	now := s.cfg.Now()
	for i := range list {
		start, end := list[i].PeriodAt(now)
		out[i] = domain.BudgetState{Budget: list[i], Count: domain.BudgetCount{BudgetID: list[i].ID, Start: start, End: end}}
		began[start] = append(began[start], list[i].ID)
	}
	for start, ids := range began {
		counts, err := s.cfg.Budgets.Counts(ctx, ids, start)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if c, ok := counts[out[i].ID]; ok {
				out[i].Count = c
			}
		}
	}
	return out, nil
}

// Get returns one budget with what its current period has counted.
func (s *Budgets) Get(ctx context.Context, id domain.BudgetID) (*domain.BudgetState, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	b, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.state(ctx, b)
}

// Create stores a budget. It counts the calls that are made from then on.
func (s *Budgets) Create(ctx context.Context, b domain.Budget) (*domain.BudgetState, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, err
	}
	now := s.journal.stamp()
	b.ID, b.Tenant, b.CreatedAt, b.UpdatedAt = domain.BudgetID(domain.NewID("bud")), scope(ctx).OrDefault(), now, now
	if b.OnLimit == "" {
		b.OnLimit = domain.LimitPause
	}
	if b.Limit.Currency == "" {
		b.Limit.Currency = s.cfg.Currency
	}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	if b.Limit.Currency != s.cfg.Currency {
		return nil, domain.Invalid("currency", "Budgets and prices are kept in %s, the setting models.currency.", s.cfg.Currency)
	}
	if id := b.Scope.WebsiteID; id != "" {
		site, err := s.cfg.Websites.Get(ctx, id)
		if _, err = visible(ctx, site, err, "Website", string(id)); err != nil {
			return nil, err
		}
	}
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Budgets.Insert(ctx, &b); err != nil {
			return err
		}
		return s.journal.changed(ctx, "budget.created", string(b.ID), b.Limit.String()+" a "+string(b.Period), nil, &b)
	})
	if err != nil {
		return nil, err
	}
	return s.state(ctx, &b)
}

// Update changes a budget. Only a person who signed in may raise its limit.
func (s *Budgets) Update(ctx context.Context, id domain.BudgetID, p domain.BudgetPatch) (*domain.BudgetState, error) {
	return s.change(ctx, id, "budget.updated", func(ctx context.Context, b *domain.Budget) (string, error) {
		old := b.Limit
		if p.Name != nil {
			b.Name = *p.Name
		}
		if p.Limit != nil {
			b.Limit.Minor = *p.Limit
		}
		if p.DegradeAt != nil {
			b.DegradeAt = *p.DegradeAt
		}
		if p.OnLimit != nil {
			b.OnLimit = *p.OnLimit
		}
		if b.Limit.Minor <= old.Minor {
			return "", nil
		}
		if !domain.PrincipalFrom(ctx).Human {
			return "", onlyPeopleRaise()
		}
		return old.String() + " to " + b.Limit.String(), s.cfg.Budgets.Release(ctx, id, s.journal.stamp())
	})
}

func onlyPeopleRaise() error {
	return domain.Errorf(domain.CodeForbidden, "Only a person who signed in with a password may raise a budget.")
}

// change changes a budget that is held, with an audit entry.
func (s *Budgets) change(ctx context.Context, id domain.BudgetID, action string,
	edit func(ctx context.Context, b *domain.Budget) (detail string, err error),
) (*domain.BudgetState, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, err
	}
	var after domain.Budget
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		b, err := s.cfg.Budgets.Hold(ctx, id)
		if b, err = visible(ctx, b, err, "Budget", string(id)); err != nil {
			return err
		}
		after = *b
		detail, err := edit(ctx, &after)
		if err != nil {
			return err
		}
		after.UpdatedAt = s.journal.stamp()
		if err := after.Validate(); err != nil {
			return err
		}
		if err := s.cfg.Budgets.Update(ctx, &after); err != nil {
			return err
		}
		return s.journal.changed(ctx, action, string(id), detail, b, &after)
	})
	if err != nil {
		return nil, err
	}
	return s.state(ctx, &after)
}

// Delete removes a budget. What was waiting for it goes on. Only a person who signed
// in may do so.
func (s *Budgets) Delete(ctx context.Context, id domain.BudgetID) error {
	p, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return err
	}
	b, err := s.get(ctx, id)
	if err != nil {
		return err
	}
	if !p.Human {
		return domain.Errorf(domain.CodeForbidden, "Only a person who signed in with a password may delete a budget.")
	}
	if err := s.resumeAll(ctx, id); err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Budgets.Delete(ctx, id); err != nil {
			return err
		}
		return s.journal.changed(ctx, "budget.deleted", string(id), b.Name, b, nil)
	})
}

// resumeAll ends the waits for a budget, because they would go with it.
func (s *Budgets) resumeAll(ctx context.Context, id domain.BudgetID) error {
	if err := s.cfg.Budgets.Release(ctx, id, s.journal.stamp()); err != nil {
		return err
	}
	_, err := s.ResumeDue(ctx)
	return err
}

// Raise adds to what a budget allows: for its current period, or for good. What waits
// for it goes on. Only a person who signed in may do so. Within a transaction, such as
// that of an approval, it joins that.
func (s *Budgets) Raise(ctx context.Context, id domain.BudgetID, p domain.RaiseParams) (*domain.BudgetState, error) {
	who, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return nil, err
	}
	if !who.Human {
		return nil, onlyPeopleRaise()
	}
	if p.Minor <= 0 || p.Minor > int64(domain.MaxLimit/1000) {
		return nil, domain.Invalid("amount", "The amount is positive and less than a billion.")
	}
	st, err := s.change(ctx, id, "budget.raised", func(ctx context.Context, b *domain.Budget) (string, error) {
		amount := domain.Money{Minor: p.Minor, Currency: b.Limit.Currency}
		detail := "by " + amount.String() + " for the current period"
		if p.Permanent {
			b.Limit.Minor += p.Minor
			detail = "by " + amount.String() + " for good"
		} else if err := s.raisePeriod(ctx, b, domain.MicrosOf(amount)); err != nil {
			return "", err
		}
		if p.Approval != "" {
			detail += ", approval " + string(p.Approval)
		}
		return detail, s.cfg.Budgets.Release(ctx, id, s.journal.stamp())
	})
	if err != nil {
		return nil, err
	}
	news := budgetNews("raised", &st.Budget, &st.Count, s.journal.stamp())
	sqltx.AfterCommit(ctx, func() { s.cfg.Emit(context.WithoutCancel(ctx), news) })
	return st, nil
}

func (s *Budgets) raisePeriod(ctx context.Context, b *domain.Budget, amount domain.Micros) error {
	start, end := b.PeriodAt(s.cfg.Now())
	c, err := s.cfg.Budgets.HoldCount(ctx, b.ID, start, end)
	if err != nil {
		return err
	}
	if domain.MicrosOf(b.Limit)+c.Raised+amount > domain.MaxLimit {
		return domain.Invalid("amount", "With it, the limit of the period would not be less than a billion.")
	}
	return s.cfg.Budgets.Raise(ctx, domain.CallPeriod{BudgetID: b.ID, Start: start}, amount)
}
