package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"empire/internal/domain"
)

// defaultSnooze is the pause of a rate-limited job that does not say how long.
const defaultSnooze = 5 * time.Second

// worker runs the handler of one kind.
type worker struct {
	river.WorkerDefaults[envelope]
	q       *Queue
	kind    string
	timeout time.Duration
	fn      Handler
}

// Timeout implements river.Worker.
func (w *worker) Timeout(*river.Job[envelope]) time.Duration {
	if w.timeout <= 0 {
		return -1
	}
	return w.timeout
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[envelope]) error {
	err := w.q.traced(ctx, w.kind, job.Attempt, job.Metadata, func(ctx context.Context) error { return w.run(ctx, job.Args.args, job.Attempt) })
	if err != nil && w.q.canceling.Load() && ctx.Err() != nil {
		return river.JobSnooze(0) // stopped, not failed
	}
	return verdict(err)
}

// run calls the handler and turns a panic into an error.
func (w *worker) run(ctx context.Context, args json.RawMessage, attempt int) (err error) {
	defer func() {
		if v := recover(); v != nil {
			w.q.cfg.Logger.ErrorContext(ctx, "job panicked", slog.String("kind", w.kind),
				slog.Int("attempt", attempt), slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("job %s panicked: %v", w.kind, v)
		}
	}()
	return w.fn(ctx, args, attempt)
}

// verdict turns the error of a handler into the queue's verbs.
func verdict(err error) error {
	switch domain.CodeOf(err) {
	case "":
		return nil
	case domain.CodeInvalid, domain.CodeForbidden, domain.CodeNotFound:
		return river.JobCancel(err)
	case domain.CodeRateLimited:
		pause := defaultSnooze
		if e, ok := errors.AsType[*domain.Error](err); ok && e.RetryAfter > 0 {
			pause = e.RetryAfter
		}
		return river.JobSnooze(pause)
	default:
		return err
	}
}

// backoff pauses 1, 2, 4, … seconds between attempts, at most five minutes, with a
// fifth of jitter.
type backoff struct{}

// NextRetry implements river.ClientRetryPolicy.
func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	pause := 5 * time.Minute
	if n := len(job.Errors); n < 9 {
		pause = min(pause, time.Second<<n)
	}
	jitter := time.Duration(rand.Int64N(int64(pause) / 5))
	return time.Now().UTC().Add(pause - pause/10 + jitter)
}
