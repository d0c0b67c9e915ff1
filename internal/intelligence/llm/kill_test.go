package llm_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/openai"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
	"empire/internal/testkit/modelserver"
)

// Variables that make the test binary spend instead of test.
const (
	spendFile  = "EMPIRE_TEST_SPEND_FILE"  // SQLite
	spendURL   = "EMPIRE_TEST_SPEND_URL"   // PostgreSQL
	spendModel = "EMPIRE_TEST_SPEND_MODEL" // base URL of the endpoint
	spendFrom  = "EMPIRE_TEST_SPEND_FROM"  // number of the first step
)

func TestMain(m *testing.M) {
	if os.Getenv(spendModel) == "" {
		os.Exit(m.Run())
	}
	if err := spend(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	spenders     = 8
	callsPerStep = 3
)

// metered returns a caller over a store, as the program wires it.
func metered(st *store.Store, url string, now func() time.Time) (*llm.Metered, *service.Ledger, error) {
	ledger := service.NewLedger(service.LedgerConfig{Tx: st, Calls: st.ModelCalls, Budgets: st.Budgets, Prices: st.Prices, Now: now})
	p, err := openai.New(openai.Config{Name: "stand-in", BaseURL: url})
	if err != nil {
		return nil, nil, err
	}
	r, err := llm.NewRouter([]llm.Model{{Name: "m", Provider: p, Model: "vendor-m", MaxTokens: 40, Timeout: time.Minute, Concurrency: spenders}}, "m")
	return llm.NewMetered(r, ledger, now), ledger, err
}

// spend does steps of three calls each, eight at a time, until the budget refuses one
// or somebody kills it. It says which steps are done.
func spend(ctx context.Context) error {
	db, err := store.Open(ctx, store.Config{Path: os.Getenv(spendFile), URL: os.Getenv(spendURL), MaxConns: spenders})
	if err != nil {
		return err
	}
	models, _, err := metered(store.New(db), os.Getenv(spendModel), time.Now)
	if err != nil {
		return err
	}
	from, err := strconv.ParseInt(os.Getenv(spendFrom), 10, 64)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	var next atomic.Int64
	next.Store(from)
	var group sync.WaitGroup
	faults := make(chan error, spenders)
	for range spenders {
		group.Go(func() {
			for {
				n := next.Add(1) - 1
				err := oneStep(ctx, models, n)
				for llm.ClassOf(err) != "" { // another attempt
					err = oneStep(ctx, models, n)
				}
				if errors.As(err, new(*domain.Exhausted)) {
					return
				}
				if err != nil {
					faults <- err
					return
				}
				fmt.Printf("done %d %d\n", n, time.Now().UnixNano())
			}
		})
	}
	group.Wait()
	close(faults)
	if err := <-faults; err != nil {
		return err
	}
	fmt.Println("exhausted")
	return nil
}

func oneStep(ctx context.Context, models *llm.Metered, n int64) error {
	name := fmt.Sprintf("s%d", n)
	ctx = domain.WithScope(ctx, domain.WorkScope{Tenant: "main", Pipeline: "p", RunID: "run_1", StepID: domain.StepID("step_" + name), Step: name})
	for i := range callsPerStep {
		if _, err := models.Complete(ctx, domain.ModelPrompt{Prompt: fmt.Sprintf("call %d of step %d", i, n)}); err != nil {
			return err
		}
	}
	return nil
}

// TestKilledSpenders kills processes that spend, at random, and starts them again.
// The endpoint's own log never exceeds the budget, the ledger counts all that it
// bills, and no call of a finished step is paid again. EMPIRE_TEST_BUDGET_KILLS is
// how often; 30 if it is not set.
func TestKilledSpenders(t *testing.T) {
	t.Parallel()
	kills := 30
	if v, err := strconv.Atoi(os.Getenv("EMPIRE_TEST_BUDGET_KILLS")); err == nil && v > 0 {
		kills = v
	}
	if testkit.Part(t) {
		kills = min(kills, 8)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "empire.db")
		testkit.MigratedFile(t, file)
		killSpenders(t, store.Config{Path: file}, kills)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		killSpenders(t, store.Config{URL: testkit.MigratedPostgres(t)}, kills)
	})
}

