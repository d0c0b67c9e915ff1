package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// AlertSignals reads what alert rules are held against, of all tenants at once, and
// keeps what processes see of themselves for a day.
type AlertSignals struct{ db *DB }

// keepSamples is how long samples of processes are kept.
const keepSamples = 24*time.Hour + time.Hour

// AddSample stores what a process saw, and removes samples that are too old.
func (s *AlertSignals) AddSample(ctx context.Context, p *domain.ProcessSample) error {
	const query = `INSERT INTO process_samples (instance, at, doc) VALUES ($1, $2, $3) ON CONFLICT (at, instance) DO UPDATE SET doc = excluded.doc`
	if _, err := s.db.exec(ctx, query, p.Instance, s.db.time(p.At), jsonValue{p}); err != nil {
		return s.db.fail(err, "add sample of %s", p.Instance)
	}
	_, err := s.db.exec(ctx, `DELETE FROM process_samples WHERE at < $1`, s.db.time(p.At.Add(-keepSamples)))
	return s.db.fail(err, "remove old samples")
}

// Samples returns what all processes saw after a time, the oldest first.
func (s *AlertSignals) Samples(ctx context.Context, after time.Time) ([]domain.ProcessSample, error) {
	list, err := getAll(ctx, s.db, func(r row) (p domain.ProcessSample, err error) {
		err = r.Scan(jsonValue{&p})
		return p, err
	}, `SELECT doc FROM process_samples WHERE at > $1 ORDER BY at, instance`, s.db.time(after))
	return list, s.db.fail(err, "list samples")
}

// FailedRuns counts runs that ended as failed since a time and still are, by pipeline
// and website.
func (s *AlertSignals) FailedRuns(ctx context.Context, since time.Time) ([]domain.RunFailures, error) {
	const query = `SELECT r.tenant, r.pipeline, coalesce(r.website_id, ''), coalesce(max(w.domain), ''), count(*), max(r.id)
		FROM runs r LEFT JOIN websites w ON w.id = r.website_id WHERE r.state = 'failed' AND r.finished_at >= $1
		GROUP BY r.tenant, r.pipeline, r.website_id ORDER BY 1, 2, 3`
	list, err := getAll(ctx, s.db, func(r row) (f domain.RunFailures, err error) {
		err = r.Scan(&f.Tenant, &f.Pipeline, &f.WebsiteID, &f.Domain, &f.Count, &f.Last)
		return f, err
	}, query, s.db.time(since))
	return list, s.db.fail(err, "count failed runs")
}

// DeadLetters counts dead letters that were made since a time and not tried again, by
// agent.
func (s *AlertSignals) DeadLetters(ctx context.Context, since time.Time) ([]domain.OpenDeadLetters, error) {
	const query = `SELECT tenant, agent_id, count(*) FROM dead_letters WHERE replayed_at IS NULL AND created_at >= $1 GROUP BY tenant, agent_id ORDER BY 1, 2`
	list, err := getAll(ctx, s.db, func(r row) (l domain.OpenDeadLetters, err error) {
		err = r.Scan(&l.Tenant, &l.AgentID, &l.Count)
		return l, err
	}, query, s.db.time(since))
	return list, s.db.fail(err, "count dead letters")
}

// Budgets returns the budgets of all tenants that have counted something in the period
// that holds now.
func (s *AlertSignals) Budgets(ctx context.Context, now time.Time) ([]domain.BudgetState, error) {
	const query = `SELECT ` + budgetColumns + `, ` + countColumns + ` FROM budgets JOIN budget_periods ON budget_id = id
		WHERE period_start <= $1 AND (period_end IS NULL OR period_end > $1) ORDER BY id`
	list, err := getAll(ctx, s.db, func(r row) (b domain.BudgetState, err error) {
		var end *time.Time
		c := &b.Count
		err = r.Scan(&b.ID, &b.Tenant, &b.Name, &b.Scope.WebsiteID, &b.Scope.Pipeline, &b.Scope.AgentID, &b.Scope.Model, &b.Period, &b.TimeZone,
			&b.Limit.Minor, &b.Limit.Currency, &b.DegradeAt, &b.OnLimit, asTime(&b.CreatedAt), asTime(&b.UpdatedAt),
			&c.BudgetID, asTime(&c.Start), asTimePtr(&end), &c.Raised, &c.Reserved, &c.Spent, asTimePtr(&c.DegradedAt), asTimePtr(&c.ExhaustedAt))
		if end != nil {
			c.End = *end
		}
		return b, err
	}, query, s.db.time(now))
	return list, s.db.fail(err, "list budgets in use")
}

// Visitors counts the people who visited live websites on days, in days since 1970.
// Days without any are left out.
func (s *AlertSignals) Visitors(ctx context.Context, days []int64) ([]domain.DayVisitors, error) {
	const query = `SELECT w.tenant, w.id, w.domain, sum(t.visitors) FROM traffic_hours t JOIN websites w ON w.id = t.website_id
		WHERE t.class = 'person' AND w.state = 'live' AND t.hour >= $1 AND t.hour < $2 GROUP BY w.tenant, w.id, w.domain ORDER BY w.id`
	out := []domain.DayVisitors{}
	for _, day := range days {
		list, err := getAll(ctx, s.db, func(r row) (v domain.DayVisitors, err error) {
			err = r.Scan(&v.Tenant, &v.WebsiteID, &v.Domain, &v.Visitors)
			v.Day = day
			return v, err
		}, query, day*24, day*24+24)
		if err != nil {
			return nil, s.db.fail(err, "count visitors of day %d", day)
		}
		out = append(out, list...)
	}
	return out, nil
}
