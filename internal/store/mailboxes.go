package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Mailboxes are where messages wait, and the leases of the processes that deliver
// them.
type Mailboxes struct{ db *DB }

// Claim makes holder the one that delivers the messages of an agent until a time. It
// reports false while the lease of another runs.
func (s *Mailboxes) Claim(ctx context.Context, agent domain.AgentID, holder string, now, until time.Time) (bool, error) {
	const query = `INSERT INTO mailbox_leases (agent_id, holder, held_until) VALUES ($1, $2, $3)
		ON CONFLICT (agent_id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
		WHERE mailbox_leases.holder = excluded.holder OR mailbox_leases.held_until <= $4`
	n, err := s.db.exec(ctx, query, agent, holder, s.db.time(until), s.db.time(now))
	return n > 0, s.db.fail(err, "claim mailbox %s", agent)
}

// Renew prolongs all leases of a holder and returns the agents that it holds.
func (s *Mailboxes) Renew(ctx context.Context, holder string, until time.Time) ([]domain.AgentID, error) {
	out := []domain.AgentID{}
	err := s.db.each(ctx, `UPDATE mailbox_leases SET held_until = $2 WHERE holder = $1 RETURNING agent_id`, []any{holder, s.db.time(until)}, func(r row) error {
		id, err := scanOne[domain.AgentID](r)
		out = append(out, id)
		return err
	})
	return out, s.db.fail(err, "renew mailbox leases")
}

// Release gives back what a holder has: the mailbox of one agent, or all of them
// without one.
func (s *Mailboxes) Release(ctx context.Context, holder string, agent domain.AgentID) error {
	_, err := s.db.exec(ctx, `DELETE FROM mailbox_leases WHERE holder = $1 AND ($2 = '' OR agent_id = $2)`, holder, string(agent))
	return s.db.fail(err, "release mailboxes")
}

// Waiting returns the agents that have queued messages.
func (s *Mailboxes) Waiting(ctx context.Context) ([]domain.AgentID, error) {
	list, err := getAll(ctx, s.db, scanOne[domain.AgentID], `SELECT agent_id FROM mailboxes WHERE depth > 0`)
	return list, s.db.fail(err, "list mailboxes with messages")
}

// Depth returns how many messages of an agent are queued, or of all without one.
func (s *Mailboxes) Depth(ctx context.Context, agent domain.AgentID) (int, error) {
	return s.db.count(ctx, `SELECT COALESCE(sum(depth), 0) FROM mailboxes WHERE $1 = '' OR agent_id = $1`, string(agent))
}

// Counts returns what waits and works, of one tenant or of all without one.
func (s *Mailboxes) Counts(ctx context.Context, tenant domain.TenantID) (*domain.OrchestratorCounts, error) {
	var f filter
	f.eq("tenant", string(tenant))
	and := func(cond string) string {
		with := filter{conds: append(append([]string{}, f.conds...), cond)}
		return with.where()
	}
	out := &domain.OrchestratorCounts{Runs: map[domain.RunState]int{}, ActiveTasks: map[domain.RunState]int{}}
	var err error
	out.Messages, err = getAll(ctx, s.db, func(r row) (c domain.MessageCount, err error) {
		err = r.Scan(&c.State, &c.Priority, &c.Count)
		return c, err
	}, `SELECT state, priority, count(*) FROM messages`+and(`kind = 'message'`)+` GROUP BY state, priority ORDER BY state, priority`, f.args...)
	if err != nil {
		return nil, s.db.fail(err, "count messages")
	}
	if out.DeadTotal, err = s.db.count(ctx, `SELECT count(*) FROM dead_letters`+f.where(), f.args...); err != nil {
		return nil, err
	}
	if out.DeadOpen, err = s.db.count(ctx, `SELECT count(*) FROM dead_letters`+and(`replayed_at IS NULL`), f.args...); err != nil {
		return nil, err
	}
	for _, c := range []struct {
		query string
		into  map[domain.RunState]int
	}{
		{`SELECT state, count(*) FROM tasks` + and(`state IN ('queued', 'running', 'waiting')`) + ` GROUP BY state`, out.ActiveTasks},
		{`SELECT state, count(*) FROM runs` + f.where() + ` GROUP BY state`, out.Runs},
	} {
		if err := s.db.eachRead(ctx, c.query, f.args, func(r row) error {
			var state domain.RunState
			var n int
			err := r.Scan(&state, &n)
			c.into[state] = n
			return err
		}); err != nil {
			return nil, s.db.fail(err, "count work")
		}
	}
	return out, nil
}
