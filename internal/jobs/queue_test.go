package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/jobs"
)

type note struct {
	Text string `json:"text"`
}

// collect registers a handler that sends the text of each job.
func collect(q *jobs.Queue, kind string) <-chan string {
	ch := make(chan string, 100)
	q.Handle(kind, time.Minute, func(_ context.Context, args json.RawMessage, _ int) error {
		var n note
		if err := json.Unmarshal(args, &n); err != nil {
			return err
		}
		ch <- n.Text
		return nil
	})
	return ch
}

func TestEnqueueFollowsTheTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		q := d.queue(t, "w1", nil)
		got := collect(q, "note")
		start(t, q)
		d.inTx(t, false, func(ctx context.Context) {
			if err := q.Enqueue(ctx, "note", note{"rolled back"}, jobs.Options{}); err != nil {
				t.Fatal(err)
			}
		})
		d.inTx(t, true, func(ctx context.Context) {
			if err := q.Enqueue(ctx, "note", note{"committed"}, jobs.Options{}); err != nil {
				t.Fatal(err)
			}
			select {
			case text := <-got:
				t.Errorf("job %q ran before its transaction committed", text)
			default:
			}
		})
		if text := wait(t, got, "the committed job"); text != "committed" {
			t.Errorf("got job %q, want %q", text, "committed")
		}
		if err := q.Enqueue(t.Context(), "note", note{"alone"}, jobs.Options{}); err != nil {
			t.Fatal(err)
		}
		if text := wait(t, got, "the job without a transaction"); text != "alone" {
			t.Errorf("got job %q, want %q", text, "alone")
		}
		stop(t, q)
		if n := len(got); n != 0 {
			t.Errorf("%d more jobs ran, want none", n)
		}
	})
}

// The queue polls once an hour here, so every job that runs was announced.
func TestEnqueueWakesAWorker(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		q := d.queue(t, "w1", nil)
		got := collect(q, "note")
		start(t, q)
		for i := range 20 {
			want := strconv.Itoa(i)
			d.inTx(t, true, func(ctx context.Context) {
				if err := q.Enqueue(ctx, "note", note{want}, jobs.Options{}); err != nil {
					t.Fatal(err)
				}
			})
			if text := wait(t, got, "job "+want); text != want {
				t.Errorf("got job %q, want %q", text, want)
			}
		}
	})
}

func TestEnqueueOptions(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		q := d.queue(t, "w1", nil)
		q.SetPoll(20 * time.Millisecond)
		got := collect(q, "note")
		at := time.Now().Add(2 * time.Second) // after the others have run, on a busy machine, too
		for _, j := range []struct {
			text string
			opts jobs.Options
		}{
			{"last", jobs.Options{Priority: 4}},
			{"first", jobs.Options{Priority: 1, UniqueKey: "k"}},
			{"dropped", jobs.Options{UniqueKey: "k"}},
			{"later", jobs.Options{At: at, MaxAttempts: 2, UniqueKey: "other"}},
		} {
			if err := q.Enqueue(t.Context(), "note", note{j.text}, j.opts); err != nil {
				t.Fatal(err)
			}
		}
		start(t, q)
		var order []string
		for range 3 {
			order = append(order, wait(t, got, "a job"))
		}
		if time.Now().Before(at) {
			t.Error("the later job ran too early")
		}
		// First and last may run side by side, later must come after both.
		if order[2] != "later" {
			t.Errorf("order = %v, want later at the end", order)
		}
		stop(t, q)
		if err := q.Enqueue(t.Context(), "note", note{"again"}, jobs.Options{UniqueKey: "k"}); err != nil {
			t.Fatal(err)
		}
		if s := d.rows(t)["note"].State; s != "available" && s != "completed" {
			t.Errorf("state = %s", s)
		}
		var n int
		if err := d.db.QueryRow(`SELECT count(*) FROM river_job WHERE state = 'available'`).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d jobs available after the key was free again, %v; want 1", n, err)
		}
	})
}

func TestErrorsBecomeVerbs(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		q := d.queue(t, "w1", nil)
		cases := map[string]struct {
			err  error
			want []row
		}{
			"done":         {nil, []row{{"completed", 1}}},
			"invalid":      {domain.Errorf(domain.CodeInvalid, "No."), []row{{"cancelled", 1}}},
			"forbidden":    {domain.Errorf(domain.CodeForbidden, "No."), []row{{"cancelled", 1}}},
			"not_found":    {domain.Errorf(domain.CodeNotFound, "No."), []row{{"cancelled", 1}}},
			"rate_limited": {&domain.Error{Code: domain.CodeRateLimited, RetryAfter: time.Hour}, []row{{"scheduled", 0}}},
			"unavailable":  {domain.Errorf(domain.CodeUnavailable, "Down."), []row{{"available", 1}, {"retryable", 1}}},
			"other":        {io.ErrUnexpectedEOF, []row{{"available", 1}, {"retryable", 1}}},
		}
		var ran sync.WaitGroup
		for kind, c := range cases {
			ran.Add(1)
			once := sync.OnceFunc(ran.Done)
			q.Handle(kind, 0, func(context.Context, json.RawMessage, int) error {
				defer once()
				return c.err
			})
			if err := q.Enqueue(t.Context(), kind, note{}, jobs.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		start(t, q)
		all := make(chan struct{})
		go func() { ran.Wait(); close(all) }()
		wait(t, all, "all jobs")
		stop(t, q)
		rows := d.rows(t)
		for kind, c := range cases {
			if got := rows[kind]; got != c.want[0] && got != c.want[len(c.want)-1] {
				t.Errorf("%s: got %v, want one of %v", kind, got, c.want)
			}
		}
	})
}

