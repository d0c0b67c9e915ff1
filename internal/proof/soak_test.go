package proof_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"empire/internal/testkit"
	"empire/internal/testkit/modelserver"
)

// TestSoak keeps one process busy with runs, paid calls, messages, tasks, reads and
// dashboards that come and go, and looks at its goroutines and memory meanwhile:
// neither grows, and the goroutines of the load are gone when it ends.
// EMPIRE_TEST_SOAK_MINUTES makes it long.
func TestSoak(t *testing.T) {
	minutes := number(t, "EMPIRE_TEST_SOAK_MINUTES", 0)
	length, every := time.Duration(minutes)*time.Minute, 5*time.Second
	if minutes == 0 {
		length, every = 12*time.Second, time.Second
	}
	testkit.Binary(t)
	vendor, err := modelserver.Start(modelserver.Config{Latency: 10 * time.Millisecond, Jitter: 20 * time.Millisecond, Rates: rates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vendor.Close() })
	f := newFleet(t, mode{"embedded", false}, append(modelEnv(vendor), "EMPIRE_LOG_LEVEL=warn")...)
	setPrice(f)
	for _, text := range []string{stormChild, stormPipeline} {
		applyPipeline(f, text)
	}
	o := &office{f: f, agents: []*agent{f.newAgent(f.nodes[0], "near"), f.newAgent(f.nodes[0], "far")}}
	before := f.sample()
	stop := make(chan struct{})
	var group sync.WaitGroup
	runs := make(chan int, 1)
	group.Go(func() { runs <- len(startRuns(f, 1, stop)) })
	for i := range 2 {
		group.Go(func() { o.send(i, stop) })
	}
	for range 10 {
		group.Go(func() { f.visit(stop) })
	}
	var seen []sample
	for end := time.Now().Add(length); time.Now().Before(end) && !t.Failed(); {
		time.Sleep(every)
		seen = append(seen, f.sample())
	}
	close(stop)
	group.Wait()
	eventually(t, "all that was accepted", o.drained)
	settled(f)
	t.Logf("%d runs, %d messages and tasks", <-runs, o.counts())
	judge(t, seen, minutes > 0)
	f.http.CloseIdleConnections() // each is a goroutine of the server
	eventually(t, "the goroutines of the load to end", func() error {
		if now := f.sample(); now.goroutines > before.goroutines+15 {
			return fmt.Errorf("%d goroutines, %d before the load", now.goroutines, before.goroutines)
		}
		return nil
	})
}

// judge compares the second quarter of the time, when all is warm, with the last.
func judge(t *testing.T, seen []sample, long bool) {
	t.Helper()
	quarter := len(seen) / 4
	if quarter == 0 {
		t.Fatalf("%d samples are too few", len(seen))
	}
	early, late := middle(seen[quarter:2*quarter]), middle(seen[len(seen)-quarter:])
	t.Logf("goroutines %d → %d, live heap %.1f → %.1f MB, resident %.1f → %.1f MB over %d samples", early.goroutines, late.goroutines,
		mb(early.heap), mb(late.heap), mb(early.resident), mb(late.resident), len(seen))
	if late.goroutines > early.goroutines+early.goroutines/5+10 {
		t.Errorf("goroutines grew from %d to %d", early.goroutines, late.goroutines)
	}
	if long && late.heap > early.heap*5/4+8<<20 {
		t.Errorf("the heap grew from %.1f to %.1f MB", mb(early.heap), mb(late.heap))
	}
}

func mb(n int64) float64 { return float64(n) / 1e6 }

// sample is what a process holds at a time.
type sample struct {
	goroutines     int
	heap, resident int64
}

// middle returns the medians; of the heap the least, which is closest to what lives.
func middle(list []sample) sample {
	pick := func(of func(sample) int64, at int) int64 {
		var values []int64
		for _, s := range list {
			values = append(values, of(s))
		}
		slices.Sort(values)
		return values[at]
	}
	half := len(list) / 2
	return sample{
		goroutines: int(pick(func(s sample) int64 { return int64(s.goroutines) }, half)),
		heap:       pick(func(s sample) int64 { return s.heap }, 0),
		resident:   pick(func(s sample) int64 { return s.resident }, half),
	}
}

// sample reads the metrics of the first process.
func (f *fleet) sample() sample {
	f.t.Helper()
	_, raw, err := f.nodes[0].once(http.MethodGet, "/metrics", nil, "")
	if err != nil {
		f.t.Fatal(err)
	}
	values := map[string]float64{}
	for line := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				values[name] = v
			}
		}
	}
	s := sample{int(values["go_goroutines"]), int64(values["go_memstats_heap_alloc_bytes"]), int64(values["process_resident_memory_bytes"])}
	if s.goroutines == 0 || s.heap == 0 {
		f.t.Fatalf("the metrics say nothing of goroutines and memory:\n%.500s", raw)
	}
	return s
}

// visit opens dashboards, looks for a moment, reads lists, and leaves.
func (f *fleet) visit(stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-stop
		cancel()
	}()
	for ctx.Err() == nil {
		options := &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + f.token}}}
		conn, _, err := websocket.Dial(ctx, "ws://"+f.nodes[0].listen+"/ws/dashboard", options) //nolint:bodyclose // Dial: it never needs to be
		if err != nil {
			if ctx.Err() == nil {
				f.t.Error(err)
			}
			return
		}
		conn.SetReadLimit(16 << 20)
		look, done := context.WithTimeout(ctx, 3*time.Second)
		for look.Err() == nil {
			if _, _, err := conn.Read(look); err != nil {
				break
			}
		}
		done()
		_ = conn.CloseNow()
		_, _ = f.ask(http.MethodGet, "/api/v1/websites", nil, nil)
		_, _ = f.ask(http.MethodGet, "/api/v1/agents", nil, nil)
	}
}
