package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// Aims of the edge.
const (
	edgeRatio  = 0.8 // of nginx
	edgeLookup = time.Millisecond
	edgeStart  = time.Second
)

// Sites are websites to measure with: every host has all pages.
type Sites struct {
	Hosts []string
	Pages []Page
}

// Page is one page, as gzip.
type Page struct {
	Path   string
	Length int // of the compressed body
}

// EdgeConfig says what Edge measures and how.
type EdgeConfig struct {
	Program string // prints a JSON object with its "pid" and its address "edge"
	Serve   []string
	Env     []string
	Dir     string
	Sites   *Sites
	// Files is where the pages stand for nginx; Nginx the program, "" if there is none.
	Files, Nginx string
	// Bare are the arguments that serve the pages in Files with net/http and nothing else;
	// they write a JSON object with "pid" and "api". Empty: there is no such row.
	Bare []string

	Connections int
	Duration    time.Duration // of one round
	Rounds      int
	Progress    func(text string)
}

// EdgeReport is what Edge found.
type EdgeReport struct {
	Machine   Machine   `json:"machine"`
	Commit    string    `json:"commit"`
	At        time.Time `json:"at"`
	Hosts     int       `json:"hosts"`
	Pages     int       `json:"pages"`
	StartMS   float64   `json:"start_ms"`     // of the whole program, until it listens
	RSSStart  int64     `json:"rss_start"`    // bytes, then
	RSSLoaded int64     `json:"rss_loaded"`   // bytes, once every host was asked for
	FirstP99  float64   `json:"first_p99_ms"` // the first request to a host, which reads its manifest
	LookupP99 float64   `json:"lookup_p99_ms"`
	Unknown   int       `json:"unknown_host_status"`
	Rows      []EdgeRow `json:"rows"`
	Ratio     float64   `json:"ratio"` // to nginx; 0: not installed
	RatioBare float64   `json:"ratio_bare"`
}

// EdgeRow is what one server did in all rounds.
type EdgeRow struct {
	Server    string  `json:"server"`
	PerSecond float64 `json:"requests_per_second"`
	P50MS     float64 `json:"p50_ms"`
	P99MS     float64 `json:"p99_ms"`
	CPUMicros float64 `json:"cpu_us"` // per request; of nginx, of its workers
	RSS       int64   `json:"rss_bytes"`
	Failed    int     `json:"failed"`
	perRound  []float64
}

// Edge measures how sites are served: starting, the first request to every host,
// looking up hosts, and requests over all of them, beside nginx with the same files.
func Edge(ctx context.Context, c EdgeConfig) (r *EdgeReport, err error) {
	r = &EdgeReport{Machine: thisMachine(), Commit: commit(), At: time.Now().UTC(), Hosts: len(c.Sites.Hosts), Pages: len(c.Sites.Pages)}
	c.Progress("start the server")
	began := time.Now()
	p, err := start(ctx, c.Program, c.Serve, c.Env, c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	r.StartMS = float64(time.Since(began)) / float64(time.Millisecond)
	var at struct {
		PID  int    `json:"pid"`
		Edge string `json:"edge"`
	}
	if err := json.Unmarshal(p.first, &at); err != nil || at.Edge == "" {
		return nil, fmt.Errorf("the server says %q instead of where it listens", p.first)
	}
	r.RSSStart = usageOf(at.PID).rss
	if err := r.meet(ctx, &c, at.Edge, at.PID); err != nil {
		return nil, err
	}
	servers := []edgeServer{{"edge", at.Edge, []int{at.PID}}}
	if c.Nginx != "" {
		n, err := startNginx(ctx, &c)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, n.stop()) }()
		servers = append(servers, n.edgeServer)
	}
	if len(c.Bare) > 0 {
		bare, s, err := startBareFiles(ctx, &c)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, bare.stop()) }()
		servers = append(servers, s)
	}
	if err := r.compare(ctx, &c, servers); err != nil {
		return nil, err
	}
	return r, p.alive()
}

// bareName is the row of what the standard library does by itself.
const bareName = "bare net/http"

// startBareFiles serves the pages with the standard library alone, in a process of its own.
func startBareFiles(ctx context.Context, c *EdgeConfig) (*process, edgeServer, error) {
	p, err := start(ctx, c.Program, append(slices.Clone(c.Bare), c.Files), c.Env, c.Dir)
	if err != nil {
		return nil, edgeServer{}, err
	}
	var at listening
	if err := json.Unmarshal(p.first, &at); err != nil || at.API == "" {
		return nil, edgeServer{}, errors.Join(fmt.Errorf("the bare handler says %q", p.first), p.stop())
	}
	return p, edgeServer{bareName, at.API, []int{at.PID}}, nil
}

// edgeServer is one of those that are compared.
type edgeServer struct {
	name, address string
	pids          []int // those that answer
}

// meet asks every host once, then looks up hosts at a calm rate.
func (r *EdgeReport) meet(ctx context.Context, c *EdgeConfig, address string, pid int) error {
	c.Progress(fmt.Sprintf("ask %d hosts for the first time", r.Hosts))
	var first Histogram
	for _, host := range c.Sites.Hosts {
		began := time.Now()
		status, err := ask(ctx, address, host)
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("first request to %s: status %d: %w", host, status, err)
		}
		first.Add(time.Since(began))
	}
	r.FirstP99 = millis(first.Quantile(0.99))
	r.RSSLoaded = usageOf(pid).rss
	var err error
	if r.Unknown, err = ask(ctx, address, "unknown.example"); err != nil {
		return err
	}
	c.Progress("look up hosts")
	res, err := Run(ctx, Load{
		Address: address, Connections: 8, Warmup: c.Duration / 5, Duration: c.Duration, Rate: 500, Next: c.Sites.next("If-None-Match: *\r\n", http.StatusNotModified, false),
	})
	if err != nil {
		return err
	}
	r.LookupP99 = millis(res.Times.Quantile(0.99))
	return nil
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func ask(ctx context.Context, address, host string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return 0, err
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, errors.Join(err, res.Body.Close())
}

