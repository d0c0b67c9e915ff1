package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"empire/internal/domain"
)

// Runs are the executions of pipelines.
type Runs struct{ db *DB }

const runColumns = `id, tenant, pipeline, version, state, params, website_id, owner_id, stages, error, created_at, started_at, finished_at,
	priority, parent_run, parent_step, depth`

func scanRun(r row) (run domain.Run, err error) {
	var website, parent, parentStep sql.NullString
	err = r.Scan(&run.ID, &run.Tenant, &run.Pipeline, &run.Version, &run.State, rawScan{&run.Params}, &website, &run.OwnerID, jsonValue{&run.Stages},
		jsonValue{&run.Error}, asTime(&run.CreatedAt), asTimePtr(&run.StartedAt), asTimePtr(&run.FinishedAt),
		&run.Priority, &parent, &parentStep, &run.Depth)
	run.WebsiteID, run.ParentRun, run.ParentStep = domain.WebsiteID(website.String), domain.RunID(parent.String), domain.StepID(parentStep.String)
	return run, err
}

func noRun(id domain.RunID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Run %s does not exist.", id)
}

var stepBulk = bulk{into: "steps (" + stepColumns + ", result)", columns: 19}

// Insert stores a run with its steps and the event run.created; an empty Tenant is
// DefaultTenant.
func (s *Runs) Insert(ctx context.Context, r *domain.Run) error {
	const query = `INSERT INTO runs (` + runColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		_, err := s.db.exec(ctx, query, r.ID, r.Tenant.OrDefault(), r.Pipeline, r.Version, r.State, rawArg(r.Params), nullable(string(r.WebsiteID)), r.OwnerID,
			jsonValue{r.Stages}, optJSON(r.Error), s.db.time(r.CreatedAt), s.db.timePtr(r.StartedAt), s.db.timePtr(r.FinishedAt),
			r.Priority.OrNormal(), nullable(string(r.ParentRun)), nullable(string(r.ParentStep)), r.Depth)
		if err != nil {
			return err
		}
		err = stepBulk.write(ctx, s.db, len(r.Steps), func(args []any, i int) []any {
			st := &r.Steps[i]
			return append(args, st.ID, r.ID, st.Name, st.Position, st.Agent, st.Task, st.State, st.Attempt, optJSON(st.Error), st.Done, st.Total,
				st.Message, s.db.timePtr(st.StartedAt), s.db.timePtr(st.FinishedAt), s.db.timePtr(st.ReadyAt), st.Undo, st.UndoAttempt,
				optJSON(st.UndoError), rawArg(st.Result))
		})
		if err != nil {
			return err
		}
		data, err := json.Marshal(map[string]any{"pipeline": r.Pipeline, "version": r.Version})
		if err != nil {
			return err
		}
		return (&Events{s.db}).Append(ctx, domain.RunEvent{RunID: r.ID, Type: "run.created", Data: data, At: r.CreatedAt})
	})
	return s.db.fail(err, "insert run %s", r.ID)
}

// Get returns one run with its steps and their results, or CodeNotFound.
func (s *Runs) Get(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	const query = `SELECT ` + runColumns + ` FROM runs WHERE id = $1`
	const steps = `SELECT ` + stepColumns + `, result FROM steps WHERE run_id = $1 ORDER BY position`
	r, err := getOne(ctx, s.db, noRun(id), scanRun, query, id)
	if err != nil {
		return nil, s.db.fail(err, "get run %s", id)
	}
	r.Steps, err = getAll(ctx, s.db, scanStepResult, steps, id)
	if err != nil {
		return nil, s.db.fail(err, "get steps of run %s", id)
	}
	return r, nil
}

// Show is Get with what holds ready steps back.
func (s *Runs) Show(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	r, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return r, s.addBlocked(ctx, []domain.Run{*r})
}

