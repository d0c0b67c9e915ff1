package apifuzz

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Plan says what Run does.
type Plan struct {
	Address  string // host:port of the server
	Document []byte // as the server gives it
	// Credentials are headers that name somebody who may do everything; requests take
	// turns.
	Credentials [][2]string
	Requests    int
	Seed        uint64
	Workers     int // requests at a time; 0: 4
	// Most bounds how often an operation may succeed, by its id: what it does is dear.
	Most map[string]int
	// Ends are operations that end the credential that they are asked with; each
	// request takes one from Victims.
	Ends    []string
	Victims [][2]string
	// Avoid are values that no request may name.
	Avoid []string
	// Examples are good bodies, by operation id, that take the place of the document's.
	// {n} in them stands for the number of the request.
	Examples map[string]string
	// First are good requests that chance would not find. They are sent as they are.
	First []Sample
}

// Sample is a good request.
type Sample struct {
	Operation string // its id
	Target    string // path
	Body      string // JSON; may be empty
}

// Report says what a run found.
type Report struct {
	Operations map[string]*Count // by operation id; "" for what no operation takes
	Kinds      map[string]int
	Total      int
	Faults     []string // at most maxFaults
}

// Count counts the answers of an operation.
type Count struct {
	Requests  int
	Succeeded int
	Statuses  map[int]int
}

const (
	maxFaults = 40
	batch     = 500 // requests between two looks at what exists
)

// runner is a run under way.
type runner struct {
	p       Plan
	doc     *Document
	pool    *Pool
	gen     *Generator
	victims atomic.Int64

	mu     sync.Mutex
	report *Report
}

// Run sends the requests of a plan and checks the answers.
func Run(ctx context.Context, p Plan) (*Report, error) {
	doc, err := Parse(p.Document)
	if err != nil {
		return nil, err
	}
	if p.Workers == 0 {
		p.Workers = 4
	}
	r := &runner{
		p: p, doc: doc, pool: NewPool(p.Avoid...),
		report: &Report{Operations: map[string]*Count{}, Kinds: map[string]int{}},
	}
	for _, op := range doc.Operations {
		r.report.Operations[op.ID] = &Count{Statuses: map[int]int{}}
	}
	r.report.Operations[""] = &Count{Statuses: map[int]int{}}
	r.gen = NewGenerator(Config{Document: doc, Pool: r.pool, Seed: p.Seed, Spare: r.spare, Examples: p.Examples})
	if err := r.first(ctx); err != nil {
		return r.report, err
	}
	for n := 0; n < p.Requests && len(r.report.Faults) < maxFaults && ctx.Err() == nil; n += batch {
		if err := r.harvest(ctx); err != nil {
			return r.report, err
		}
		if err := r.batch(ctx, n, min(n+batch, p.Requests)); err != nil {
			return r.report, err
		}
	}
	return r.report, ctx.Err()
}

// first sends the samples.
func (r *runner) first(ctx context.Context) error {
	c := &conn{address: r.p.Address}
	defer c.close()
	for i, s := range r.p.First {
		at := slices.IndexFunc(r.doc.Operations, func(op *Operation) bool { return op.ID == s.Operation })
		if at < 0 {
			return fmt.Errorf("sample %d: there is no operation %s", i, s.Operation)
		}
		q := &Request{Operation: r.doc.Operations[at], Kind: "sample", Method: r.doc.Operations[at].Method, Target: s.Target}
		if s.Body != "" {
			q.setBody(json.RawMessage(s.Body))
		}
		a, err := c.do(ctx, q, r.p.Credentials[0])
		if err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
		r.note(-1-i, q, a)
	}
	return nil
}

// spare reports whether an operation has succeeded often enough.
func (r *runner) spare(op *Operation) bool {
	most, bounded := r.p.Most[op.ID]
	r.mu.Lock()
	defer r.mu.Unlock()
	return bounded && r.report.Operations[op.ID].Succeeded >= most
}

