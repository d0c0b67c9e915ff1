package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// Aims of the dashboard.
const (
	dashboardTTFB   = 100 * time.Millisecond // 95 of 100 requests of a page
	dashboardLive   = time.Second
	dashboardVisit  = 100 << 10 // bytes of a first visit with everything
	dashboardMarkup = 20 << 10  // bytes of one page
)

// DashboardPage is a page of the dashboard with the addresses that it is asked for at, in
// turn.
type DashboardPage struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
}

// Estate is what a dashboard is measured with.
type Estate struct {
	Websites int               `json:"websites"`
	Pages    int               `json:"pages"`  // of all websites
	Events   int               `json:"events"` // single hits in the database
	Email    string            `json:"email"`  // who signs in
	Password string            `json:"password"`
	Asked    []DashboardPage   `json:"asked"`
	LeftOut  map[string]string `json:"left_out"` // pages that are not asked for, and why
}

// DashboardConfig says what Dashboard measures and how.
type DashboardConfig struct {
	Program string // prints a JSON object with its "pid" and its address "api"
	Serve   []string
	Env     []string
	Dir     string
	Estate  *Estate

	Requests int    // of each page
	Rate     int    // requests per second of all pages together
	Only     string // measure pages with this in their name; empty: all
	Database string // for the report
	Progress func(what string, done, total int)
}

// DashboardReport is what Dashboard found.
type DashboardReport struct {
	Machine  Machine           `json:"machine"`
	Commit   string            `json:"commit"`
	At       time.Time         `json:"at"`
	Database string            `json:"database"`
	Websites int               `json:"websites"`
	Pages    int               `json:"pages"`
	Events   int               `json:"events"`
	StartMS  float64           `json:"start_ms"` // of the program, until it listens
	Rows     []DashboardRow    `json:"rows"`
	LeftOut  map[string]string `json:"left_out"`
	LiveMS   []float64         `json:"live_ms"` // each connection: from opening it to the first pushed fragment
	Visit    int               `json:"first_visit_bytes"`
	Assets   int               `json:"assets"`
	Failed   int               `json:"failed"`
	RSS      int64             `json:"rss_bytes"` // of the server at the end
}

// DashboardRow is one page.
type DashboardRow struct {
	Page     string  `json:"page"`
	Requests int     `json:"requests"`
	FirstMS  float64 `json:"first_ms"` // the first request, with nothing in memory
	LeastMS  float64 `json:"least_ms"` // what says most where other programs use the machine, too
	P50MS    float64 `json:"p50_ms"`   // until the first byte, from when the request was due
	P95MS    float64 `json:"p95_ms"`
	MaxMS    float64 `json:"max_ms"`
	Bytes    int     `json:"bytes"` // compressed, the largest answer
	Failed   int     `json:"failed"`
	Fault    string  `json:"fault,omitempty"` // the first
	Met      bool    `json:"met"`
}

// Dashboard asks a server for every page of its dashboard, again and again and in the
// order of chance, as a person with a browser does who has signed in.
func Dashboard(ctx context.Context, c DashboardConfig) (r *DashboardReport, err error) {
	r = &DashboardReport{
		Machine: thisMachine(), Commit: commit(), At: time.Now().UTC(), Database: c.Database, Websites: c.Estate.Websites, Pages: c.Estate.Pages, Events: c.Estate.Events,
		LeftOut: c.Estate.LeftOut,
	}
	c.Progress("start the server", 0, 1)
	began := time.Now()
	p, err := start(ctx, c.Program, c.Serve, c.Env, c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	r.StartMS = millis(time.Since(began))
	var at listening
	if err := json.Unmarshal(p.first, &at); err != nil || at.API == "" {
		return nil, fmt.Errorf("the server says %q instead of where it listens", p.first)
	}
	b, err := newBrowser(at.API)
	if err != nil {
		return nil, err
	}
	if err := b.signIn(ctx, c.Estate.Email, c.Estate.Password); err != nil {
		return nil, fmt.Errorf("sign in to the dashboard: %w", err)
	}
	c.Progress("wait until the server has nothing to do", 0, 1)
	if err := settle(ctx, at.PID); err != nil {
		return nil, err
	}
	if err := r.ask(ctx, &c, b); err != nil {
		return nil, err
	}
	if r.Visit, r.Assets, err = b.visit(ctx, "/"); err != nil {
		return nil, fmt.Errorf("visit the dashboard: %w", err)
	}
	for range 5 {
		took, err := b.live(ctx)
		if err != nil {
			return nil, fmt.Errorf("wait for the first live update: %w", err)
		}
		r.LiveMS = append(r.LiveMS, millis(took))
	}
	r.RSS = usageOf(at.PID).rss
	return r, p.alive()
}

// settle waits until a server that has just begun has caught up, for two minutes at most: its
// hourly work begins at the start.
func settle(ctx context.Context, pid int) error {
	const quiet, look = 50 * time.Millisecond, time.Second // of processor time in a second
	for last, n := usageOf(pid).cpu, 0; pid != 0 && n < 120; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
		now := usageOf(pid).cpu
		if now-last < quiet {
			return nil
		}
		last = now
	}
	return nil
}

