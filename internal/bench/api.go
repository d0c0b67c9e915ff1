package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The workloads of the API.
const (
	List   = "list"   // GET /websites: 50 of all
	One    = "one"    // GET /websites/{id}
	Create = "create" // POST /websites: one website, durable
)

// Workloads returns the workloads in the order in which they run.
func Workloads() []string { return []string{List, One, Create} }

// The targets.
const (
	leastRatio   = 0.5 // of the bare handler
	leastCreates = 3400
	meanOpenMS   = 20
	p95OpenMS    = 100
)

// APIConfig says what API measures and how.
type APIConfig struct {
	// URL and Token name a server that runs already. Without URL a child process is
	// started: Program with Serve, which prints a JSON object with its "pid" and its
	// address "api"; then Email and Password sign in.
	URL, Token      string
	Program         string
	Serve           []string
	Email, Password string
	// Bare are the arguments that start ServeBare in a child process; the name of a
	// file with the body follows.
	Bare []string
	Env  []string // of the children
	Dir  string   // for files, and where the children run

	Workloads   []string // none: all
	Connections []int    // the first one for all workloads, the others for List
	Duration    time.Duration
	Warmup      time.Duration
	Rate        int               // of an open loop on the most connections; 0: none
	Progress    func(text string) // says what is done now; nil: nobody
}

// listening is what a server prints when it is ready.
type listening struct {
	PID int    `json:"pid"`
	API string `json:"api"`
}

// API measures the API of a server.
func API(ctx context.Context, c APIConfig) (report *Report, err error) {
	b := &apiBench{c: c, report: &Report{Machine: thisMachine(), Commit: commit(), At: time.Now().UTC(), Rows: []Row{}}}
	defer func() { err = errors.Join(err, b.stop()) }()
	if err := b.connect(ctx); err != nil {
		return nil, err
	}
	if err := b.learn(ctx); err != nil {
		return nil, err
	}
	for _, w := range b.plan() {
		b.say(fmt.Sprintf("%s with %d connections", w.row.name(), w.row.Connections))
		if err := b.measure(ctx, w); err != nil {
			return nil, fmt.Errorf("measure %s with %d connections: %w", w.row.name(), w.row.Connections, err)
		}
	}
	return b.report, nil
}

// apiBench is one run of API.
type apiBench struct {
	c      APIConfig
	server *process // nil: somebody else's
	pid    int      // 0: unknown
	client client
	report *Report

	list answers // of GET /websites
	one  answers // of GET /websites/{id}
}

func (b *apiBench) say(text string) {
	if b.c.Progress != nil {
		b.c.Progress(text)
	}
}

// connect finds or starts the server and signs in.
func (b *apiBench) connect(ctx context.Context) error {
	if b.c.URL != "" {
		u, err := url.Parse(b.c.URL)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			return fmt.Errorf("%q is not an address such as http://127.0.0.1:8080", b.c.URL)
		}
		b.client = newClient(u.Host, b.c.Token)
		return nil
	}
	b.say("start a server")
	p, err := start(ctx, b.c.Program, b.c.Serve, b.c.Env, b.c.Dir)
	if err != nil {
		return err
	}
	b.server = p
	var at listening
	if err := json.Unmarshal(p.first, &at); err != nil || at.API == "" {
		return fmt.Errorf("the server says %q instead of where it listens", p.first)
	}
	b.pid = at.PID
	b.client = newClient(at.API, "")
	return b.client.signIn(ctx, b.c.Email, b.c.Password)
}

func (b *apiBench) stop() error {
	if b.server == nil {
		return nil
	}
	return b.server.stop()
}

// learn asks once for what the loads will ask, so that every answer can be checked.
func (b *apiBench) learn(ctx context.Context) (err error) {
	const some = 100 // websites that are shown in turn
	if b.list, err = b.client.answers(ctx, "/api/v1/websites"); err != nil {
		return err
	}
	b.report.Sites = b.list.total
	ids, err := b.client.websiteIDs(ctx, some)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New("the server has no websites to show")
	}
	paths := make([]string, len(ids))
	for i, id := range ids {
		paths[i] = "/api/v1/websites/" + id
	}
	b.one, err = b.client.answers(ctx, paths...)
	return err
}

