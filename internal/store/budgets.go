package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Budgets are limits of what model calls may cost, and what their periods have
// counted. Counters are held in the order of budget and period everywhere, so that
// calls on PostgreSQL cannot wait for each other in a circle.
type Budgets struct{ db *DB }

const (
	budgetColumns = `id, tenant, name, website_id, pipeline, agent_id, model, period, time_zone, limit_minor, currency, degrade_at, on_limit, created_at, updated_at`
	countColumns  = `budget_id, period_start, period_end, raised, reserved, spent, degraded_at, exhausted_at`
)

func scanBudget(r row) (b domain.Budget, err error) {
	err = r.Scan(&b.ID, &b.Tenant, &b.Name, &b.Scope.WebsiteID, &b.Scope.Pipeline, &b.Scope.AgentID, &b.Scope.Model, &b.Period, &b.TimeZone,
		&b.Limit.Minor, &b.Limit.Currency, &b.DegradeAt, &b.OnLimit, asTime(&b.CreatedAt), asTime(&b.UpdatedAt))
	return b, err
}

func scanCount(r row) (c domain.BudgetCount, err error) {
	var end *time.Time
	err = r.Scan(&c.BudgetID, asTime(&c.Start), asTimePtr(&end), &c.Raised, &c.Reserved, &c.Spent, asTimePtr(&c.DegradedAt), asTimePtr(&c.ExhaustedAt))
	if end != nil {
		c.End = *end
	}
	return c, err
}

func noBudget(id domain.BudgetID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Budget %s does not exist.", id)
}

// Insert stores a budget. A name that the tenant uses already is CodeConflict.
func (s *Budgets) Insert(ctx context.Context, b *domain.Budget) error {
	const query = `INSERT INTO budgets (` + budgetColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	_, err := s.db.exec(ctx, query, b.ID, b.Tenant.OrDefault(), b.Name, b.Scope.WebsiteID, b.Scope.Pipeline, b.Scope.AgentID, b.Scope.Model, b.Period,
		b.TimeZone, b.Limit.Minor, b.Limit.Currency, b.DegradeAt, b.OnLimit, s.db.time(b.CreatedAt), s.db.time(b.UpdatedAt))
	return s.db.fail(taken(err, "tenant,name", "name", "There is a budget with the name %q already.", b.Name), "insert budget %s", b.ID)
}

// Get returns one budget, or CodeNotFound.
func (s *Budgets) Get(ctx context.Context, id domain.BudgetID) (*domain.Budget, error) {
	const query = `SELECT ` + budgetColumns + ` FROM budgets WHERE id = $1`
	b, err := getOne(ctx, s.db, noBudget(id), scanBudget, query, id)
	return b, s.db.fail(err, "get budget %s", id)
}

// List returns the budgets of a tenant (empty: of all) by name, and how many there
// are.
func (s *Budgets) List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Budget, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	total, err := s.db.count(ctx, `SELECT count(*) FROM budgets`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanBudget, `SELECT `+budgetColumns+` FROM budgets`+f.where()+` ORDER BY name, id`+page, args...)
	return list, total, s.db.fail(err, "list budgets")
}

// Update changes what may change of a budget: name, limit, threshold, action.
func (s *Budgets) Update(ctx context.Context, b *domain.Budget) error {
	const query = `UPDATE budgets SET name = $2, limit_minor = $3, degrade_at = $4, on_limit = $5, updated_at = $6 WHERE id = $1`
	err := s.db.execOne(ctx, noBudget(b.ID), query, b.ID, b.Name, b.Limit.Minor, b.DegradeAt, b.OnLimit, s.db.time(b.UpdatedAt))
	return s.db.fail(taken(err, "tenant,name", "name", "There is a budget with the name %q already.", b.Name), "update budget %s", b.ID)
}