func TestFailedAndPanickedJobsRunAgain(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		q := d.queue(t, "w1", nil)
		q.SetPoll(50 * time.Millisecond)
		attempts := make(chan int, 10)
		q.Handle("fails", time.Minute, func(_ context.Context, _ json.RawMessage, attempt int) error {
			attempts <- attempt
			if attempt == 1 {
				return errors.New("first try")
			}
			return nil
		})
		panics := make(chan int, 10)
		q.Handle("panics", time.Minute, func(_ context.Context, _ json.RawMessage, attempt int) error {
			panics <- attempt
			if attempt == 1 {
				panic("first try")
			}
			return nil
		})
		start(t, q)
		for _, kind := range []string{"fails", "panics"} {
			if err := q.Enqueue(t.Context(), kind, note{}, jobs.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		for want := 1; want <= 2; want++ {
			if got := wait(t, attempts, "an attempt"); got != want {
				t.Errorf("attempt = %d, want %d", got, want)
			}
			if got := wait(t, panics, "an attempt after a panic"); got != want {
				t.Errorf("attempt = %d, want %d", got, want)
			}
		}
		stop(t, q)
		want := map[string]row{"fails": {"completed", 2}, "panics": {"completed", 2}}
		if diff := cmp.Diff(want, d.rows(t)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	})
}

func TestHandlerTimeout(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		q := d.queue(t, "w1", nil)
		ended := make(chan error, 1)
		q.Handle("slow", 50*time.Millisecond, func(ctx context.Context, _ json.RawMessage, _ int) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		})
		start(t, q)
		if err := q.Enqueue(t.Context(), "slow", note{}, jobs.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := wait(t, ended, "the time limit"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("context ended with %v, want %v", err, context.DeadlineExceeded)
		}
		stop(t, q)
		if got, want := d.rows(t)["slow"], (row{"available", 1}); got != want {
			t.Errorf("row = %v, want %v", got, want)
		}
	})
}

func TestStop(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		q := d.queue(t, "w1", nil)
		started, release := make(chan string, 2), make(chan struct{})
		q.Handle("patient", 0, func(context.Context, json.RawMessage, int) error {
			started <- "patient"
			<-release
			return nil
		})
		q.Handle("endless", 0, func(ctx context.Context, _ json.RawMessage, _ int) error {
			started <- "endless"
			<-ctx.Done()
			return ctx.Err()
		})
		start(t, q)
		for _, kind := range []string{"patient", "endless"} {
			if err := q.Enqueue(t.Context(), kind, note{}, jobs.Options{}); err != nil {
				t.Fatal(err)
			}
			wait(t, started, kind)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		close(release)
		if err := q.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		want := map[string]row{"patient": {"completed", 1}, "endless": {"available", 0}}
		if diff := cmp.Diff(want, d.rows(t)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		if err := q.Stop(ctx); err != nil {
			t.Errorf("second Stop = %v, want nil", err)
		}
	})
}

func TestMigrateFromTwoProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if err := d.queue(t, "again", nil).Migrate(t.Context()); err != nil {
			t.Errorf("second Migrate = %v, want nil", err)
		}
		if err := d.queue(t, "pinger", nil).Ping(t.Context()); err != nil {
			t.Errorf("Ping = %v, want nil", err)
		}
	})
}

func TestNewRefusesBadConfig(t *testing.T) {
	t.Parallel()
	d := sqlite(t)
	logger := slog.New(slog.DiscardHandler)
	for name, cfg := range map[string]jobs.Config{
		"no database":     {Dialect: jobs.SQLite, WorkerID: "w", Logger: logger},
		"no logger":       {Dialect: jobs.SQLite, WorkerID: "w", Writer: d.db},
		"no worker ID":    {Dialect: jobs.SQLite, Writer: d.db, Logger: logger},
		"long worker ID":  {Dialect: jobs.SQLite, Writer: d.db, Logger: logger, WorkerID: strings.Repeat("w", 101)},
		"unknown dialect": {Dialect: "oracle", Writer: d.db, Logger: logger, WorkerID: "w"},
	} {
		if _, err := jobs.New(cfg, nil); err == nil {
			t.Errorf("%s: New succeeded", name)
		}
	}
}