// workload is a row that is to be measured.
type workload struct {
	row  Row
	next func(n int) Request
	body []byte // of the bare handler; nil: there is none
	met  func(r *Row) bool
}

// plan returns what is measured, in order.
func (b *apiBench) plan() []workload {
	wanted := func(name string) bool { return len(b.c.Workloads) == 0 || slices.Contains(b.c.Workloads, name) }
	ratio := func(r *Row) bool { return r.Ratio >= leastRatio }
	var out []workload
	if wanted(List) {
		for _, n := range b.c.Connections {
			out = append(out, workload{Row{
				Workload: List, Request: "GET /websites", Connections: n, Target: fmt.Sprintf("at least %.1f × bare, nothing failed", leastRatio),
			}, b.list.next, b.list.body, ratio})
		}
	}
	if wanted(List) && b.c.Rate > 0 {
		out = append(out, workload{Row{
			Workload: List, Request: "GET /websites", Connections: slices.Max(b.c.Connections), Rate: b.c.Rate,
			Target: fmt.Sprintf("mean < %d ms, p95 < %d ms, nothing failed", meanOpenMS, p95OpenMS),
		}, b.list.next, nil, func(r *Row) bool { return r.Server.MeanMS < meanOpenMS && r.Server.P95MS < p95OpenMS }})
	}
	if wanted(One) {
		out = append(out, workload{Row{
			Workload: One, Request: "GET /websites/{id}", Connections: b.c.Connections[0], Target: fmt.Sprintf("at least %.1f × bare, nothing failed", leastRatio),
		}, b.one.next, b.one.body, ratio})
	}
	if wanted(Create) {
		out = append(out, workload{Row{
			Workload: Create, Request: "POST /websites", Connections: b.c.Connections[0], Target: fmt.Sprintf("at least %d/s, nothing failed", leastCreates),
		}, b.client.creates(), nil, func(r *Row) bool { return r.Server.PerSecond >= leastCreates }})
	}
	return out
}

// measure puts a load on the server, and the same on a bare handler.
func (b *apiBench) measure(ctx context.Context, w workload) error {
	f, err := b.load(ctx, w, b.client.address, b.pid, w.next)
	if err != nil {
		return err
	}
	if b.server != nil {
		if err := b.server.alive(); err != nil {
			return err
		}
	}
	row := w.row
	row.Server = *f
	if w.body != nil {
		if row.Bare, err = b.bare(ctx, w); err != nil {
			return err
		}
		if row.Bare.PerSecond > 0 {
			row.Ratio = row.Server.PerSecond / row.Bare.PerSecond
		}
	}
	row.Met = row.Server.Failures.Total() == 0 && w.met(&row)
	b.report.Rows = append(b.report.Rows, row)
	return nil
}

// bare measures the bare handler in a process of its own.
func (b *apiBench) bare(ctx context.Context, w workload) (f *Figures, err error) {
	name := filepath.Join(b.c.Dir, "bare.json")
	if err := os.WriteFile(name, w.body, 0o600); err != nil {
		return nil, fmt.Errorf("write the body for the bare handler: %w", err)
	}
	p, err := start(ctx, b.c.Program, append(slices.Clone(b.c.Bare), name), b.c.Env, b.c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	var at listening
	if err := json.Unmarshal(p.first, &at); err != nil {
		return nil, fmt.Errorf("the bare handler says %q", p.first)
	}
	// The same requests, whose answers are now all the same.
	next := func(n int) Request {
		r := w.next(n)
		r.Length = len(w.body)
		return r
	}
	return b.load(ctx, w, at.API, at.PID, next)
}

// load runs one load on one server.
func (b *apiBench) load(ctx context.Context, w workload, address string, pid int, next func(int) Request) (*Figures, error) {
	var before, after, clientBefore, clientAfter usage
	r, err := Run(ctx, Load{
		Address: address, Connections: w.row.Connections, Warmup: b.c.Warmup, Duration: b.c.Duration, Rate: w.row.Rate, Next: next,
		Began: func() { resetPeak(pid); before, clientBefore = usageOf(pid), usageOf(os.Getpid()) },
		Ended: func() { after, clientAfter = usageOf(pid), usageOf(os.Getpid()) },
	})
	if err != nil {
		return nil, err
	}
	f := figures(r, before, after, clientBefore, clientAfter)
	return &f, nil
}
