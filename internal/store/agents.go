package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Agents are the figures of agents, counted over all their tasks and steps.
type Agents struct{ db *DB }

// Record counts one task or step that ended after d.
func (s *Agents) Record(ctx context.Context, id domain.AgentID, ok bool, d time.Duration, at time.Time) error {
	const query = `INSERT INTO agents (id, completed, failed, total_microseconds, last_activity, last_failed) VALUES ($1, 1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET completed = agents.completed + 1, failed = agents.failed + excluded.failed,
			total_microseconds = agents.total_microseconds + excluded.total_microseconds,
			last_activity = excluded.last_activity, last_failed = excluded.last_failed`
	failed := 0
	if !ok {
		failed = 1
	}
	_, err := s.db.exec(ctx, query, id, failed, d.Microseconds(), s.db.time(at), !ok)
	return s.db.fail(err, "record work of agent %s", id)
}

// Touch notes that an agent was active.
func (s *Agents) Touch(ctx context.Context, id domain.AgentID, at time.Time) error {
	const query = `INSERT INTO agents (id, completed, failed, total_microseconds, last_activity, last_failed) VALUES ($1, 0, 0, 0, $2, $3)
		ON CONFLICT (id) DO UPDATE SET last_activity = excluded.last_activity`
	_, err := s.db.exec(ctx, query, id, s.db.time(at), false)
	return s.db.fail(err, "touch agent %s", id)
}

// Metrics returns the figures of all agents that were ever active.
func (s *Agents) Metrics(ctx context.Context) (map[domain.AgentID]domain.AgentFigures, error) {
	const totals = `SELECT id, completed, failed, total_microseconds, last_activity, last_failed FROM agents`
	const running = `SELECT agent_id, count(*) FROM tasks WHERE state = 'running' GROUP BY agent_id
		UNION ALL SELECT agent, count(*) FROM steps WHERE state = 'running' AND agent <> '' GROUP BY agent`
	out := map[domain.AgentID]domain.AgentFigures{}
	_, err := getAll(ctx, s.db, func(r row) (struct{}, error) {
		var id domain.AgentID
		var a domain.AgentFigures
		var micros int64
		err := r.Scan(&id, &a.Completed, &a.Failed, &micros, asTimePtr(&a.LastActivity), &a.LastFailed)
		a.Total = time.Duration(micros) * time.Microsecond
		out[id] = a
		return struct{}{}, err
	}, totals)
	if err != nil {
		return nil, s.db.fail(err, "read figures of agents")
	}
	_, err = getAll(ctx, s.db, func(r row) (struct{}, error) {
		var id domain.AgentID
		var n int
		err := r.Scan(&id, &n)
		a := out[id]
		a.Running += n
		out[id] = a
		return struct{}{}, err
	}, running)
	if err != nil {
		return nil, s.db.fail(err, "count running work of agents")
	}
	return out, nil
}
