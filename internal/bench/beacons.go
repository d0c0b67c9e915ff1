package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Aims of counting visits.
const (
	eventsPerSecond = 8000
	eventsDurable   = time.Second
)

// EventsConfig says what Events measures and how.
type EventsConfig struct {
	Program string // prints a JSON object with its "pid", and its addresses "api" and "edge"
	Serve   []string
	Env     []string
	Dir     string
	Sites   *Sites

	Connections int
	Rate        int // of the open loop; 0: none
	Duration    time.Duration
	Database    string // for the report
	// Count returns how many views and clicks the database holds; it is called when the
	// server has ended.
	Count    func(ctx context.Context) (int, error)
	Progress func(text string)
}

// EventsReport is what Events found.
type EventsReport struct {
	Machine  Machine     `json:"machine"`
	Commit   string      `json:"commit"`
	At       time.Time   `json:"at"`
	Database string      `json:"database"`
	Hosts    int         `json:"hosts"`
	Rows     []EventsRow `json:"rows"`
	Taken    int         `json:"taken"`  // reports that were answered with 204, warm-up included
	Stored   int         `json:"stored"` // rows in the database after the server ended
	LagMS    float64     `json:"lag_ms"` // the longest time until a report was durable, of the batches that were looked at
}

// EventsRow is one load.
type EventsRow struct {
	Load      string  `json:"load"`
	PerSecond float64 `json:"events_per_second"` // that were taken; all of them became durable
	P50MS     float64 `json:"p50_ms"`
	P99MS     float64 `json:"p99_ms"`
	CPUMicros float64 `json:"cpu_us"` // of the server, per report
	Busy      int     `json:"busy"`   // refused with 503
	Failed    int     `json:"failed"` // anything else
}

// Events measures how many reports of pages a server takes and stores.
func Events(ctx context.Context, c EventsConfig) (r *EventsReport, err error) {
	r = &EventsReport{Machine: thisMachine(), Commit: commit(), At: time.Now().UTC(), Database: c.Database, Hosts: len(c.Sites.Hosts)}
	c.Progress("start the server")
	p, err := start(ctx, c.Program, c.Serve, c.Env, c.Dir)
	if err != nil {
		return nil, err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, p.stop())
		}
	}()
	var at struct {
		PID       int
		API, Edge string
	}
	if err := json.Unmarshal(p.first, &at); err != nil || at.Edge == "" {
		return nil, fmt.Errorf("the server says %q instead of where it listens", p.first)
	}
	lags := watchLag(ctx, at.API)
	for _, rate := range []int{0, c.Rate} {
		if rate == 0 && len(r.Rows) > 0 {
			continue
		}
		row, err := eventsRow(ctx, &c, at.Edge, at.PID, rate)
		if err != nil {
			return nil, err
		}
		r.Rows = append(r.Rows, row)
	}
	r.LagMS = lags.stop() * 1000
	taken, err := metric(ctx, at.API, `empire_edge_beacons_total{state="taken"}`)
	if err != nil {
		return nil, err
	}
	r.Taken, stopped = int(taken), true
	if err := p.stop(); err != nil {
		return nil, err
	}
	r.Stored, err = c.Count(ctx)
	return r, err
}

func eventsRow(ctx context.Context, c *EventsConfig, address string, pid, rate int) (EventsRow, error) {
	row := EventsRow{Load: fmt.Sprintf("%d connections, closed loop", c.Connections)}
	if rate > 0 {
		row.Load = fmt.Sprintf("%d/s due", rate)
	}
	c.Progress("report views: " + row.Load)
	var before, after time.Duration
	res, err := Run(ctx, Load{
		Address: address, Connections: c.Connections, Warmup: c.Duration / 5, Duration: c.Duration, Rate: rate, Next: c.Sites.reports(),
		Began: func() { before = usageOf(pid).cpu }, Ended: func() { after = usageOf(pid).cpu },
	})
	if err != nil {
		return row, err
	}
	row.PerSecond, row.P50MS, row.P99MS = res.PerSecond(), millis(res.Times.Quantile(0.5)), millis(res.Times.Quantile(0.99))
	row.CPUMicros = float64((after - before).Microseconds()) / float64(max(res.Requests, 1))
	row.Busy = res.Failures.Statuses[http.StatusServiceUnavailable]
	row.Failed = res.Failures.Total() - row.Busy
	return row, nil
}

// reports are views of many visitors: a browser each, all from one address.
func (s *Sites) reports() func(n int) Request {
	list := make([]Request, 20_000)
	for i := range list {
		host, page := s.Hosts[i%len(s.Hosts)], &s.Pages[i%len(s.Pages)]
		body := `{"k":"v","p":"` + page.Path + `","r":"https://search.example/"}`
		if i%20 == 0 {
			body = `{"k":"c","p":"` + page.Path + `","s":"top","h":"https://www.awin1.com/pclick.php?clickref=home-` + strconv.Itoa(i%40) + `"}`
		}
		agent := "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" + strconv.Itoa(100+i%2000) + ".0.0.0 Safari/537.36"
		text := "POST /e HTTP/1.1\r\nHost: " + host + "\r\nOrigin: https://" + host + "\r\nUser-Agent: " + agent + "\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: " +
			strconv.Itoa(len(body)) + "\r\n\r\n" + body
		list[i] = Request{Bytes: []byte(text), Status: http.StatusNoContent}
	}
	return func(n int) Request { return list[n%len(list)] }
}

// lagWatch looks at the server's own figure again and again.
type lagWatch struct {
	end  context.CancelFunc
	most chan float64
}

func watchLag(ctx context.Context, api string) lagWatch {
	ctx, cancel := context.WithCancel(ctx)
	w := lagWatch{cancel, make(chan float64, 1)}
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		most := 0.0
		for {
			select {
			case <-ctx.Done():
				w.most <- most
				return
			case <-tick.C:
				if v, err := metric(ctx, api, "empire_analytics_lag_seconds"); err == nil {
					most = max(most, v)
				}
			}
		}
	}()
	return w
}

func (w lagWatch) stop() float64 {
	w.end()
	return <-w.most
}

// metric reads one metric of a server.
func metric(ctx context.Context, api, name string) (v float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+api+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(rest, 64)
		}
	}
	return 0, fmt.Errorf("the server has no metric %s (status %d)", name, res.StatusCode)
}

// Write prints the report.
func (r *EventsReport) Write(w io.Writer) error {
	fmt.Fprintf(w, "%d cores, %s, %s; commit %s; load %.1f before\n%s, %d websites\n\n", r.Machine.Cores, r.Machine.CPU, r.Machine.Go, r.Commit, r.Machine.Load, r.Database, r.Hosts)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "load\tevents/s\tp50 ms\tp99 ms\tCPU µs\tbusy\tfailed")
	best := 0.0
	for _, row := range r.Rows {
		best = max(best, row.PerSecond)
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%.2f\t%.1f\t%d\t%d\n", row.Load, row.PerSecond, row.P50MS, row.P99MS, row.CPUMicros, row.Busy, row.Failed)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nevents per second: aim >= %d: %s\nlongest time until stored: %.0f ms, aim <= %s: %s\ntaken %d, in the database afterwards %d: %s\n",
		eventsPerSecond, met(best >= eventsPerSecond), r.LagMS, eventsDurable, met(r.LagMS <= millis(eventsDurable)), r.Taken, r.Stored, met(r.Taken == r.Stored))
	return err
}
