package jobs_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"empire/internal/jobs"
)

// hang lets a worker take a job of the kind and never finish it, as if it had been
// killed, until the test ends.
func hang(t *testing.T, d database, id string, l *leases, kind string) {
	t.Helper()
	q := d.sized(t, id, l, 1) // no hand free for the jobs of others
	started, release := make(chan struct{}, 10), make(chan struct{})
	q.Handle(kind, 0, func(context.Context, json.RawMessage, int) error {
		started <- struct{}{}
		<-release
		return nil
	})
	start(t, q)
	t.Cleanup(func() { close(release) }) // runs before the queue is stopped
	if err := q.Enqueue(t.Context(), kind, note{}, jobs.Options{MaxAttempts: 1}); err != nil {
		t.Fatal(err)
	}
	wait(t, started, "the worker that hangs")
}

func attempts(q *jobs.Queue, kind string) <-chan int {
	ch := make(chan int, 10)
	q.Handle(kind, time.Minute, func(_ context.Context, _ json.RawMessage, attempt int) error {
		ch <- attempt
		return nil
	})
	return ch
}

func TestRecoverTakesOverFromDeadWorkers(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		l := &leases{}
		hang(t, d, "alive", l, "busy")
		hang(t, d, "dead", nil, "job") // never beats
		q := d.queue(t, "w2", l)
		again, busy := attempts(q, "job"), attempts(q, "busy")
		start(t, q)
		if got := wait(t, again, "the second attempt"); got != 2 {
			t.Errorf("attempt = %d, want 2", got)
		}
		if n, err := q.Recover(t.Context()); n != 0 || err != nil {
			t.Errorf("Recover = %d, %v; want 0, nil", n, err)
		}
		if len(busy) != 0 || d.rows(t)["busy"] != (row{"running", 1}) {
			t.Errorf("the job of a live worker was taken: %v", d.rows(t)["busy"])
		}
	})
}

func TestForgetWorkerOfTheSameName(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		l := &leases{}
		hang(t, d, "w1", l, "job")
		hang(t, d, "other", l, "busy")
		q := d.queue(t, "w1", l) // the next process on the same data
		again := attempts(q, "job")
		if n, err := q.Recover(t.Context()); n != 0 || err != nil {
			t.Fatalf("Recover = %d, %v; want 0, nil", n, err)
		}
		if err := q.ForgetWorker(t.Context(), "w1"); err != nil {
			t.Fatal(err)
		}
		if live, _ := l.Live(t.Context(), time.Time{}); len(live) != 1 || live[0] != "other" {
			t.Errorf("live = %v, want [other]", live)
		}
		if got, want := d.rows(t)["busy"], (row{"running", 1}); got != want {
			t.Errorf("row of the other worker = %v, want %v", got, want)
		}
		start(t, q)
		if got := wait(t, again, "the second attempt"); got != 2 {
			t.Errorf("attempt = %d, want 2", got)
		}
	})
}

func TestSweeperNoticesADeadWorker(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		l := &leases{}
		q := d.queue(t, "w2", l)
		q.SetPoll(50 * time.Millisecond)
		again := attempts(q, "job")
		start(t, q)
		// A worker without leases of its own that beat once and died.
		dead := d.queue(t, "dead", nil)
		if err := l.Beat(t.Context(), "dead", time.Now().Add(-5*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := dead.Enqueue(t.Context(), "job", note{}, jobs.Options{At: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		by := map[jobs.Dialect]string{jobs.SQLite: `json_array('dead')`, jobs.Postgres: `ARRAY['dead']`}[d.dialect]
		if _, err := d.db.Exec(`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = created_at,
			scheduled_at = created_at, attempted_by = ` + by); err != nil {
			t.Fatal(err)
		}
		if got := wait(t, again, "the sweeper"); got != 2 {
			t.Errorf("attempt = %d, want 2", got)
		}
		live, err := l.Live(t.Context(), time.Now().Add(-5*time.Second))
		if err != nil || len(live) != 1 || live[0] != "w2" {
			t.Errorf("live = %v, %v; want [w2]", live, err)
		}
		stop(t, q)
		if live, _ := l.Live(t.Context(), time.Now().Add(-5*time.Second)); len(live) != 0 {
			t.Errorf("live after Stop = %v, want none", live)
		}
	})
}

func TestRecoverDiscardsAKillerOfWorkers(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		hang(t, d, "dead", nil, "job") // one attempt allowed
		if _, err := d.db.Exec(`UPDATE river_job SET attempt = $1`, 1+jobs.MaxRecoveries); err != nil {
			t.Fatal(err)
		}
		if n, err := d.queue(t, "w2", &leases{}).Recover(t.Context()); n != 1 || err != nil {
			t.Fatalf("Recover = %d, %v; want 1, nil", n, err)
		}
		if got := d.rows(t)["job"].State; got != "discarded" {
			t.Errorf("state = %s, want discarded", got)
		}
	})
}
