package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"empire/internal/domain"
	"empire/internal/ws"
)

// crowd connects n agents, a0 to an.
func crowd(t *testing.T, w *world, n int) []*peer {
	t.Helper()
	out := make([]*peer, n)
	var wg sync.WaitGroup
	room := make(chan struct{}, 32)
	for i := range out {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			out[i] = w.connect(fmt.Sprintf("/ws/agents/a%d", i), "ada")
		})
	}
	wg.Wait()
	return out
}

// TestBroadcast: of 500 clients three that are named get what is sent to them, and
// an unknown one among them is told; what is sent to all reaches 500. Then 50 die:
// the other 450 go on, and the 50 are offline.
func TestBroadcast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	peers := crowd(t, w, 500)
	unknown := w.hub.Send(t.Context(), []string{"a7", "nobody", "a77", "a499"}, ws.TypeEvent, map[string]string{"n": "three"})
	if len(unknown) != 1 || unknown[0] != "nobody" {
		t.Errorf("unknown = %v, want nobody", unknown)
	}
	if n := w.hub.Broadcast(ws.TypeEvent, map[string]string{"n": "all"}); n != 500 {
		t.Errorf("broadcast to %d, want 500", n)
	}
	for i, p := range peers {
		want := []string{"all"}
		if i == 7 || i == 77 || i == 499 {
			want = []string{"three", "all"}
		}
		for _, one := range want {
			if got := into[map[string]string](t, p.want(ws.TypeEvent))["n"]; got != one {
				t.Errorf("client %d got %q, want %q", i, got, one)
			}
		}
	}
	for _, p := range peers[:50] {
		_ = p.conn.CloseNow()
	}
	eventually(t, "50 offline", func() bool { return w.agents.away() == 50 && w.hub.Clients() == 450 })
	if n := w.hub.Broadcast(ws.TypeEvent, map[string]string{"n": "rest"}); n != 450 {
		t.Errorf("broadcast to %d, want 450", n)
	}
	for _, p := range peers[50:] {
		p.want(ws.TypeEvent)
	}
}

func event(topic string, tenant domain.TenantID, n int) domain.Event {
	return domain.Event{Topic: topic, Tenant: tenant, Object: fmt.Sprint(n), Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)), At: time.Now().UTC()}
}

// TestSlowReaderIsClosed: who does not read is closed with 1013 once too much waits;
// a neighbor that reads misses nothing.
func TestSlowReaderIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.MaxQueued, c.MaxQueuedBytes, c.WriteTimeout = 64, 1<<20, time.Minute })
	slow := w.connect("/ws/dashboard", "ada")
	quick := w.connect("/ws/dashboard", "ada")
	eventually(t, "both", func() bool { return w.hub.Clients() == 2 })
	const n = 400
	payload := json.RawMessage(`"` + strings.Repeat("x", 60_000) + `"`) // more than sockets buffer
	got := make(chan int)
	taken := make(chan struct{}, n)
	go func() {
		defer close(got)
		for i := 1; i <= n; {
			f, err := quick.next()
			if err != nil {
				return
			}
			if f.Type == ws.TypeEvent {
				i++
				taken <- struct{}{}
			}
		}
		got <- n
	}()
	for i := range n {
		ev := event("system.component", "", i)
		ev.Data = payload
		w.hub.Publish(ev)
		<-taken // the neighbor keeps up
	}
	if got := <-got; got != n {
		t.Errorf("the neighbor got %d events, want %d", got, n)
	}
	slow.wantClose(websocket.StatusTryAgainLater)
	eventually(t, "one left", func() bool { return w.hub.Clients() == 1 })
}

