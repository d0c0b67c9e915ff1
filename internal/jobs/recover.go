package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

const (
	beatEvery  = 1500 * time.Millisecond
	sweepEvery = 2 * time.Second
	leaseFor   = 6 * time.Second // four heartbeats
	callLimit  = 3 * time.Second // a heartbeat or sweep that takes longer is given up
)

// leases knows which workers are alive. A worker is alive while its last heartbeat
// is younger than leaseFor; heartbeats carry the worker's own clock, so the clocks
// of all workers must agree within a second or two.
type leases interface {
	Beat(ctx context.Context, id string, at time.Time) error
	Remove(ctx context.Context, id string) error
	Live(ctx context.Context, since time.Time) ([]string, error)
}

// maxRecoveries is how many attempts beyond its limit a job may lose to dying
// workers before it is taken for the cause of death and discarded.
const maxRecoveries = 20

// requeueSQL puts running jobs back whose last worker is not ($2 false) or is
// ($2 true) in the JSON list $1.
var requeueSQL = map[Dialect]string{
	SQLite: `UPDATE river_job
SET state = CASE WHEN attempt >= max_attempts + $3 THEN 'discarded' ELSE 'available' END,
    finalized_at = CASE WHEN attempt >= max_attempts + $3 THEN datetime('now', 'subsec') END
WHERE state = 'running'
  AND (coalesce(attempted_by ->> '$[#-1]', '') IN (SELECT value FROM json_each($1))) = $2`,
	Postgres: `UPDATE river_job
SET state = (CASE WHEN attempt >= max_attempts + $3::int THEN 'discarded' ELSE 'available' END)::river_job_state,
    finalized_at = CASE WHEN attempt >= max_attempts + $3::int THEN now() END
WHERE state = 'running'
  AND (coalesce(attempted_by[array_upper(attempted_by, 1)], '') IN (SELECT jsonb_array_elements_text($1::jsonb))) = $2::boolean`,
}

// Recover puts the jobs of dead workers back so that they run again, and returns
// how many there were. This worker itself counts as alive. The running queue calls
// it every two seconds: a killed worker's jobs go on within about eight.
func (q *Queue) Recover(ctx context.Context) (int, error) {
	if q.leases == nil {
		return 0, nil
	}
	live, err := q.leases.Live(ctx, time.Now().Add(-leaseFor))
	if err != nil {
		return 0, fmt.Errorf("recover jobs: %w", err)
	}
	n, err := q.requeue(ctx, append(live, q.cfg.WorkerID), false)
	if err != nil {
		return 0, fmt.Errorf("recover jobs: %w", err)
	}
	return n, nil
}

// ForgetWorker takes the lease of a worker that is known to be dead and puts its
// jobs back at once. It is called before Start with the previous owner of a data
// directory, whose lock proves that it is gone; the previous owner may have had
// the same ID as this worker.
func (q *Queue) ForgetWorker(ctx context.Context, id string) error {
	if q.leases != nil {
		if err := q.leases.Remove(ctx, id); err != nil {
			return fmt.Errorf("forget worker %s: %w", id, err)
		}
	}
	if _, err := q.requeue(ctx, []string{id}, true); err != nil {
		return fmt.Errorf("forget worker %s: %w", id, err)
	}
	return nil
}

// requeue puts back the running jobs whose last worker is among ids, or, with
// listed false, is not.
func (q *Queue) requeue(ctx context.Context, ids []string, listed bool) (int, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return 0, err
	}
	res, err := q.cfg.Writer.ExecContext(ctx, requeueSQL[q.cfg.Dialect], string(list), listed, maxRecoveries)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, err
	}
	if n > 0 {
		q.cfg.Logger.WarnContext(ctx, "jobs of dead workers requeued", slog.Int64("jobs", n))
		if err := q.announce(ctx); err != nil {
			return int(n), err
		}
	}
	return int(n), nil
}

// announce wakes the workers of all processes, or on SQLite of this one.
func (q *Queue) announce(ctx context.Context) error {
	if q.cfg.Dialect == Postgres {
		return q.driver.GetExecutor().NotifyMany(ctx, jobAvailable)
	}
	q.waker.wake()
	return nil
}

// keepAlive sends heartbeats and sweeps until ctx ends.
func (q *Queue) keepAlive(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	if q.leases == nil {
		return
	}
	beat, sweep := time.NewTicker(beatEvery), time.NewTicker(sweepEvery)
	defer beat.Stop()
	defer sweep.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			err = q.beat(ctx)
		case <-sweep.C:
			err = q.sweep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			q.cfg.Logger.WarnContext(ctx, "worker lease not kept", slog.Any("err", err))
		}
	}
}

func (q *Queue) beat(ctx context.Context) error {
	if q.leases == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	if err := q.leases.Beat(ctx, q.cfg.WorkerID, time.Now()); err != nil {
		return fmt.Errorf("beat %s: %w", q.cfg.WorkerID, err)
	}
	return nil
}

func (q *Queue) sweep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	_, err := q.Recover(ctx)
	return err
}

// release gives the lease up, so that nobody waits for it to run out.
func (q *Queue) release(ctx context.Context) error {
	if q.leases == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit)
	defer cancel()
	if err := q.leases.Remove(ctx, q.cfg.WorkerID); err != nil {
		return fmt.Errorf("stop queue: release lease: %w", err)
	}
	return nil
}
