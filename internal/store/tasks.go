package store

import (
	"context"
	"encoding/json"
	"time"

	"empire/internal/domain"
)

// Tasks are pieces of work that were asked of agents.
type Tasks struct{ db *DB }

const placeholders24 = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24"

const taskColumns = `id, tenant, agent_id, type, params, state, result, error, owner_id, idempotency_key, request_hash, created_at, started_at, finished_at,
	run_id, step_id, step, context, attempts, max_attempts, timeout_seconds, holder, dispatched_at, deadline`

func scanTask(r row) (t domain.Task, err error) {
	var seconds int64
	err = r.Scan(&t.ID, &t.Tenant, &t.AgentID, &t.Type, rawScan{&t.Params}, &t.State, rawScan{&t.Result}, jsonValue{&t.Error}, &t.OwnerID,
		&t.IdempotencyKey, &t.RequestHash, asTime(&t.CreatedAt), asTimePtr(&t.StartedAt), asTimePtr(&t.FinishedAt), &t.RunID, &t.StepID, &t.Step,
		rawScan{&t.Context}, &t.Attempts, &t.MaxAttempts, &seconds, &t.Holder, asTimePtr(&t.DispatchedAt), asTimePtr(&t.Deadline))
	t.Timeout = time.Duration(seconds) * time.Second
	return t, err
}

func noTask(id domain.TaskID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Task %s does not exist.", id)
}

// Insert stores a task; an empty Tenant is DefaultTenant, MaxAttempts and Timeout
// are filled in where they are zero. An idempotency key that the owner has used is
// CodeConflict.
func (s *Tasks) Insert(ctx context.Context, t *domain.Task) error {
	const query = `INSERT INTO tasks (` + taskColumns + `) VALUES (` + placeholders24 + `)`
	if t.MaxAttempts == 0 {
		t.MaxAttempts = domain.TaskAttempts
	}
	if t.Timeout == 0 {
		t.Timeout = domain.TaskTimeout
	}
	_, err := s.db.exec(ctx, query, t.ID, t.Tenant.OrDefault(), t.AgentID, t.Type, rawArg(t.Params), t.State, rawArg(t.Result), optJSON(t.Error), t.OwnerID,
		t.IdempotencyKey, t.RequestHash, s.db.time(t.CreatedAt), s.db.timePtr(t.StartedAt), s.db.timePtr(t.FinishedAt), t.RunID, t.StepID, t.Step, rawArg(t.Context),
		t.Attempts, t.MaxAttempts, int64(t.Timeout/time.Second), t.Holder, s.db.timePtr(t.DispatchedAt), s.db.timePtr(t.Deadline))
	err = taken(err, "owner_id,idempotency_key", "idempotency_key", "This idempotency key has been used.")
	return s.db.fail(err, "insert task %s", t.ID)
}

// Get returns one task, or CodeNotFound.
func (s *Tasks) Get(ctx context.Context, id domain.TaskID) (*domain.Task, error) {
	const query = `SELECT ` + taskColumns + ` FROM tasks WHERE id = $1`
	t, err := getOne(ctx, s.db, noTask(id), scanTask, query, id)
	return t, s.db.fail(err, "get task %s", id)
}

// Hold is Get of a task that no other transaction changes until that of ctx ends.
func (s *Tasks) Hold(ctx context.Context, id domain.TaskID) (*domain.Task, error) {
	if err := s.db.lock(ctx, noTask(id), `SELECT id FROM tasks WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold task %s", id)
	}
	return s.Get(ctx, id)
}

// GetByIdempotencyKey returns the task that the owner asked for with a key, or
// CodeNotFound.
func (s *Tasks) GetByIdempotencyKey(ctx context.Context, owner domain.UserID, key string) (*domain.Task, error) {
	const query = `SELECT ` + taskColumns + ` FROM tasks WHERE owner_id = $1 AND idempotency_key = $2 AND idempotency_key <> ''`
	missing := domain.Errorf(domain.CodeNotFound, "No task has this idempotency key.")
	t, err := getOne(ctx, s.db, missing, scanTask, query, owner, key)
	return t, s.db.fail(err, "get task by idempotency key")
}

// List returns tasks, the newest first, and how many there are.
func (s *Tasks) List(ctx context.Context, tf domain.TaskFilter, w domain.Window) ([]domain.Task, int, error) {
	var f filter
	f.eq("tenant", string(tf.Tenant))
	f.eq("agent_id", string(tf.AgentID))
	f.eq("state", string(tf.State))
	f.eq("run_id", string(tf.RunID))
	total, err := s.db.count(ctx, `SELECT count(*) FROM tasks`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanTask, `SELECT `+taskColumns+` FROM tasks`+f.where()+` ORDER BY created_at DESC, id DESC`+page, args...)
	return list, total, s.db.fail(err, "list tasks")
}

// Begin starts a task that is queued, or running on a worker that was lost, and
// counts the attempt. It reports false for a task in another state.
func (s *Tasks) Begin(ctx context.Context, id domain.TaskID, at time.Time) (bool, error) {
	const query = `UPDATE tasks SET state = 'running', started_at = COALESCE(started_at, $2), attempts = attempts + 1 WHERE id = $1 AND state IN ('queued', 'running')`
	n, err := s.db.exec(ctx, query, id, s.db.time(at))
	if err == nil && n == 0 {
		err = s.exists(ctx, id)
	}
	return n > 0, s.db.fail(err, "begin task %s", id)
}

// Finish ends a task with a result or an error. It reports false if the task has
// ended before.
func (s *Tasks) Finish(ctx context.Context, id domain.TaskID, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error) {
	const query = `UPDATE tasks SET state = $2, result = $3, error = $4, finished_at = $5
		WHERE id = $1 AND state IN ('queued', 'running', 'waiting')`
	if !state.Ended() {
		return false, domain.Errorf(domain.CodeInvalid, "State %s does not end a task.", state)
	}
	n, err := s.db.exec(ctx, query, id, state, rawArg(result), optJSON(e), s.db.time(at))
	if err == nil && n == 0 {
		err = s.exists(ctx, id)
	}
	return n > 0, s.db.fail(err, "finish task %s", id)
}

func (s *Tasks) exists(ctx context.Context, id domain.TaskID) error {
	_, err := getOne(ctx, s.db, noTask(id), scanOne[string], `SELECT id FROM tasks WHERE id = $1`, id)
	return err
}