// addBlocked notes which limits hold ready steps of the runs back.
func (s *Runs) addBlocked(ctx context.Context, runs []domain.Run) error {
	steps := map[domain.StepID]*domain.Step{}
	var ids []domain.RunID
	for i := range runs {
		n := len(steps)
		for j := range runs[i].Steps {
			if st := &runs[i].Steps[j]; st.State == domain.StateQueued && st.ReadyAt != nil {
				steps[st.ID] = st
			}
		}
		if len(steps) > n {
			ids = append(ids, runs[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var f filter
	in(&f, s.db.d, "run_id", ids)
	slots, err := getAll(ctx, s.db, scanBlocked, `SELECT step_id, ready_at, blocked_on FROM step_slots`+f.where()+` AND admitted_at IS NULL`, f.args...)
	if err != nil {
		return s.db.fail(err, "list blocked steps")
	}
	for _, b := range slots {
		if st := steps[b.StepID]; st != nil && st.ReadyAt.Equal(b.ReadyAt) {
			st.BlockedOn = b.BlockedOn
		}
	}
	return nil
}

func scanBlocked(r row) (b domain.Slot, err error) {
	err = r.Scan(&b.StepID, asTime(&b.ReadyAt), &b.BlockedOn)
	return b, err
}

// Hours returns how many runs of a tenant (empty: of all) were begun in each hour from a
// time on, in the order of hours; hours without any are left out. Indexes alone answer it.
func (s *Runs) Hours(ctx context.Context, tenant domain.TenantID, from time.Time) ([]domain.RunHour, error) {
	found := map[int64]domain.RunHour{}
	for _, state := range []domain.RunState{"", domain.StateFailed} {
		f := filter{conds: []string{"created_at >= $1"}, args: []any{s.db.time(from)}}
		f.eq("tenant", string(tenant))
		f.eq("state", string(state))
		query := `SELECT ` + s.db.d.hourOf("created_at") + `, count(*) FROM runs` + f.where() + ` GROUP BY 1`
		err := s.db.eachRead(ctx, query, f.args, func(r row) error {
			var hour int64
			var n int
			if err := r.Scan(&hour, &n); err != nil {
				return err
			}
			h := found[hour]
			h.Hour = hour
			if state == "" {
				h.Begun = n
			} else {
				h.Failed = n
			}
			found[hour] = h
			return nil
		})
		if err != nil {
			return nil, s.db.fail(err, "count runs by hour")
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b domain.RunHour) int { return cmp.Compare(a.Hour, b.Hour) }), nil
}

// Lock is Hold for who needs no results: the run with the heads of its steps, which
// no other transaction changes until that of ctx ends.
func (s *Runs) Lock(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	const query = `SELECT ` + runColumns + ` FROM runs WHERE id = $1`
	const steps = `SELECT ` + stepColumns + ` FROM steps WHERE run_id = $1 ORDER BY position`
	if err := s.db.lock(ctx, noRun(id), `SELECT id FROM runs WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "lock run %s", id)
	}
	r, err := getOne(ctx, s.db, noRun(id), scanRun, query, id)
	if err == nil {
		r.Steps, err = getAll(ctx, s.db, scanStep, steps, id)
	}
	if err != nil {
		return nil, s.db.fail(err, "lock run %s", id)
	}
	return r, nil
}

// Parent returns the run that started this one as a step, or "".
func (s *Runs) Parent(ctx context.Context, id domain.RunID) (domain.RunID, error) {
	parent, err := getOne(ctx, s.db, noRun(id), scanOne[string], `SELECT COALESCE(parent_run, '') FROM runs WHERE id = $1`, id)
	if err != nil {
		return "", s.db.fail(err, "get parent of run %s", id)
	}
	return domain.RunID(*parent), nil
}

// Children returns the runs that this one started and that have not ended.
func (s *Runs) Children(ctx context.Context, id domain.RunID) ([]domain.RunID, error) {
	const query = `SELECT id FROM runs WHERE parent_run = $1 AND state IN ('queued', 'running', 'waiting') ORDER BY id`
	ids, err := getAll(ctx, s.db, scanOne[domain.RunID], query, id)
	return ids, s.db.fail(err, "list children of run %s", id)
}

// Hold is Get of a run that no other transaction changes until that of ctx ends.
func (s *Runs) Hold(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	if err := s.db.lock(ctx, noRun(id), `SELECT id FROM runs WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold run %s", id)
	}
	return s.Get(ctx, id)
}

// List returns runs with their steps but without results, the newest first, and
// how many there are.
func (s *Runs) List(ctx context.Context, rf domain.RunFilter, w domain.Window) ([]domain.Run, int, error) {
	var f filter
	f.eq("tenant", string(rf.Tenant))
	f.eq("state", string(rf.State))
	f.eq("website_id", string(rf.WebsiteID))
	total, err := s.db.count(ctx, `SELECT count(*) FROM runs`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	runs, err := getAll(ctx, s.db, scanRun, `SELECT `+runColumns+` FROM runs`+f.where()+` ORDER BY created_at DESC, id DESC`+page, args...)
	if err != nil {
		return nil, 0, s.db.fail(err, "list runs")
	}
	if err := s.addSteps(ctx, runs); err != nil {
		return nil, 0, s.db.fail(err, "list steps of runs")
	}
	return runs, total, nil
}

func (s *Runs) addSteps(ctx context.Context, runs []domain.Run) error {
	if len(runs) == 0 {
		return nil
	}
	at := make(map[domain.RunID]*domain.Run, len(runs))
	ids := make([]domain.RunID, len(runs))
	for i := range runs {
		at[runs[i].ID], ids[i] = &runs[i], runs[i].ID
	}
	var f filter
	in(&f, s.db.d, "run_id", ids)
	steps, err := getAll(ctx, s.db, scanStep, `SELECT `+stepColumns+` FROM steps`+f.where()+` ORDER BY run_id, position`, f.args...)
	if err != nil {
		return err
	}
	for _, st := range steps {
		at[st.RunID].Steps = append(at[st.RunID].Steps, st)
	}
	return s.addBlocked(ctx, runs)
}

// SetState moves a run from one of several states to another, with the error that
// ended it or nil. It reports false if the run is in no state of from. StartedAt is
// set with the first move to running; FinishedAt is set by a final state and
// cleared by any other.
func (s *Runs) SetState(ctx context.Context, id domain.RunID, from []domain.RunState, to domain.RunState, e *domain.RunError, at time.Time) (bool, error) {
	f := filter{conds: []string{"id = $1"}, args: []any{id, to, optJSON(e), s.startedAt(to, at), s.finishedAt(to, at)}}
	in(&f, s.db.d, "state", from)
	n, err := s.db.exec(ctx, `UPDATE runs SET state = $2, error = $3, started_at = COALESCE(started_at, $4), finished_at = $5`+f.where(), f.args...)
	if err == nil && n == 0 {
		err = s.exists(ctx, id)
	}
	return n > 0, s.db.fail(err, "set state of run %s", id)
}

func (s *Runs) startedAt(to domain.RunState, at time.Time) any {
	if to == domain.StateRunning {
		return s.db.time(at)
	}
	return nil
}

func (s *Runs) finishedAt(to domain.RunState, at time.Time) any {
	if to.Ended() {
		return s.db.time(at)
	}
	return nil
}

func (s *Runs) exists(ctx context.Context, id domain.RunID) error {
	_, err := getOne(ctx, s.db, noRun(id), scanOne[string], `SELECT id FROM runs WHERE id = $1`, id)
	return err
}

// SetWebsite notes the website that a run works on.
func (s *Runs) SetWebsite(ctx context.Context, id domain.RunID, website domain.WebsiteID) error {
	const query = `UPDATE runs SET website_id = $2 WHERE id = $1`
	return s.db.fail(s.db.execOne(ctx, noRun(id), query, id, nullable(string(website))), "set website of run %s", id)
}

// Unfinished returns the ids of runs that have not ended, the oldest first.
func (s *Runs) Unfinished(ctx context.Context) ([]domain.RunID, error) {
	const query = `SELECT id FROM runs WHERE state IN ('queued', 'running', 'waiting') ORDER BY created_at, id`
	ids, err := getAll(ctx, s.db, scanOne[domain.RunID], query)
	return ids, s.db.fail(err, "list unfinished runs")
}