func killSpenders(t *testing.T, cfg store.Config, kills int) {
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	st := store.New(db)
	limit := domain.Money{Minor: int64(kills) * 3, Currency: "USD"}
	budget := setUp(t, st, limit)
	server, err := modelserver.Start(modelserver.Config{
		Log: filepath.Join(t.TempDir(), "bills.jsonl"), Rates: domain.Rates{Input: 2_000_000, Output: 8_000_000}, Greedy: true,
		Latency: 5 * time.Millisecond, Jitter: 20 * time.Millisecond,
		Chance: map[modelserver.Fault]float64{modelserver.FaultCut: 0.02, modelserver.FaultServer: 0.02, modelserver.FaultRate: 0.05},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	done := map[int64]int64{} // when a step was done, in nanoseconds since 1970
	killed, exhausted := 0, false
	for ; killed < kills && !exhausted; killed++ {
		exhausted = spendUntil(t, cfg, server.URL(), done, time.Duration(20+rand.IntN(250))*time.Millisecond) //nolint:gosec // when is no secret
	}
	for !exhausted { // the last one may end by itself
		exhausted = spendUntil(t, cfg, server.URL(), done, 5*time.Minute)
	}
	t.Logf("%d kills, %d steps done, %d calls billed", killed, len(done), len(server.Bills()))
	if killed < kills/2 || len(done) < killed {
		t.Errorf("the budget was spent after %d kills and %d steps: too early to show anything", killed, len(done))
	}
	audit(t, st, budget, limit, server.Bills(), done)
}

func setUp(t *testing.T, st *store.Store, limit domain.Money) *domain.Budget {
	t.Helper()
	now := time.Now().UTC()
	b := &domain.Budget{ID: "bud_1", Name: "all", Period: domain.PeriodTotal, Limit: limit, OnLimit: domain.LimitFail, CreatedAt: now, UpdatedAt: now}
	if err := st.Budgets.Insert(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	price := &domain.Price{
		ID: "price_1", Provider: "stand-in", Model: "vendor-m", Currency: "USD", EffectiveFrom: now.Add(-time.Hour), RecordedAt: now,
		Rates: domain.Rates{Input: 2_000_000, CachedInput: 2_000_000, CacheWrite: 2_000_000, Output: 8_000_000},
	}
	if err := st.Prices.Insert(t.Context(), price); err != nil {
		t.Fatal(err)
	}
	return b
}

// spendUntil runs a process that spends and kills it after a time. It reports whether
// the process ended by itself because the budget was spent.
func spendUntil(t *testing.T, cfg store.Config, url string, done map[int64]int64, life time.Duration) (exhausted bool) {
	t.Helper()
	// It begins with steps that are done already: they must not be paid again.
	from := max(0, int64(len(done))-2*spenders)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), spendFile+"="+cfg.Path, spendURL+"="+cfg.URL, spendModel+"="+url, fmt.Sprintf("%s=%d", spendFrom, from))
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || line != "ready\n" {
		_ = cmd.Wait()
		t.Fatalf("the process did not begin: %q, %v\n%s", line, err, complaints.String())
	}
	timer := time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	for {
		line, err := lines.ReadString('\n')
		var n, at int64
		if _, scanErr := fmt.Sscanf(line, "done %d %d\n", &n, &at); scanErr == nil {
			if _, again := done[n]; !again {
				done[n] = at
			}
		}
		exhausted = exhausted || line == "exhausted\n"
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait() // killed, or done
	if complaints.Len() > 0 {
		t.Fatalf("the process failed: %s", complaints.String())
	}
	return exhausted
}

// audit compares the endpoint's log with the ledger and the budget.
func audit(t *testing.T, st *store.Store, b *domain.Budget, limit domain.Money, bills []modelserver.Bill, done map[int64]int64) {
	t.Helper()
	later := func() time.Time { return time.Now().Add(24 * time.Hour) }
	_, ledger, err := metered(st, "http://127.0.0.1:1/v1", later)
	if err != nil {
		t.Fatal(err)
	}
	lost, err := ledger.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	periods, err := st.Budgets.Periods(t.Context(), b.ID)
	if err != nil || len(periods) != 1 {
		t.Fatalf("periods: %+v, %v", periods, err)
	}
	billed, c := modelserver.Total(bills), periods[0]
	t.Logf("limit %d, billed %d, spent %d micros; %d calls had no end", domain.MicrosOf(limit), billed, c.Spent, lost)
	if billed > domain.MicrosOf(limit) || c.Spent > domain.MicrosOf(limit) || c.Spent < billed || c.Reserved != 0 {
		t.Errorf("limit %d, billed %d, spent %d, reserved %d micros", domain.MicrosOf(limit), billed, c.Spent, c.Reserved)
	}
	calls, err := st.ModelCalls.ByRun(t.Context(), "run_1")
	if err != nil {
		t.Fatal(err)
	}
	state, answers, sum := map[string]domain.CallState{}, map[domain.CallKey]int{}, domain.Micros(0)
	for _, c := range calls {
		state[string(c.ID)] = c.State
		sum += c.Charged()
		if c.State == domain.CallSettled {
			answers[c.Key]++
		}
	}
	if sum != c.Spent {
		t.Errorf("the calls come to %d, the budget counts %d", sum, c.Spent)
	}
	for key, n := range answers {
		if n != 1 {
			t.Errorf("call %d of %s was answered %d times", key.Number, key.Owner, n)
		}
	}
	seen := map[string]bool{}
	for _, bill := range bills {
		if s := state[bill.Key]; seen[bill.Key] || s != domain.CallSettled && s != domain.CallLost {
			t.Errorf("bill %+v: seen before: %v, state %q", bill, seen[bill.Key], s)
		}
		seen[bill.Key] = true
		var n int64
		var number int
		if _, err := fmt.Sscanf(bill.Call, "run_1/s%d/%d", &n, &number); err != nil {
			t.Errorf("call %q: %v", bill.Call, err)
		}
		if at, ok := done[n]; ok && bill.At.UnixNano() > at {
			t.Errorf("step %d was done when call %d was billed again", n, number)
		}
	}
}