// TestSubscriptions: a wildcard brings the events that match and no others; an
// unknown topic is refused and the connection stays; too many topics close it.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.connect("/ws/agents/helper", "ada")
	p.send(ws.TypeSubscribe, "s1", ws.Subscription{Topics: []string{"weather.*"}})
	p.wantError("s1", 422)
	p.send(ws.TypeSubscribe, "s2", ws.Subscription{Topics: []string{"pipeline.*", "task.failed"}})
	if s := into[ws.Subscription](t, p.want(ws.TypeSubscribe)); len(s.Topics) != 2 {
		t.Errorf("topics = %v", s.Topics)
	}
	for i, topic := range []string{"task.completed", "pipeline.step.completed", "website.published", "task.failed", "pipeline.run.created"} {
		w.hub.Publish(event(topic, "main", i))
	}
	for _, want := range []string{"1", "3", "4"} {
		if ev := into[domain.Event](t, p.want(ws.TypeEvent)); ev.Object != want {
			t.Errorf("got event %s (%s), want %s", ev.Object, ev.Topic, want)
		}
	}
	p.send(ws.TypeSubscribe, "s3", ws.Subscription{Remove: []string{"pipeline.*"}})
	p.want(ws.TypeSubscribe)
	w.hub.Publish(event("pipeline.run.created", "main", 5))
	w.hub.Publish(event("task.failed", "main", 6))
	if ev := into[domain.Event](t, p.want(ws.TypeEvent)); ev.Object != "6" {
		t.Errorf("got event %s, want 6", ev.Object)
	}
	var many []string
	for i := range 101 {
		many = append(many, fmt.Sprintf("task.t%d", i))
	}
	p.send(ws.TypeSubscribe, "s4", ws.Subscription{Topics: many})
	p.wantClose(websocket.StatusPolicyViolation)
}

// TestEventsStayWithTenantAndRights: nobody hears of what is another tenant's or
// needs a right that they lack.
func TestEventsStayWithTenantAndRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	peers := map[string]*peer{}
	for _, who := range []string{"ada", "bo", "cy", "di"} {
		peers[who] = w.connect("/ws/dashboard", who)
	}
	eventually(t, "all", func() bool { return w.hub.Clients() == 4 })
	for i, ev := range []domain.Event{
		event("task.completed", "main", 0), event("task.completed", "other", 1), event("website.published", "main", 2),
		event("agent.status", "", 3), event("no topic", "", 9), event("approval.opened", "main", 4),
	} {
		_ = i
		w.hub.Publish(ev)
	}
	w.hub.Broadcast(ws.TypePing, map[string]string{})
	for who, want := range map[string]string{"ada": "0234", "bo": "13", "cy": "24", "di": ""} {
		got := ""
		for {
			f, err := peers[who].next()
			if err != nil {
				t.Fatal(err)
			}
			if f.Type == ws.TypePing {
				break
			}
			if f.Type == ws.TypeEvent {
				got += into[domain.Event](t, f).Object
			}
		}
		if got != want {
			t.Errorf("%s heard %q, want %q", who, got, want)
		}
	}
}

// TestReconnect: with the offset of the last event the missed ones come in order;
// any other offset says that they cannot.
func TestReconnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.Ring = 8 })
	p := w.connect("/ws/dashboard", "ada")
	if p.hello.Recovered || p.hello.Offset == "" {
		t.Errorf("hello = %+v", p.hello)
	}
	first := p.hello.Offset
	w.hub.Publish(event("task.queued", "main", 1))
	last := p.want(ws.TypeEvent).ID
	_ = p.conn.CloseNow()
	for i := 2; i <= 6; i++ {
		w.hub.Publish(event("task.queued", "main", i))
	}
	w.hub.Publish(event("task.queued", "other", 99))
	again := w.connect("/ws/dashboard?last_offset="+last, "ada")
	if !again.hello.Recovered {
		t.Errorf("hello after a reconnect = %+v, want recovered", again.hello)
	}
	for i := 2; i <= 6; i++ {
		if ev := into[domain.Event](t, again.want(ws.TypeEvent)); ev.Object != fmt.Sprint(i) {
			t.Errorf("missed event %s, want %d", ev.Object, i)
		}
	}
	again.send(ws.TypeHello, "h1", ws.Offer{LastOffset: last, Topics: []string{"task.*"}})
	if f := again.want(ws.TypeHello); f.ID != "h1" || !into[ws.Hello](t, f).Recovered {
		t.Errorf("answer to hello = %s %s", f.ID, f.Data)
	}
	again.want(ws.TypeEvent)
	epoch, _, _ := strings.Cut(last, "-")
	for i := range 9 { // the ring forgets
		w.hub.Publish(event("task.queued", "main", 10+i))
	}
	for name, offset := range map[string]string{
		"none": "", "too old": first, "future": epoch + "-999999", "other epoch": "0000000000000000-1", "no number": epoch + "-x",
		"sign": epoch + "-+1", "zeros": epoch + "-01", "nonsense": "%20%00",
	} {
		if q := w.connect("/ws/dashboard?last_offset="+offset, "ada"); q.hello.Recovered {
			t.Errorf("%s: recovered with offset %q", name, offset)
		}
	}
}

