package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Release puts a task back that was begun and then stopped for no fault of its own;
// the attempt does not count.
func (s *Tasks) Release(ctx context.Context, id domain.TaskID) (bool, error) {
	const query = `UPDATE tasks SET state = 'queued', attempts = attempts - 1 WHERE id = $1 AND state = 'running' AND attempts > 0`
	n, err := s.db.exec(ctx, query, id)
	return n > 0, s.db.fail(err, "release task %s", id)
}

// Queued returns the oldest tasks that wait for an agent.
func (s *Tasks) Queued(ctx context.Context, agent domain.AgentID, limit int) ([]domain.Task, error) {
	const query = `SELECT ` + taskColumns + ` FROM tasks WHERE agent_id = $1 AND state = 'queued' ORDER BY created_at, id LIMIT $2`
	list, err := getAll(ctx, s.db, scanTask, query, agent, limit)
	return list, s.db.fail(err, "list queued tasks of %s", agent)
}

// Dispatch hands a queued task to a connection, which counts as an attempt. It
// reports false if the task is not queued any more or the connection is not the one
// of its agent.
func (s *Tasks) Dispatch(ctx context.Context, id domain.TaskID, link string, at, deadline time.Time) (bool, error) {
	const query = `UPDATE tasks SET state = 'running', started_at = COALESCE(started_at, $3), attempts = attempts + 1, holder = $2, dispatched_at = $3, deadline = $4
		WHERE id = $1 AND state = 'queued' AND EXISTS (SELECT 1 FROM agents WHERE agents.id = tasks.agent_id AND agents.link = $2)`
	n, err := s.db.exec(ctx, query, id, link, s.db.time(at), s.db.time(deadline))
	return n > 0, s.db.fail(err, "dispatch task %s", id)
}

// Handed returns the tasks that an agent outside this program has and has not
// answered, the oldest first.
func (s *Tasks) Handed(ctx context.Context, agent domain.AgentID) ([]domain.Task, error) {
	const query = `SELECT ` + taskColumns + ` FROM tasks WHERE agent_id = $1 AND state = 'running' AND holder <> '' ORDER BY created_at, id`
	list, err := getAll(ctx, s.db, scanTask, query, agent)
	return list, s.db.fail(err, "list tasks that %s has", agent)
}

// Pass gives the tasks that an agent has to another connection of the same instance.
func (s *Tasks) Pass(ctx context.Context, agent domain.AgentID, link string) error {
	_, err := s.db.exec(ctx, `UPDATE tasks SET holder = $2 WHERE agent_id = $1 AND state = 'running' AND holder <> ''`, agent, link)
	return s.db.fail(err, "pass tasks of %s", agent)
}

// TakeBack queues a task again that a connection had. It reports false if that
// connection does not have it any more.
func (s *Tasks) TakeBack(ctx context.Context, id domain.TaskID, holder string) (bool, error) {
	const query = `UPDATE tasks SET state = 'queued', holder = '', deadline = NULL WHERE id = $1 AND state = 'running' AND holder = $2`
	n, err := s.db.exec(ctx, query, id, holder)
	return n > 0, s.db.fail(err, "take task %s back", id)
}

// Overdue returns tasks that were to be answered before a time.
func (s *Tasks) Overdue(ctx context.Context, at time.Time, limit int) ([]domain.Task, error) {
	const query = `SELECT ` + taskColumns + ` FROM tasks WHERE state = 'running' AND deadline < $1 ORDER BY deadline, id LIMIT $2`
	list, err := getAll(ctx, s.db, scanTask, query, s.db.time(at), limit)
	return list, s.db.fail(err, "list overdue tasks")
}

// Orphans returns tasks that wait for agents that were deleted.
func (s *Tasks) Orphans(ctx context.Context, limit int) ([]domain.Task, error) {
	const query = `SELECT ` + taskColumns + ` FROM tasks WHERE state = 'queued'
		AND agent_id IN (SELECT agents.id FROM agents WHERE agents.state = 'deleted') ORDER BY created_at, tasks.id LIMIT $1`
	list, err := getAll(ctx, s.db, scanTask, query, limit)
	return list, s.db.fail(err, "list tasks of deleted agents")
}

// OfRun returns the tasks that a run waits for.
func (s *Tasks) OfRun(ctx context.Context, run domain.RunID) ([]domain.Task, error) {
	const query = `SELECT ` + taskColumns + ` FROM tasks WHERE run_id = $1 AND run_id <> '' AND state IN ('queued', 'running', 'waiting') ORDER BY id`
	list, err := getAll(ctx, s.db, scanTask, query, run)
	return list, s.db.fail(err, "list tasks of run %s", run)
}

// Open counts the tasks of an agent that wait and those that run.
func (s *Tasks) Open(ctx context.Context, agent domain.AgentID) (queued, running int, err error) {
	const query = `SELECT COALESCE(SUM(CASE WHEN state = 'queued' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN state = 'running' THEN 1 ELSE 0 END), 0)
		FROM tasks WHERE agent_id = $1 AND state IN ('queued', 'running')`
	err = s.db.r(ctx).QueryRowContext(ctx, query, agent).Scan(&queued, &running)
	return queued, running, s.db.fail(err, "count tasks of agent %s", agent)
}

// Wanted returns those of the agents that tasks wait for.
func (s *Tasks) Wanted(ctx context.Context, agents []domain.AgentID) ([]domain.AgentID, error) {
	query := `SELECT DISTINCT agent_id FROM tasks WHERE state = 'queued' AND ` + s.db.d.inList("agent_id", 1)
	list, err := getAll(ctx, s.db, scanOne[domain.AgentID], query, listArg(s.db.d, agents))
	return list, s.db.fail(err, "list agents that tasks wait for")
}

// Stopped returns those of the tasks that have ended.
func (s *Tasks) Stopped(ctx context.Context, ids []domain.TaskID) ([]domain.TaskID, error) {
	query := `SELECT id FROM tasks WHERE state IN ('completed', 'failed', 'cancelled') AND ` + s.db.d.inList("id", 1)
	list, err := getAll(ctx, s.db, scanOne[domain.TaskID], query, listArg(s.db.d, ids))
	return list, s.db.fail(err, "list tasks that ended")
}

// Reopen queues a task that failed, as if it had never begun. It reports false for
// a task in another state.
func (s *Tasks) Reopen(ctx context.Context, id domain.TaskID) (bool, error) {
	const query = `UPDATE tasks SET state = 'queued', error = NULL, result = NULL, finished_at = NULL, started_at = NULL, attempts = 0, holder = '',
		dispatched_at = NULL, deadline = NULL WHERE id = $1 AND state = 'failed'`
	n, err := s.db.exec(ctx, query, id)
	if err == nil && n == 0 {
		err = s.exists(ctx, id)
	}
	return n > 0, s.db.fail(err, "reopen task %s", id)
}