// batch sends the requests from one number to another.
func (r *runner) batch(ctx context.Context, from, to int) error {
	var next atomic.Int64
	next.Store(int64(from))
	failed := make(chan error, r.p.Workers)
	for range r.p.Workers {
		go func() {
			c := &conn{address: r.p.Address}
			defer c.close()
			for n := int(next.Add(1)) - 1; n < to; n = int(next.Add(1)) - 1 {
				if err := r.one(ctx, c, n); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	var first error
	for range r.p.Workers {
		if err := <-failed; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// one sends request n, and sends it again with its ETag if it was a good read.
func (r *runner) one(ctx context.Context, c *conn, n int) error {
	q := r.gen.Next(n)
	more := r.credential(q, n)
	a, err := c.do(ctx, q, more...)
	if err != nil {
		return fmt.Errorf("request %d (%s): %w\n%s", n, q.Kind, err, q)
	}
	r.note(n, q, a)
	if tag := a.Header.Get("Etag"); tag != "" && q.Method == http.MethodGet && a.Status == http.StatusOK && n%4 == 0 {
		again := *q
		again.Kind, again.Want = "known", []int{http.StatusOK, http.StatusNotModified}
		if strings.Contains(q.Operation.Path, "{") { // another request may have removed it meanwhile
			again.Want = append(again.Want, http.StatusNotFound)
		}
		again.setHeader("If-None-Match", tag)
		if a, err = c.do(ctx, &again, more...); err != nil {
			return fmt.Errorf("request %d (%s): %w", n, again.Kind, err)
		}
		r.note(n, &again, a)
	}
	return nil
}

// credential returns the header that signs a request, if it is to be signed.
func (r *runner) credential(q *Request, n int) [][2]string {
	if !q.Signed {
		return nil
	}
	if q.Operation == nil || !slices.Contains(r.p.Ends, q.Operation.ID) {
		return r.p.Credentials[n/len(r.doc.Operations)%len(r.p.Credentials):][:1]
	}
	if i := int(r.victims.Add(1)) - 1; i < len(r.p.Victims) {
		return r.p.Victims[i : i+1]
	}
	q.Want = []int{http.StatusUnauthorized, http.StatusRequestHeaderFieldsTooLarge}
	return nil
}

// note counts an answer and keeps what is wrong with it.
func (r *runner) note(n int, q *Request, a *Answer) {
	faults := r.doc.Faults(q, a)
	id := ""
	if q.Operation != nil {
		id = q.Operation.ID
		if v, err := Decode(a.Body); err == nil && a.Status < 300 {
			r.pool.Learn(q.Operation.things, v)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	count := r.report.Operations[id]
	count.Requests++
	count.Statuses[a.Status]++
	if a.Status >= 200 && a.Status < 300 {
		count.Succeeded++
	}
	r.report.Total++
	r.report.Kinds[q.Kind]++
	if len(faults) > 0 && len(r.report.Faults) < maxFaults {
		r.report.Faults = append(r.report.Faults, fmt.Sprintf("request %d, %s, %s: %s\n%s\n-> %d %.400s", n, id, q.Kind, strings.Join(faults, "; "), q, a.Status, a.Body))
	}
}

// harvest reads all lists, and what hangs on the first things in them.
func (r *runner) harvest(ctx context.Context) error {
	c := &conn{address: r.p.Address}
	defer c.close()
	byDepth := slices.SortedFunc(slices.Values(r.doc.Operations), func(a, b *Operation) int { return strings.Count(a.Path, "{") - strings.Count(b.Path, "{") })
	for _, op := range byDepth {
		if op.Method != http.MethodGet {
			continue
		}
		for range 1 + strings.Count(op.Path, "{") {
			m := &maker{r: newRand(r.p.Seed, len(op.Path)), pool: r.pool}
			address := r.doc.base + op.Path
			for _, p := range op.Params {
				if p.In == "path" {
					address = strings.Replace(address, "{"+p.Name+"}", url.PathEscape(scalar(r.pool.pick(m.r, p.Name))), 1)
				}
			}
			q := &Request{Operation: op, Method: op.Method, Target: address, Kind: "harvest"}
			a, err := c.do(ctx, q, r.p.Credentials[0])
			if err != nil {
				return fmt.Errorf("read %s: %w", address, err)
			}
			if a.Status == http.StatusUnauthorized {
				return fmt.Errorf("read %s: the credential of the run does not work any more: %s", address, a.Body)
			}
			if v, err := Decode(a.Body); err == nil && a.Status == http.StatusOK {
				r.pool.Learn(op.things, v)
			}
		}
	}
	return nil
}

// String shows a request in a report.
func (q *Request) String() string {
	var b strings.Builder
	if q.Raw != nil {
		return fmt.Sprintf("   %.300q", q.Raw)
	}
	fmt.Fprintf(&b, "   %s %.400s", q.Method, q.Target)
	for _, h := range q.Header {
		fmt.Fprintf(&b, "\n   %s: %.100q", h[0], h[1])
	}
	if len(q.Body) > 0 {
		fmt.Fprintf(&b, "\n   %.600q", q.Body)
	}
	return b.String()
}

// String shows the counts as a table.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests\n", r.Total)
	for _, id := range slices.Sorted(maps.Keys(r.Operations)) {
		c := r.Operations[id]
		fmt.Fprintf(&b, "%-28s %5d", cmp.Or(id, "(nothing there)"), c.Requests)
		for _, status := range slices.Sorted(maps.Keys(c.Statuses)) {
			fmt.Fprintf(&b, "  %d×%d", status, c.Statuses[status])
		}
		b.WriteByte('\n')
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
		fmt.Fprintf(&b, "%-18s %5d\n", kind, r.Kinds[kind])
	}
	return b.String()
}
