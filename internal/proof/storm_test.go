package proof_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
	"empire/internal/testkit/modelserver"
)

// number returns an environment variable as a number, or what the short form of a
// proof uses.
func number(t *testing.T, name string, short int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return short
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// stormPipeline pays for four answers of a model, two of them in parallel, waits
// a moment and starts a run of another pipeline.
const stormPipeline = `
name: storm
parameters:
  - {name: n, type: string, required: true}
steps:
  - name: outline
    model: {prompt: "outline of ${params.n}", max_tokens: 40}
  - name: left
    after: [outline]
    model: {prompt: "left of ${params.n} after ${steps.outline.text}", max_tokens: 40}
  - name: right
    after: [outline]
    model: {prompt: "right of ${params.n} after ${steps.outline.text}", max_tokens: 40}
  - name: pause
    after: [outline]
    wait: 200ms
  - name: join
    after: [left, right, pause]
    model: {prompt: "join ${steps.left.text} and ${steps.right.text}", max_tokens: 40}
  - name: child
    after: [join]
    pipeline: storm_child
    params: {n: "${params.n}"}
`

const stormChild = `
name: storm_child
parameters:
  - {name: n, type: string, required: true}
steps:
  - name: last
    model: {prompt: "last of ${params.n}", max_tokens: 40}
`

// TestKillStorm kills workers and servers with SIGKILL at random moments while runs
// pay for answers of a model: every run comes to its right end, no finished step
// runs again, and the bills of the model's vendor show no call for a step after it
// had finished. EMPIRE_TEST_STORM_KILLS and EMPIRE_TEST_STORM_RUNS make it long.
func TestKillStorm(t *testing.T) {
	testkit.Unraced(t)
	kills, runs := number(t, "EMPIRE_TEST_STORM_KILLS", 5), number(t, "EMPIRE_TEST_STORM_RUNS", 12)
	testkit.Binary(t)
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) { stormIn(t, m, kills, runs) })
	}
}

func stormIn(t *testing.T, m mode, kills, runs int) {
	bills := filepath.Join(t.TempDir(), "bills.jsonl")
	vendor, err := modelserver.Start(modelserver.Config{Log: bills, Latency: 20 * time.Millisecond, Jitter: 80 * time.Millisecond, Rates: rates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vendor.Close() })
	f := newFleet(t, m, modelEnv(vendor)...)
	setPrice(f)
	for _, text := range []string{stormChild, stormPipeline} {
		applyPipeline(f, text)
	}
	began, stop, done := time.Now(), make(chan struct{}), make(chan []domain.RunID, 1)
	go func() { done <- startRuns(f, runs, stop) }()
	n := f.storm(kills)
	close(stop)
	ids := <-done
	settled(f)
	if t.Failed() {
		return
	}
	t.Logf("%d runs, %d kills in %s", len(ids), n, time.Since(began).Round(time.Second))
	f.stop() // the files are read now
	checkStorm(t, f, ids, bills)
}

var rates = domain.Rates{Input: 2_000_000, CachedInput: 2_000_000, CacheWrite: 2_000_000, Output: 8_000_000}

// startRuns keeps six runs under way until there were enough and stop is closed, and
// returns them once all have ended.
func startRuns(f *fleet, least int, stop <-chan struct{}) []domain.RunID {
	var group sync.WaitGroup
	var mu sync.Mutex
	var ids []domain.RunID
	slots := make(chan struct{}, 6)
	for i := 0; ; i++ {
		slots <- struct{}{}
		if f.t.Failed() {
			break
		}
		select {
		case <-stop:
			if i >= least {
				group.Wait()
				return ids
			}
		default:
		}
		group.Go(func() {
			defer func() { <-slots }()
			var run struct {
				ID domain.RunID `json:"id"`
			}
			body := map[string]any{"pipeline": "storm", "params": map[string]string{"n": fmt.Sprintf("run %d", i)}}
			if _, err := f.ask(http.MethodPost, "/api/v1/pipelines/runs", body, &run); err != nil {
				f.t.Error(err)
				return
			}
			mu.Lock()
			ids = append(ids, run.ID)
			mu.Unlock()
			if err := awaitRun(f, run.ID); err != nil {
				f.t.Error(err)
			}
		})
	}
	group.Wait()
	return ids
}

