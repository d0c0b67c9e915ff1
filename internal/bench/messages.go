package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// The targets of messages.
const (
	requestP50MS = 1
	requestP99MS = 10
	mailP99MS    = 20
)

// MessageSystem is what Messages measures.
type MessageSystem interface {
	// Attach makes an agent take its messages, one at a time, and serve requests.
	Attach(agent string, deliver func(body []byte) error, serve func(body []byte) ([]byte, error)) (detach func(), err error)
	// Send returns once the message is durable.
	Send(ctx context.Context, from, to string, high bool, body []byte) error
	Request(ctx context.Context, from, to string, body []byte, timeout time.Duration) ([]byte, error)
	// Task begins one piece of work on the same database.
	Task(ctx context.Context) error
}

// MessagesConfig says what Messages measures and how.
type MessagesConfig struct {
	System   MessageSystem
	Where    string // database and bus, for the report
	Agents   int
	Messages int               // of the mailboxes
	Requests int               // requests
	Rate     int               // messages, and requests, per second
	Tasks    int               // tasks per second that begin meanwhile
	Progress func(text string) // says what is done now; nil: nobody
}

// MessageReport is what Messages found.
type MessageReport struct {
	Machine  Machine      `json:"machine"`
	Commit   string       `json:"commit"`
	At       time.Time    `json:"at"`
	Where    string       `json:"where"`
	Agents   int          `json:"agents"`
	Tasks    int          `json:"tasks"` // that were begun meanwhile
	Requests MessageRow   `json:"requests"`
	Mailbox  MessageRow   `json:"mailbox"`
	Checks   []CheckOfRun `json:"checks"`
}

// MessageRow is one workload. Times count from when a message was due.
type MessageRow struct {
	Count     int     `json:"count"`
	PerSecond float64 `json:"per_second"`
	MeanMS    float64 `json:"mean_ms"`
	P50MS     float64 `json:"p50_ms"`
	P95MS     float64 `json:"p95_ms"`
	P99MS     float64 `json:"p99_ms"`
	MaxMS     float64 `json:"max_ms"`
	Failed    int     `json:"failed"`
	Target    string  `json:"target"`
	Met       bool    `json:"met"`
}

// CheckOfRun is something that must hold however slow the machine is.
type CheckOfRun struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Passed reports whether all checks hold.
func (r *MessageReport) Passed() bool {
	for _, c := range r.Checks {
		if !c.OK {
			return false
		}
	}
	return true
}

// letter is the body of a message that is measured.
type letter struct {
	From string    `json:"from"`
	N    int       `json:"n"` // of its sender, recipient and priority, from 0
	High bool      `json:"high"`
	Due  time.Time `json:"due"`
}

// messageBench is one run.
type messageBench struct {
	c      MessagesConfig
	agents []string
	report *MessageReport

	mu    sync.Mutex
	times Histogram
	got   int
	next  map[string]int // number that is expected from sender to recipient with a priority
	wrong []string       // what came out of order
	all   chan struct{}  // closed when everything is there
	want  int
}

// Messages measures requests and mailboxes while tasks run, and checks that nothing
// is lost, that the messages of a sender keep their order, and that high ones come
// before normal ones, which still have their turn.
func Messages(ctx context.Context, c MessagesConfig) (*MessageReport, error) {
	b := &messageBench{c: c, next: map[string]int{}, all: make(chan struct{}), want: c.Messages}
	b.report = &MessageReport{Machine: thisMachine(), Commit: commit(), At: time.Now().UTC(), Where: c.Where, Agents: c.Agents}
	for i := range c.Agents {
		b.agents = append(b.agents, fmt.Sprintf("bench_%03d", i))
	}
	for _, a := range b.agents {
		detach, err := c.System.Attach(a, func(body []byte) error { return b.take(a, body) }, func(body []byte) ([]byte, error) { return body, nil })
		if err != nil {
			return nil, fmt.Errorf("attach %s: %w", a, err)
		}
		defer detach()
	}
	stop := b.tasks(ctx)
	defer stop()
	b.say(fmt.Sprintf("%d requests among %d agents, %d a second", c.Requests, c.Agents, c.Rate))
	if err := b.requests(ctx); err != nil {
		return nil, err
	}
	b.say(fmt.Sprintf("%d messages among %d agents, %d a second", c.Messages, c.Agents, c.Rate))
	if err := b.mailbox(ctx); err != nil {
		return nil, err
	}
	b.say("a full mailbox of high and normal messages")
	return b.report, b.priorities(ctx)
}

