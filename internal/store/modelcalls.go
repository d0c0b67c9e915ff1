package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// ModelCalls is the ledger: what was set aside for calls of models, what they cost,
// and what they answered.
type ModelCalls struct{ db *DB }

const callColumns = `id, tenant, owner, number, hash, pipeline, run_id, step_id, step, attempt, task_id, agent_id, website_id, name, provider, model, degraded,
	state, currency, input_bound, max_output, reserved, cost, adjusted, usage_known, usage, finish, request_id, error, answer_hash, created_at, expires_at, settled_at`

func callTargets(c *domain.ModelCall) []any {
	return []any{
		&c.ID, &c.Tenant, &c.Key.Owner, &c.Key.Number, &c.Key.Hash, &c.Pipeline, &c.RunID, &c.StepID, &c.Step, &c.Attempt, &c.TaskID, &c.AgentID, &c.WebsiteID,
		&c.Name, &c.Provider, &c.Model, &c.Degraded, &c.State, &c.Currency, &c.InputBound, &c.MaxOutput, &c.Reserved, &c.Cost, &c.Adjusted, &c.UsageKnown,
		jsonValue{&c.Usage}, &c.Finish, &c.RequestID, &c.Error, &c.AnswerHash, asTime(&c.CreatedAt), asTime(&c.ExpiresAt), asTimePtr(&c.SettledAt),
	}
}

func (s *ModelCalls) scan(r row) (c domain.ModelCall, err error) {
	err = r.Scan(callTargets(&c)...)
	return c, err
}

func (s *ModelCalls) scanWhole(r row) (c domain.ModelCall, err error) {
	var text *string
	err = r.Scan(append(callTargets(&c), &text)...)
	if text != nil {
		c.Text = *text
	}
	return c, err
}

func noCall(id domain.ModelCallID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Model call %s does not exist.", id)
}

// Insert stores a call that was reserved, with the periods that count it.
func (s *ModelCalls) Insert(ctx context.Context, c *domain.ModelCall, periods []domain.CallPeriod) error {
	const query = `INSERT INTO model_calls (` + callColumns + `, day, input, output) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
		$18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, 0, 0)`
	const period = `INSERT INTO model_call_periods (call_id, budget_id, period_start) VALUES ($1, $2, $3)`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		_, err := s.db.exec(ctx, query, c.ID, c.Tenant.OrDefault(), c.Key.Owner, c.Key.Number, c.Key.Hash, c.Pipeline, c.RunID, c.StepID, c.Step, c.Attempt, c.TaskID,
			c.AgentID, c.WebsiteID, c.Name, c.Provider, c.Model, c.Degraded, c.State, c.Currency, c.InputBound, c.MaxOutput, c.Reserved, c.Cost, c.Adjusted,
			c.UsageKnown, jsonValue{c.Usage}, c.Finish, c.RequestID, c.Error, c.AnswerHash, s.db.time(c.CreatedAt), s.db.time(c.ExpiresAt),
			s.db.timePtr(c.SettledAt), c.CreatedAt.UTC().Format(time.DateOnly))
		if err != nil {
			return err
		}
		for _, p := range periods {
			if _, err := s.db.exec(ctx, period, c.ID, p.BudgetID, s.db.time(p.Start)); err != nil {
				return err
			}
		}
		return nil
	})
	return s.db.fail(err, "insert model call %s", c.ID)
}

// Get returns one call with its answer, or CodeNotFound.
func (s *ModelCalls) Get(ctx context.Context, id domain.ModelCallID) (*domain.ModelCall, error) {
	c, err := getOne(ctx, s.db, noCall(id), s.scanWhole, `SELECT `+callColumns+`, answer FROM model_calls WHERE id = $1`, id)
	return c, s.db.fail(err, "get model call %s", id)
}