// settled waits until no run is under way: a request whose answer was lost in a kill
// may have started one that nobody knows of.
func settled(f *fleet) {
	f.t.Helper()
	eventually(f.t, "the end of all runs", func() error {
		for _, state := range []domain.RunState{domain.StateQueued, domain.StateRunning, domain.StateWaiting} {
			var list []json.RawMessage
			if _, err := f.ask(http.MethodGet, "/api/v1/runs?limit=1&status="+string(state), nil, &list); err != nil || len(list) > 0 {
				return fmt.Errorf("there are %s runs, %w", state, err)
			}
		}
		return nil
	})
}

func awaitRun(f *fleet, id domain.RunID) error {
	deadline := time.Now().Add(2 * patience)
	for {
		var run struct {
			Status domain.RunState `json:"status"`
			Error  string          `json:"error"`
		}
		if _, err := f.ask(http.MethodGet, "/api/v1/runs/"+string(id), nil, &run); err != nil {
			return err
		}
		switch {
		case run.Status == domain.StateCompleted:
			return nil
		case run.Status.Ended():
			return fmt.Errorf("run %s %s: %s", id, run.Status, run.Error)
		case time.Now().After(deadline):
			return fmt.Errorf("run %s is still %s", id, run.Status)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// open opens the database of a fleet.
func (f *fleet) open() *store.Store {
	f.t.Helper()
	cfg := store.Config{URL: f.pg}
	if f.pg == "" {
		cfg.Path = filepath.Join(f.nodes[0].dir, "empire-data", "empire.db")
	}
	db, err := store.Open(f.t.Context(), cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = db.Close() })
	f.db = db
	return store.New(db)
}

// checkStorm looks at rows and bills.
func checkStorm(t *testing.T, f *fleet, ids []domain.RunID, bills string) {
	t.Helper()
	ctx := t.Context()
	st := f.open()
	ended := map[string]time.Time{} // run/step → when it finished
	steps, attempts, lost := 0, 0, 0
	all := runsOf(ctx, t, f.db, "storm")
	if len(all) < len(ids) {
		t.Errorf("%d runs are there, %d were started", len(all), len(ids))
	}
	last := runsOf(ctx, t, f.db, "storm_child")
	if len(last) != len(all) {
		t.Errorf("%d runs started %d others, want one each", len(all), len(last))
	}
	for _, id := range append(slices.Clone(all), last...) {
		run, err := st.Runs.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if run.State != domain.StateCompleted {
			t.Errorf("run %s is %s", id, run.State)
		}
		list, err := st.Steps.Attempts(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		completed := map[domain.StepID]int{}
		for _, a := range list {
			if completed[a.StepID] > 0 {
				t.Errorf("run %s: step %s began attempt %d after it had completed", id, a.StepID, a.Number)
			}
			if a.State == domain.StateCompleted {
				completed[a.StepID]++
			}
			if a.Error == domain.WorkerLost {
				lost++
			}
		}
		attempts += len(list)
		for _, s := range run.Steps {
			steps++
			if s.State != domain.StateCompleted || completed[s.ID] != 1 || s.FinishedAt == nil {
				t.Errorf("run %s: step %s is %s and completed %d times", id, s.Name, s.State, completed[s.ID])
				continue
			}
			ended[string(id)+"/"+s.Name] = *s.FinishedAt
		}
	}
	list, err := modelserver.ReadLog(bills)
	if err != nil {
		t.Fatal(err)
	}
	paid := map[string]int{}
	for _, b := range list {
		parts := strings.Split(b.Call, "/")
		if len(parts) != 3 {
			t.Fatalf("a bill names the call %q", b.Call)
		}
		step := parts[0] + "/" + parts[1]
		paid[step]++
		if end, ok := ended[step]; !ok || b.At.After(end) {
			t.Errorf("call %s was billed at %s, after its step had finished at %s", b.Call, b.At, end)
		}
	}
	again := 0
	for _, n := range paid {
		again += n - 1
	}
	if len(paid) != len(all)*5 {
		t.Errorf("%d steps were billed, want %d", len(paid), len(all)*5)
	}
	t.Logf("%d runs with theirs, %d steps, %d attempts (%d lost with their process), %d calls billed, %d of them again for a step that had not finished", len(all), steps, attempts, lost, len(list), again)
}

// runsOf returns the runs of a pipeline.
func runsOf(ctx context.Context, t *testing.T, db *store.DB, pipeline string) []domain.RunID {
	t.Helper()
	rows, err := db.Readers().QueryContext(ctx, `SELECT id FROM runs WHERE pipeline = $1`, pipeline)
	if err != nil {
		t.Fatal(err)
	}
	return scanIDs(t, rows)
}

func scanIDs(t *testing.T, rows *sql.Rows) (out []domain.RunID) {
	t.Helper()
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id domain.RunID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		out = append(out, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