// Hold is Get of a budget that no other transaction changes until that of ctx ends.
func (s *Budgets) Hold(ctx context.Context, id domain.BudgetID) (*domain.Budget, error) {
	if err := s.db.lock(ctx, noBudget(id), `SELECT id FROM budgets WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold budget %s", id)
	}
	return s.Get(ctx, id)
}

// Delete removes a budget with what it has counted, and what waits for it.
func (s *Budgets) Delete(ctx context.Context, id domain.BudgetID) error {
	return s.db.fail(s.db.execOne(ctx, noBudget(id), `DELETE FROM budgets WHERE id = $1`, id), "delete budget %s", id)
}

// Covering returns the budgets that may count calls of a scope, in the order in
// which their counters are held. Which of them the model fits is left to the caller.
func (s *Budgets) Covering(ctx context.Context, scope domain.WorkScope) ([]domain.Budget, error) {
	const query = `SELECT ` + budgetColumns + ` FROM budgets WHERE tenant = $1 AND website_id IN ('', $2) AND pipeline IN ('', $3) AND agent_id IN ('', $4) ORDER BY id`
	list, err := getAll(ctx, s.db, scanBudget, query, scope.Tenant.OrDefault(), scope.WebsiteID, scope.Pipeline, scope.AgentID)
	return list, s.db.fail(err, "list budgets of a call")
}

// Count returns what a budget has counted in the period that begins at start; zeros
// if nothing yet.
func (s *Budgets) Count(ctx context.Context, id domain.BudgetID, start, end time.Time) (*domain.BudgetCount, error) {
	const query = `SELECT ` + countColumns + ` FROM budget_periods WHERE budget_id = $1 AND period_start = $2`
	c, err := getOne(ctx, s.db, noBudget(id), scanCount, query, id, s.db.time(start))
	if domain.CodeOf(err) == domain.CodeNotFound {
		return &domain.BudgetCount{BudgetID: id, Start: start, End: end}, nil
	}
	return c, s.db.fail(err, "get counters of budget %s", id)
}

// Counts is Count for many budgets, by budget: those that have counted nothing in the period
// that begins at start are left out.
func (s *Budgets) Counts(ctx context.Context, ids []domain.BudgetID, start time.Time) (map[domain.BudgetID]domain.BudgetCount, error) {
	out := make(map[domain.BudgetID]domain.BudgetCount, len(ids))
	query := `SELECT ` + countColumns + ` FROM budget_periods WHERE ` + s.db.d.inList("budget_id", 1) + ` AND period_start = $2`
	err := s.db.eachRead(ctx, query, []any{listArg(s.db.d, ids), s.db.time(start)}, func(r row) error {
		c, err := scanCount(r)
		out[c.BudgetID] = c
		return err
	})
	return out, s.db.fail(err, "get counters of %d budgets", len(ids))
}

// Periods returns all that a budget has counted, the newest period first.
func (s *Budgets) Periods(ctx context.Context, id domain.BudgetID) ([]domain.BudgetCount, error) {
	const query = `SELECT ` + countColumns + ` FROM budget_periods WHERE budget_id = $1 ORDER BY period_start DESC`
	list, err := getAll(ctx, s.db, scanCount, query, id)
	return list, s.db.fail(err, "list periods of budget %s", id)
}

// HoldCount is Count of a period that no other transaction changes until that of ctx
// ends; the period begins if it has not.
func (s *Budgets) HoldCount(ctx context.Context, id domain.BudgetID, start, end time.Time) (*domain.BudgetCount, error) {
	const begin = `INSERT INTO budget_periods (budget_id, period_start, period_end) VALUES ($1, $2, $3) ON CONFLICT (budget_id, period_start) DO NOTHING`
	query := `SELECT ` + countColumns + ` FROM budget_periods WHERE budget_id = $1 AND period_start = $2` + s.db.d.lockRow()
	var until *time.Time
	if !end.IsZero() {
		until = &end
	}
	if _, err := s.db.exec(ctx, begin, id, s.db.time(start), s.db.timePtr(until)); err != nil {
		return nil, s.db.fail(err, "begin period of budget %s", id)
	}
	c, err := scanCount(s.db.w(ctx).QueryRowContext(ctx, query, id, s.db.time(start)))
	return &c, s.db.fail(err, "hold counters of budget %s", id)
}

// Add changes the counters of a period.
func (s *Budgets) Add(ctx context.Context, p domain.CallPeriod, reserved, spent domain.Micros) error {
	const query = `UPDATE budget_periods SET reserved = reserved + $3, spent = spent + $4 WHERE budget_id = $1 AND period_start = $2`
	err := s.db.execOne(ctx, noBudget(p.BudgetID), query, p.BudgetID, s.db.time(p.Start), reserved, spent)
	return s.db.fail(err, "add to budget %s", p.BudgetID)
}

// Raise adds to the limit of a period that has begun.
func (s *Budgets) Raise(ctx context.Context, p domain.CallPeriod, amount domain.Micros) error {
	const query = `UPDATE budget_periods SET raised = raised + $3 WHERE budget_id = $1 AND period_start = $2`
	err := s.db.execOne(ctx, noBudget(p.BudgetID), query, p.BudgetID, s.db.time(p.Start), amount)
	return s.db.fail(err, "raise budget %s", p.BudgetID)
}

// MarkDegraded notes that the threshold was met and reports whether that is new.
func (s *Budgets) MarkDegraded(ctx context.Context, p domain.CallPeriod, at time.Time) (bool, error) {
	const query = `UPDATE budget_periods SET degraded_at = $3 WHERE budget_id = $1 AND period_start = $2 AND degraded_at IS NULL`
	n, err := s.db.exec(ctx, query, p.BudgetID, s.db.time(p.Start), s.db.time(at))
	return n > 0, s.db.fail(err, "mark budget %s", p.BudgetID)
}

// MarkExhausted notes that a call was refused and reports whether that is new.
func (s *Budgets) MarkExhausted(ctx context.Context, p domain.CallPeriod, at time.Time) (bool, error) {
	const query = `UPDATE budget_periods SET exhausted_at = $3 WHERE budget_id = $1 AND period_start = $2 AND exhausted_at IS NULL`
	n, err := s.db.exec(ctx, query, p.BudgetID, s.db.time(p.Start), s.db.time(at))
	return n > 0, s.db.fail(err, "mark budget %s", p.BudgetID)
}

func scanWait(r row) (w domain.BudgetWait, err error) {
	err = r.Scan(&w.RunID, &w.Step, &w.BudgetID, asTimePtr(&w.Until))
	return w, err
}

// Wait notes that a step waits for a budget; a step waits for one at a time.
func (s *Budgets) Wait(ctx context.Context, w domain.BudgetWait) error {
	const query = `INSERT INTO budget_waits (run_id, step, budget_id, until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (run_id, step) DO UPDATE SET budget_id = excluded.budget_id, until = excluded.until`
	_, err := s.db.exec(ctx, query, w.RunID, w.Step, w.BudgetID, s.db.timePtr(w.Until))
	return s.db.fail(err, "insert wait of run %s", w.RunID)
}

// Release lets everything that waits for a budget go on at a time.
func (s *Budgets) Release(ctx context.Context, id domain.BudgetID, at time.Time) error {
	const query = `UPDATE budget_waits SET until = $2 WHERE budget_id = $1`
	_, err := s.db.exec(ctx, query, id, s.db.time(at))
	return s.db.fail(err, "release waits of budget %s", id)
}

// Due returns waits that are over, at most limit.
func (s *Budgets) Due(ctx context.Context, at time.Time, limit int) ([]domain.BudgetWait, error) {
	const query = `SELECT run_id, step, budget_id, until FROM budget_waits WHERE until IS NOT NULL AND until <= $1 ORDER BY until, run_id, step LIMIT $2`
	list, err := getAll(ctx, s.db, scanWait, query, s.db.time(at), limit)
	return list, s.db.fail(err, "list waits for budgets")
}

// Waits returns what waits for a budget.
func (s *Budgets) Waits(ctx context.Context, id domain.BudgetID) ([]domain.BudgetWait, error) {
	const query = `SELECT run_id, step, budget_id, until FROM budget_waits WHERE budget_id = $1 ORDER BY run_id, step`
	list, err := getAll(ctx, s.db, scanWait, query, id)
	return list, s.db.fail(err, "list waits for budget %s", id)
}

// EndWait removes a wait that ended at a time or before; it reports false if there is
// none any more.
func (s *Budgets) EndWait(ctx context.Context, w domain.BudgetWait, at time.Time) (bool, error) {
	const query = `DELETE FROM budget_waits WHERE run_id = $1 AND step = $2 AND until IS NOT NULL AND until <= $3`
	n, err := s.db.exec(ctx, query, w.RunID, w.Step, s.db.time(at))
	return n > 0, s.db.fail(err, "end wait of run %s", w.RunID)
}