// TestMetrics: a dashboard gets the parts that its user may see, again and again.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.MetricsEvery = 20 * time.Millisecond })
	for who, want := range map[string]string{"ada": "system agents websites runs revenue", "bo": "system agents runs", "cy": "websites revenue", "di": ""} {
		p := w.connect("/ws/dashboard", who)
		for range 3 {
			f := p.want(ws.TypeMetrics)
			parts := into[map[string]json.RawMessage](t, f)
			for _, part := range []string{"system", "agents", "websites", "runs", "revenue"} {
				if _, has := parts[part]; has != strings.Contains(want, part) {
					t.Errorf("%s sees %s: %v", who, part, has)
				}
			}
			if who == "bo" && !strings.Contains(string(f.Data), "agent_of_other") {
				t.Errorf("bo sees %s", f.Data)
			}
		}
	}
	c, code := w.dial("/ws/dashboard?format=html", "ada")
	if c == nil {
		t.Fatalf("html: %d", code)
	}
	all := ""
	await := func(what string, there func() bool) {
		eventually(t, what, func() bool {
			_, raw, err := c.conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all += string(raw)
			return there()
		})
	}
	await("the greeting", func() bool { return strings.Contains(all, `id="live-hello"`) })
	w.hub.Publish(event("task.queued", "main", 1))
	await("fragments", func() bool {
		return strings.Contains(all, `id="live-agents"`) && strings.Contains(all, `data-topic="task.queued"`)
	})
	for _, want := range []string{`agent_of_main`, `75 %`, `unknown: No revenue source`} {
		if !strings.Contains(all, want) {
			t.Errorf("the fragments lack %s:\n%s", want, all)
		}
	}
}

// TestDashboardRefuses: nobody, a page of another site with a cookie, and a plain
// request are refused before the upgrade.
func TestDashboardRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, tt := range []struct {
		name, path, token string
		header            []string
		want              int
	}{
		{"nobody", "/ws/dashboard", "", nil, 401},
		{"bad token", "/ws/dashboard", "eve", nil, 401},
		{"foreign page with a cookie", "/ws/dashboard", "", []string{"Cookie", "session=ada", "Origin", "https://evil.example"}, 403},
		{"own page with a cookie", "/ws/dashboard", "", []string{"Cookie", "session=ada", "Origin", w.server.URL}, 101},
		{"foreign page with a token", "/ws/dashboard", "ada", []string{"Origin", "https://tool.example"}, 101},
		{"odd topic", "/ws/dashboard?topics=weather", "ada", nil, 422},
		{"elsewhere", "/ws/nothing", "ada", nil, 404},
	} {
		if _, got := w.dial(tt.path, tt.token, tt.header...); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestCredentialEnds: a connection is closed soon after its credential was revoked.
func TestCredentialEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.Recheck = 10 * time.Millisecond })
	p, other := w.connect("/ws/dashboard", "cy"), w.connect("/ws/dashboard", "ada")
	w.mu.Lock()
	delete(w.tokens, "cy")
	w.mu.Unlock()
	p.wantClose(websocket.StatusPolicyViolation)
	other.send(ws.TypePing, "p1", map[string]string{})
	if f := other.want(ws.TypePing); f.ID != "p1" {
		t.Errorf("ping answered with %q", f.ID)
	}
}

// TestStop: all clients are told that the server goes, and can come back elsewhere.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p, a := w.connect("/ws/dashboard", "ada"), w.connect("/ws/agents/helper", "ada")
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		done <- w.hub.Stop(ctx)
	}()
	p.wantClose(websocket.StatusGoingAway)
	a.wantClose(websocket.StatusGoingAway)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
