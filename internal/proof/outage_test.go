package proof_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"empire/internal/testkit"
)

// TestBusOutage cuts an installation off its NATS server for a while: the server's
// process is stopped first, then killed, and started again. Nothing that was accepted
// meanwhile is lost, the backlog drains, and the state of the bus can be seen.
// EMPIRE_TEST_OUTAGE_SECONDS says how long the cut is.
func TestBusOutage(t *testing.T) {
	cut := time.Duration(number(t, "EMPIRE_TEST_OUTAGE_SECONDS", 9)) * time.Second
	testkit.Binary(t)
	f := newFleet(t, mode{"external", true}, "EMPIRE_AGENTS_HEARTBEAT=2s")
	near, far := f.newAgent(f.nodes[0], "near"), f.newAgent(f.nodes[0], "far")
	office := &office{f: f, agents: []*agent{near, far}}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for i := range 4 { // each sends through another process in turn
		group.Go(func() { office.send(i, stop) })
	}
	time.Sleep(time.Second)
	before := office.counts()
	f.nats.Stop() // it hangs: connections stay open
	seen := office.watch(cut / 2)
	f.nats.Kill()
	seen = append(seen, office.watch(cut-cut/2)...)
	during := office.counts()
	f.nats.Start()
	time.Sleep(time.Second)
	close(stop)
	group.Wait()
	after := office.counts()
	t.Logf("accepted before the cut: %d, during %s of it: %d, after: %d", before, cut, during-before, after-during)
	if during == before {
		t.Error("nothing was accepted during the cut")
	}
	bad := 0
	for _, state := range seen {
		if state != "ok" {
			bad++
		}
	}
	if bad == 0 {
		t.Errorf("the component bus was always ok during the cut: %v", seen)
	}
	began := time.Now()
	eventually(t, "all that was accepted", office.drained)
	t.Logf("backlog drained %s after the end; the bus was shown as not ok in %d of %d looks", time.Since(began).Round(10*time.Millisecond), bad, len(seen))
	eventually(t, "the bus to be well again", func() error {
		if state := office.bus(); state != "ok" {
			return fmt.Errorf("the component bus is %q", state)
		}
		return nil
	})
}

// office sends messages and tasks to agents and remembers what was accepted.
type office struct {
	f      *fleet
	agents []*agent

	mu       sync.Mutex
	messages map[string]*agent // accepted, by id
	tasks    map[string]*agent
}

func (o *office) counts() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.messages) + len(o.tasks)
}

func (o *office) send(sender int, stop <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
		a, n := o.agents[i%2], o.f.nodes[(sender+i/2)%len(o.f.nodes)]
		var got struct {
			ID string `json:"id"`
		}
		if i%5 == 4 {
			body := map[string]any{"type": "echo", "params": map[string]int{"n": i}}
			if _, err := o.f.askNode(n, http.MethodPost, "/api/v1/agents/"+a.id+"/tasks", body, &got); err != nil {
				o.f.t.Error(err)
				return
			}
			o.note(&o.tasks, got.ID, a)
			continue
		}
		body := map[string]any{"message": map[string]any{"sender": sender, "n": i}}
		if _, err := o.f.askNode(n, http.MethodPost, "/api/v1/agents/"+a.id+"/messages", body, &got); err != nil {
			o.f.t.Error(err)
			return
		}
		o.note(&o.messages, got.ID, a)
	}
}

func (o *office) note(in *map[string]*agent, id string, a *agent) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if *in == nil {
		*in = map[string]*agent{}
	}
	(*in)[id] = a
}

// bus returns the state of the component as the gateway shows it.
func (o *office) bus() string {
	var c struct {
		State string `json:"state"`
	}
	if _, err := o.f.ask(http.MethodGet, "/api/v1/system/components/bus", nil, &c); err != nil {
		return err.Error()
	}
	return c.State
}

// watch looks at the bus for a while.
func (o *office) watch(d time.Duration) (seen []string) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		seen = append(seen, o.bus())
		time.Sleep(500 * time.Millisecond)
	}
	return seen
}

// drained reports what has not arrived yet.
func (o *office) drained() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	left := 0
	for id, a := range o.messages {
		a.mu.Lock()
		if a.messages[id] == 0 {
			left++
		}
		a.mu.Unlock()
	}
	undone := 0
	for id, a := range o.tasks {
		a.mu.Lock()
		if a.tasks[id] == 0 {
			undone++
		}
		a.mu.Unlock()
	}
	if left+undone > 0 {
		return fmt.Errorf("%d of %d messages and %d of %d tasks have not arrived", left, len(o.messages), undone, len(o.tasks))
	}
	return nil
}