// asking is one request of the open loop.
type asking struct {
	row     int
	address string
}

// asked is what came of it.
type asked struct {
	row   int
	ttfb  time.Duration
	bytes int
	err   error
}

// ask puts the load on: every request is due at an even time, and its time counts from
// then.
func (r *DashboardReport) ask(ctx context.Context, c *DashboardConfig, b *browser) error {
	var list []asking
	for _, page := range c.Estate.Asked {
		if !strings.Contains(page.Name, c.Only) {
			continue
		}
		for n := range c.Requests {
			list = append(list, asking{len(r.Rows), page.Addresses[n%len(page.Addresses)]})
		}
		r.Rows = append(r.Rows, DashboardRow{Page: page.Name})
	}
	if len(list) == 0 {
		return fmt.Errorf("no page has %q in its name", c.Only)
	}
	chance := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same order each time
	chance.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	answers := make([][]asked, len(r.Rows))
	var mu sync.Mutex // guards answers
	var group sync.WaitGroup
	began, every := time.Now(), time.Second/time.Duration(c.Rate)
	for i, one := range list {
		due := began.Add(time.Duration(i) * every)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(due)):
		}
		c.Progress("requests", i, len(list))
		group.Go(func() {
			a := b.get(ctx, one.address, due)
			a.row = one.row
			mu.Lock()
			defer mu.Unlock()
			answers[one.row] = append(answers[one.row], a)
		})
	}
	group.Wait()
	for i := range r.Rows {
		r.Rows[i].sum(answers[i])
		r.Failed += r.Rows[i].Failed
	}
	return nil
}

// sum makes figures of answers, which are in the order in which they came.
func (row *DashboardRow) sum(answers []asked) {
	var times []float64
	for _, a := range answers {
		if a.err != nil {
			row.Failed++
			if row.Fault == "" {
				row.Fault = a.err.Error()
			}
			continue
		}
		times = append(times, millis(a.ttfb))
		row.Bytes = max(row.Bytes, a.bytes)
	}
	row.Requests = len(answers)
	if len(times) == 0 {
		return
	}
	row.FirstMS = times[0]
	slices.Sort(times)
	row.LeastMS = times[0]
	row.P50MS, row.P95MS, row.MaxMS = quantile(times, 0.5), quantile(times, 0.95), times[len(times)-1]
	row.Met = row.Failed == 0 && row.P95MS < millis(dashboardTTFB)
}

// quantile is the smallest value that a share of the sorted values does not exceed.
func quantile(sorted []float64, share float64) float64 {
	n := int(share * float64(len(sorted)))
	if float64(n) == share*float64(len(sorted)) && n > 0 {
		n--
	}
	return sorted[min(n, len(sorted)-1)]
}

// Write prints the report.
func (r *DashboardReport) Write(w io.Writer) error {
	fmt.Fprintf(w, "%d cores, %s, %s; commit %s; load %.1f before\n%s, %d websites, %d pages, %d events; the server listened after %.0f ms, %d MB at the end\n\n",
		r.Machine.Cores, r.Machine.CPU, r.Machine.Go, r.Commit, r.Machine.Load, r.Database, r.Websites, r.Pages, r.Events, r.StartMS, r.RSS>>20)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "page\trequests\tfirst ms\tleast\tp50\tp95\tmax\tbytes\tfailed\tmet")
	missed, largest := 0, 0
	for i := range r.Rows {
		row := &r.Rows[i]
		fmt.Fprintf(t, "%s\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%d\t%d\t%s %s\n", row.Page, row.Requests, row.FirstMS, row.LeastMS, row.P50MS, row.P95MS, row.MaxMS, row.Bytes, row.Failed, met(row.Met), row.Fault)
		if !row.Met {
			missed++
		}
		largest = max(largest, row.Bytes)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	live := slices.Max(append([]float64{0}, r.LiveMS...))
	fmt.Fprintf(w, "\nfirst byte of 95 %% of the requests, aim < %s: %d of %d pages met\nfirst live update, the longest of %d: %.0f ms, aim < %s: %s\n"+
		"first visit with %d assets: %d bytes, aim <= %d: %s\nlargest page: %d bytes, aim <= %d: %s\n",
		dashboardTTFB, len(r.Rows)-missed, len(r.Rows), len(r.LiveMS), live, dashboardLive, met(live < millis(dashboardLive)),
		r.Assets, r.Visit, dashboardVisit, met(r.Visit <= dashboardVisit), largest, dashboardMarkup, met(largest <= dashboardMarkup))
	var left []string
	for page, why := range r.LeftOut {
		left = append(left, page+" ("+why+")")
	}
	slices.Sort(left)
	_, err := fmt.Fprintf(w, "not asked for: %s\n", strings.Join(left, ", "))
	return err
}
