package jobs

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivershared/uniquestates"
	"github.com/riverqueue/river/rivertype"

	"empire/internal/sqltx"
)

// Options refine a job. The zero value means: now, normal priority, the default
// number of attempts, any number of equal jobs.
type Options struct {
	At          time.Time // not before; zero means now
	Priority    int       // 1 (first) to 4; zero means 1
	MaxAttempts int       // zero means 100
	// UniqueKey drops the job silently while another job of the same kind and key is
	// waiting or running. A finished job does not count.
	UniqueKey string
}

// envelope carries the arguments of a job of any kind as they are.
type envelope struct {
	kind      string
	args      json.RawMessage
	uniqueKey string
}

// Kind implements river.JobArgs.
func (e envelope) Kind() string { return e.kind }

// MarshalJSON implements json.Marshaler.
func (e envelope) MarshalJSON() ([]byte, error) { return e.args, nil }

// UnmarshalJSON implements json.Unmarshaler.
func (e *envelope) UnmarshalJSON(b []byte) error {
	e.args = append(e.args[:0], b...)
	return nil
}

// Enqueue adds a job with args as JSON. It joins the transaction that ctx carries,
// so the job exists if and only if that transaction commits; without one it uses
// its own. A worker in this process is woken by the commit.
func (q *Queue) Enqueue(ctx context.Context, kind string, args any, opts Options) error {
	b, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", kind, err)
	}
	job := envelope{kind: kind, args: b, uniqueKey: opts.UniqueKey}
	insert := &river.InsertOpts{
		MaxAttempts: opts.MaxAttempts, Priority: opts.Priority, ScheduledAt: opts.At, Metadata: q.metadata(ctx),
	}
	if c := sqltx.From(ctx); c != nil {
		if err := q.insert(ctx, c.Tx, job, insert); err != nil {
			return fmt.Errorf("enqueue %s: %w", kind, err)
		}
		sqltx.AfterCommit(ctx, q.waker.wake)
		return nil
	}
	if err := q.enqueueAlone(ctx, job, insert); err != nil {
		return fmt.Errorf("enqueue %s: %w", kind, err)
	}
	q.waker.wake()
	return nil
}

func (q *Queue) enqueueAlone(ctx context.Context, job envelope, insert *river.InsertOpts) error {
	tx, err := q.cfg.Writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := q.insert(ctx, tx, job, insert); err != nil {
		return err
	}
	return tx.Commit()
}

// insert adds the job and lets its commit notify. River notifies too, but not
// within a millisecond of the last time, which a chain of short jobs outruns;
// PostgreSQL sends equal notifications of one transaction once.
func (q *Queue) insert(ctx context.Context, tx *sql.Tx, job envelope, insert *river.InsertOpts) error {
	if _, err := q.inserter.InsertTx(ctx, tx, job, insert); err != nil {
		return err
	}
	if q.cfg.Dialect != Postgres || insert.ScheduledAt.After(time.Now()) {
		return nil
	}
	return q.driver.UnwrapExecutor(tx).NotifyMany(ctx, jobAvailable)
}

// jobAvailable is the notification that River's workers listen for.
var jobAvailable = &riverdriver.NotifyManyParams{
	Topic: "river_insert", Payload: []string{`{"queue": "` + river.QueueDefault + `"}`},
}

// soon is how far ahead a job is inserted as available with a start time, which
// the next poll after that time finds. What is later goes through River's
// scheduler, which looks every five seconds and only on the elected leader.
const soon = time.Minute

// liveStates are those in which a job still has work to do.
var liveStates = uniquestates.UniqueStatesToBitmask([]rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
})

// insertHook completes a job just before it is inserted with what River's options
// cannot say: a free unique key, and near starts.
type insertHook struct{ river.HookDefaults }

// InsertBegin implements rivertype.HookInsertBegin.
func (*insertHook) InsertBegin(_ context.Context, p *rivertype.JobInsertParams) error {
	if e, ok := p.Args.(envelope); ok && e.uniqueKey != "" {
		sum := sha256.Sum256([]byte(e.kind + "\x00" + e.uniqueKey))
		p.UniqueKey, p.UniqueStates = sum[:], liveStates
	}
	if p.State == rivertype.JobStateScheduled && p.ScheduledAt != nil && time.Until(*p.ScheduledAt) <= soon {
		p.State = rivertype.JobStateAvailable
	}
	return nil
}