// next returns the requests over all hosts and pages, one after the other: neighbors
// have different hosts and different pages.
func (s *Sites) next(header string, status int, body bool) func(n int) Request {
	list := make([]Request, len(s.Hosts)*min(len(s.Pages), 40))
	for i := range list {
		host, page := s.Hosts[i%len(s.Hosts)], &s.Pages[(i/len(s.Hosts)+i)%len(s.Pages)]
		list[i] = Request{Bytes: []byte("GET " + page.Path + " HTTP/1.1\r\nHost: " + host + "\r\n" + header + "\r\n"), Status: status}
		if body {
			list[i].Length = page.Length
		}
	}
	return func(n int) Request { return list[n%len(list)] }
}

// compare lets the servers take turns, so that what else happens on the machine meets
// all of them.
func (r *EdgeReport) compare(ctx context.Context, c *EdgeConfig, servers []edgeServer) error {
	times := make([]Histogram, len(servers))
	r.Rows = make([]EdgeRow, len(servers))
	next := c.Sites.next("Accept-Encoding: gzip\r\n", http.StatusOK, true)
	for round := range c.Rounds {
		for i, s := range servers {
			c.Progress(fmt.Sprintf("round %d: %s", round+1, s.name))
			row := &r.Rows[i]
			row.Server = s.name
			var before, after time.Duration
			res, err := Run(ctx, Load{
				Address: s.address, Connections: c.Connections, Warmup: c.Duration / 5, Duration: c.Duration, Next: next,
				Began: func() { before = cpuOf(s.pids) }, Ended: func() { after = cpuOf(s.pids) },
			})
			if err != nil {
				return err
			}
			row.perRound = append(row.perRound, res.PerSecond())
			row.CPUMicros += float64((after - before).Microseconds()) / float64(max(res.Requests, 1)) / float64(c.Rounds)
			row.Failed += res.Failures.Total()
			times[i].Merge(res.Times)
			row.RSS = 0
			for _, pid := range s.pids {
				row.RSS += usageOf(pid).rss
			}
		}
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		for _, v := range row.perRound {
			row.PerSecond += v / float64(len(row.perRound))
		}
		row.P50MS, row.P99MS = millis(times[i].Quantile(0.5)), millis(times[i].Quantile(0.99))
	}
	for _, row := range r.Rows[1:] {
		switch {
		case row.PerSecond == 0:
		case row.Server == bareName:
			r.RatioBare = r.Rows[0].PerSecond / row.PerSecond
		default:
			r.Ratio = r.Rows[0].PerSecond / row.PerSecond
		}
	}
	return nil
}

func cpuOf(pids []int) (sum time.Duration) {
	for _, pid := range pids {
		sum += usageOf(pid).cpu
	}
	return sum
}

// Write prints the report.
func (r *EdgeReport) Write(w io.Writer) error {
	const mb = 1 << 20
	fmt.Fprintf(w, "%d cores, %s, %s; commit %s; load %.1f before\n%d hosts x %d pages of about 30 kB\n\n", r.Machine.Cores, r.Machine.CPU, r.Machine.Go, r.Commit, r.Machine.Load, r.Hosts, r.Pages)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "start of the whole program\t%.0f ms\taim < %s\t%s\n", r.StartMS, edgeStart, met(r.StartMS < millis(edgeStart)))
	fmt.Fprintf(t, "memory at the start, with all hosts loaded\t%d, %d MB\n", r.RSSStart/mb, r.RSSLoaded/mb)
	fmt.Fprintf(t, "first request to a host, p99\t%.2f ms\n", r.FirstP99)
	fmt.Fprintf(t, "a whole 304 over HTTP, 500/s, host lookup included, p99\t%.2f ms\taim < %s\t%s\n", r.LookupP99, edgeLookup, met(r.LookupP99 < millis(edgeLookup)))
	fmt.Fprintf(t, "unknown host\t%d\twant 421\t%s\n", r.Unknown, met(r.Unknown == http.StatusMisdirectedRequest))
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "server\treq/s\tp50 ms\tp99 ms\tCPU µs\tRSS MB\tfailed\t")
	for _, row := range r.Rows {
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%.2f\t%.1f\t%d\t%d\t\n", row.Server, row.PerSecond, row.P50MS, row.P99MS, row.CPUMicros, row.RSS/mb, row.Failed)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.RatioBare > 0 {
		fmt.Fprintf(w, "\nratio to %s, which serves the same bytes and nothing else: %.2f\n", bareName, r.RatioBare)
	}
	if r.Ratio == 0 {
		_, err := fmt.Fprintln(w, "\nnginx not installed: nothing to compare with")
		return err
	}
	_, err := fmt.Fprintf(w, "\nratio to nginx: %.2f, aim >= %.1f: %s\n", r.Ratio, edgeRatio, met(r.Ratio >= edgeRatio))
	return err
}

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "missed"
}

// FindNginx returns the path of nginx, or "".
func FindNginx() string {
	for _, name := range []string{"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx", "/usr/bin/nginx"} {
		if info, err := os.Stat(name); err == nil && info.Mode()&0o111 != 0 {
			return name
		}
	}
	return ""
}