// Hold is Get of a call that no other transaction changes until that of ctx ends.
func (s *ModelCalls) Hold(ctx context.Context, id domain.ModelCallID) (*domain.ModelCall, error) {
	if err := s.db.lock(ctx, noCall(id), `SELECT id FROM model_calls WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold model call %s", id)
	}
	return s.Get(ctx, id)
}

// Answered returns the first call with a key whose answer is stored, or CodeNotFound.
func (s *ModelCalls) Answered(ctx context.Context, k domain.CallKey) (*domain.ModelCall, error) {
	const query = `SELECT ` + callColumns + `, answer FROM model_calls WHERE owner = $1 AND number = $2 AND hash = $3 AND state = 'settled' ORDER BY id LIMIT 1`
	missing := domain.Errorf(domain.CodeNotFound, "Call %d of %s has no answer yet.", k.Number, k.Owner)
	c, err := getOne(ctx, s.db, missing, s.scanWhole, query, k.Owner, k.Number, k.Hash)
	return c, s.db.fail(err, "find answer of call %d of %s", k.Number, k.Owner)
}

// Open returns the calls with a key whose outcome is open, the oldest first.
func (s *ModelCalls) Open(ctx context.Context, k domain.CallKey) ([]domain.ModelCallID, error) {
	const query = `SELECT id FROM model_calls WHERE owner = $1 AND number = $2 AND hash = $3 AND state = 'reserved' ORDER BY id`
	ids, err := getAll(ctx, s.db, scanOne[domain.ModelCallID], query, k.Owner, k.Number, k.Hash)
	return ids, s.db.fail(err, "find open calls of %s", k.Owner)
}

// Expired returns open calls whose time is over, at most limit, the oldest first.
func (s *ModelCalls) Expired(ctx context.Context, at time.Time, limit int) ([]domain.ModelCallID, error) {
	const query = `SELECT id FROM model_calls WHERE state = 'reserved' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2`
	ids, err := getAll(ctx, s.db, scanOne[domain.ModelCallID], query, s.db.time(at), limit)
	return ids, s.db.fail(err, "find calls without end")
}

// Settle stores what became of a call: state, cost, usage, answer, times.
func (s *ModelCalls) Settle(ctx context.Context, c *domain.ModelCall) error {
	const query = `UPDATE model_calls SET state = $2, cost = $3, usage_known = $4, usage = $5, input = $6, output = $7, finish = $8, request_id = $9, error = $10,
		answer_hash = $11, settled_at = $12, answer = $13 WHERE id = $1`
	err := s.db.execOne(ctx, noCall(c.ID), query, c.ID, c.State, c.Cost, c.UsageKnown, jsonValue{c.Usage}, c.Usage.Input, c.Usage.Output, c.Finish, c.RequestID, c.Error,
		c.AnswerHash, s.db.timePtr(c.SettledAt), nullable(c.Text))
	return s.db.fail(err, "settle model call %s", c.ID)
}

// Periods returns the periods that count a call, in the order in which they are held.
func (s *ModelCalls) Periods(ctx context.Context, id domain.ModelCallID) ([]domain.CallPeriod, error) {
	const query = `SELECT budget_id, period_start FROM model_call_periods WHERE call_id = $1 ORDER BY budget_id, period_start`
	list, err := getAll(ctx, s.db, func(r row) (p domain.CallPeriod, err error) {
		err = r.Scan(&p.BudgetID, asTime(&p.Start))
		return p, err
	}, query, id)
	return list, s.db.fail(err, "list periods of model call %s", id)
}

// Priced returns calls of a model that were charged and made within a time, in the
// order of their ids, those after a call only, at most limit. No other transaction
// changes them until that of ctx ends.
func (s *ModelCalls) Priced(ctx context.Context, provider, model string, from, to time.Time, after domain.ModelCallID, limit int) ([]domain.ModelCall, error) {
	query := `SELECT ` + callColumns + ` FROM model_calls WHERE provider = $1 AND model = $2 AND created_at >= $3 AND created_at < $4 AND id > $5
		AND state IN ('settled', 'lost') ORDER BY id LIMIT $6` + s.db.d.lockRow()
	list, err := getAll(ctx, s.db, s.scan, query, provider, model, s.db.time(from), s.db.time(to), after, limit)
	return list, s.db.fail(err, "list calls of %s %s", provider, model)
}

// Adjust corrects the cost of a call; what it was stays.
func (s *ModelCalls) Adjust(ctx context.Context, a domain.CallAdjustment) error {
	const insert = `INSERT INTO model_call_adjustments (call_id, seq, at, delta, price_id, actor_id)
		SELECT $1, COALESCE(max(seq), 0) + 1, $2, $3, $4, $5 FROM model_call_adjustments WHERE call_id = $6`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.db.exec(ctx, insert, a.CallID, s.db.time(a.At), a.Delta, a.Price, a.Actor, a.CallID); err != nil {
			return err
		}
		return s.db.execOne(ctx, noCall(a.CallID), `UPDATE model_calls SET adjusted = adjusted + $2 WHERE id = $1`, a.CallID, a.Delta)
	})
	return s.db.fail(err, "adjust model call %s", a.CallID)
}

// Adjustments returns the corrections of a call in their order.
func (s *ModelCalls) Adjustments(ctx context.Context, id domain.ModelCallID) ([]domain.CallAdjustment, error) {
	const query = `SELECT call_id, at, delta, price_id, actor_id FROM model_call_adjustments WHERE call_id = $1 ORDER BY seq`
	list, err := getAll(ctx, s.db, func(r row) (a domain.CallAdjustment, err error) {
		err = r.Scan(&a.CallID, asTime(&a.At), &a.Delta, &a.Price, &a.Actor)
		return a, err
	}, query, id)
	return list, s.db.fail(err, "list corrections of model call %s", id)
}

// ByRun returns the calls of a run in the order in which they were made, without
// their answers.
func (s *ModelCalls) ByRun(ctx context.Context, run domain.RunID) ([]domain.ModelCall, error) {
	list, err := getAll(ctx, s.db, s.scan, `SELECT `+callColumns+` FROM model_calls WHERE run_id = $1 AND run_id <> '' ORDER BY created_at, id`, run)
	return list, s.db.fail(err, "list calls of run %s", run)
}

func (s *ModelCalls) filter(cf *domain.CallFilter) *filter {
	var f filter
	for _, c := range []struct{ column, value string }{
		{"tenant", string(cf.Tenant)}, {"run_id", string(cf.RunID)}, {"task_id", string(cf.TaskID)}, {"website_id", string(cf.WebsiteID)},
		{"agent_id", string(cf.AgentID)}, {"pipeline", cf.Pipeline}, {"model", cf.Model}, {"provider", cf.Provider}, {"state", string(cf.State)},
	} {
		f.eq(c.column, c.value)
	}
	if !cf.From.IsZero() {
		f.since("created_at", s.db.time(cf.From))
	}
	if !cf.To.IsZero() {
		f.before("created_at", s.db.time(cf.To))
	}
	return &f
}

// List returns calls without their answers, the newest first, and how many there are.
func (s *ModelCalls) List(ctx context.Context, cf domain.CallFilter, w domain.Window) ([]domain.ModelCall, int, error) {
	f := s.filter(&cf)
	total, err := s.db.count(ctx, `SELECT count(*) FROM model_calls`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, s.scan, `SELECT `+callColumns+` FROM model_calls`+f.where()+` ORDER BY created_at DESC, id DESC`+page, args...)
	return list, total, s.db.fail(err, "list model calls")
}

// groupColumns are the columns that spending is grouped by.
var groupColumns = map[domain.SpendingBy]string{
	domain.BySite: "website_id", domain.ByPipeline: "pipeline", domain.ByAgent: "agent_id", domain.ByModel: "model", domain.ByProvider: "provider",
	domain.ByDay: "day", domain.ByRun: "run_id",
}

// Spending sums calls by a column, the dearest first; days come in their order. What
// was released counts nowhere.
func (s *ModelCalls) Spending(ctx context.Context, by domain.SpendingBy, cf domain.CallFilter, w domain.Window) ([]domain.Spending, int, error) {
	column, ok := groupColumns[by]
	if !ok {
		return nil, 0, domain.Invalid("by", "Spending cannot be grouped by %q.", by)
	}
	f := s.filter(&cf)
	f.conds = slices.Concat(f.conds, []string{"state <> 'released'"})
	groups := ` FROM model_calls` + f.where() + ` GROUP BY ` + column + `, currency`
	order := ` ORDER BY spent DESC, 1, 2`
	if by == domain.ByDay {
		order = ` ORDER BY 1, 2`
	}
	page, args := f.page(w)
	query := `SELECT ` + column + `, currency, count(*), ` + strings.Join([]string{
		sum("CASE WHEN state = 'lost' THEN 1 ELSE 0 END"), sum("cost + adjusted") + " AS spent", sum("CASE WHEN state = 'reserved' THEN reserved ELSE 0 END"),
		sum("input"), sum("output"),
	}, ", ") + groups + order + page
	list, err := getAll(ctx, s.db, func(r row) (l domain.Spending, err error) {
		err = r.Scan(&l.Key, &l.Currency, &l.Calls, &l.Lost, &l.Spent, &l.Reserved, &l.Input, &l.Output)
		return l, err
	}, query, args...)
	if limit, offset := limitOffset(w); err != nil || offset == 0 && len(list) < limit {
		return list, len(list), s.db.fail(err, "sum model calls") // all of them: none is counted twice
	}
	total, err := s.db.count(ctx, `SELECT count(*) FROM (SELECT 1 AS one`+groups+`) AS lines`, f.args...)
	return list, total, err
}

// sum is a sum that both databases return as an integer of 64 bits.
func sum(of string) string { return "CAST(COALESCE(sum(" + of + "), 0) AS bigint)" }