func (b *messageBench) say(text string) {
	if b.c.Progress != nil {
		b.c.Progress(text)
	}
}

// tasks begins tasks until stop is called, which adds them to the report.
func (b *messageBench) tasks(ctx context.Context) (stop func()) {
	if b.c.Tasks == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(time.Second / time.Duration(b.c.Tasks))
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if b.c.System.Task(ctx) == nil {
					b.report.Tasks++
				}
			}
		}
	})
	return func() { cancel(); group.Wait() }
}

// each lets every agent do its share of n things, spread evenly over the time that
// the rate allows. Those of one agent come one after the other.
func (b *messageBench) each(ctx context.Context, n int, do func(ctx context.Context, agent string, i int, due time.Time) error) (failed int, took time.Duration, err error) {
	start := time.Now().Add(50 * time.Millisecond)
	pause := time.Second / time.Duration(b.c.Rate)
	var group sync.WaitGroup
	var faults atomic.Int64
	var first atomic.Pointer[error]
	for a := range b.c.Agents {
		group.Go(func() {
			for i := a; i < n; i += b.c.Agents {
				due := start.Add(time.Duration(i) * pause)
				if !until(ctx, due) {
					return
				}
				if err := do(ctx, b.agents[a], i, due); err != nil {
					faults.Add(1)
					first.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	group.Wait()
	if p := first.Load(); p != nil {
		b.say("first failure: " + (*p).Error())
	}
	return int(faults.Load()), time.Since(start), ctx.Err()
}

// until waits for a time, and reports false if ctx ends before.
func until(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// other picks another agent.
func (b *messageBench) other(agent string) string {
	for {
		if a := b.agents[rand.IntN(len(b.agents))]; a != agent { //nolint:gosec // who talks with whom is no secret
			return a
		}
	}
}

func (b *messageBench) requests(ctx context.Context) error {
	var mu sync.Mutex
	var times Histogram
	failed, took, err := b.each(ctx, b.c.Requests, func(ctx context.Context, agent string, i int, due time.Time) error {
		body := fmt.Appendf(nil, `{"n":%d}`, i)
		from, to := agent, b.other(agent)
		if from > to { // agents that wait for each other in a circle would be refused
			from, to = to, from
		}
		answer, err := b.c.System.Request(ctx, from, to, body, 10*time.Second)
		d := time.Since(due)
		if err == nil && string(answer) != string(body) {
			err = fmt.Errorf("request %d was answered with %.100s", i, answer)
		}
		if err == nil {
			mu.Lock()
			times.Add(d)
			mu.Unlock()
		}
		return err
	})
	if err != nil {
		return err
	}
	row := rowOf(&times, took, failed)
	row.Target = fmt.Sprintf("p50 < %d ms, p99 < %d ms", requestP50MS, requestP99MS)
	row.Met = failed == 0 && row.P50MS < requestP50MS && row.P99MS < requestP99MS
	b.report.Requests = row
	b.check("every request answered", failed == 0, fmt.Sprintf("%d of %d failed", failed, b.c.Requests))
	return nil
}

func rowOf(h *Histogram, took time.Duration, failed int) MessageRow {
	millis := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return MessageRow{
		Count: h.Count(), PerSecond: float64(h.Count()) / took.Seconds(), MeanMS: millis(h.Mean()), P50MS: millis(h.Quantile(0.5)),
		P95MS: millis(h.Quantile(0.95)), P99MS: millis(h.Quantile(0.99)), MaxMS: millis(h.Max()), Failed: failed,
	}
}

func (b *messageBench) check(name string, ok bool, detail string) {
	b.report.Checks = append(b.report.Checks, CheckOfRun{name, ok, detail})
}

// take is what the agents do with their messages.
func (b *messageBench) take(to string, body []byte) error {
	now := time.Now()
	var l letter
	if err := json.Unmarshal(body, &l); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := fmt.Sprint(l.From, " ", to, " ", l.High)
	if l.N != b.next[key] && len(b.wrong) < 10 {
		b.wrong = append(b.wrong, fmt.Sprintf("%s to %s: number %d in place of %d", l.From, to, l.N, b.next[key]))
	}
	b.next[key] = l.N + 1
	b.times.Add(now.Sub(l.Due))
	if b.got++; b.got == b.want {
		close(b.all)
	}
	return nil
}

func (b *messageBench) mailbox(ctx context.Context) error {
	numbers := make([]map[string]int, b.c.Agents) // of each sender; only it touches its own
	for i := range numbers {
		numbers[i] = map[string]int{}
	}
	failed, took, err := b.each(ctx, b.c.Messages, func(ctx context.Context, agent string, i int, due time.Time) error {
		l := letter{From: agent, High: i%10 == 3, Due: due}
		to := b.other(agent)
		mine, key := numbers[i%b.c.Agents], fmt.Sprint(to, l.High)
		l.N = mine[key]
		mine[key]++
		body, err := json.Marshal(l)
		if err != nil {
			return err
		}
		return b.c.System.Send(ctx, agent, to, l.High, body)
	})
	if err != nil {
		return err
	}
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case <-b.all:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	row := rowOf(&b.times, took, failed)
	row.Target = fmt.Sprintf("p99 < %d ms", mailP99MS)
	row.Met = failed == 0 && row.P99MS < mailP99MS
	b.report.Mailbox = row
	b.check("no message lost", failed == 0 && b.got == b.want, fmt.Sprintf("%d sent, %d refused, %d came", b.c.Messages, failed, b.got))
	detail := "all in order"
	if len(b.wrong) > 0 {
		detail = fmt.Sprint(b.wrong)
	}
	b.check("order of each sender kept", len(b.wrong) == 0, detail)
	return nil
}

// priorities fills the mailbox of an agent that is not there, attaches it, and looks
// at the order in which the messages come.
func (b *messageBench) priorities(ctx context.Context) error {
	const agent, normals, highs = "bench_priority", 400, 200
	for i := range normals + highs {
		high := i >= normals
		if err := b.c.System.Send(ctx, b.agents[i%len(b.agents)], agent, high, fmt.Appendf(nil, `{"high":%t}`, high)); err != nil {
			return fmt.Errorf("fill a mailbox: %w", err)
		}
	}
	var mu sync.Mutex
	var order []bool
	done := make(chan struct{})
	detach, err := b.c.System.Attach(agent, func(body []byte) error {
		var l struct{ High bool }
		if err := json.Unmarshal(body, &l); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if order = append(order, l.High); len(order) == normals+highs {
			close(done)
		}
		return nil
	}, func([]byte) ([]byte, error) { return nil, errors.New("nobody asks") })
	if err != nil {
		return fmt.Errorf("attach %s: %w", agent, err)
	}
	defer detach()
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	mu.Lock()
	defer mu.Unlock()
	before, left := 0, highs // normal ones that came while high ones waited
	for _, high := range order {
		switch {
		case high:
			left--
		case left > 0:
			before++
		}
	}
	b.check("high before normal", left == 0 && before <= highs/9+1, fmt.Sprintf("%d normal ones came before the last of %d high ones", before, highs))
	b.check("normal ones have their turn", before >= highs/9-1, fmt.Sprintf("%d normal ones came while %d high ones waited, one in ten is %d", before, highs, highs/9))
	return nil
}
