package bus_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"empire/internal/bus"
	"empire/internal/domain"
)

// patience bounds every wait; only a failing test waits that long.
const patience = 20 * time.Second

// watched is a registry and the lists that it delivers.
type watched struct {
	*bus.Registry
	lists chan []domain.ServiceInstance
}

func watch(t *testing.T, b *bus.Bus) *watched {
	t.Helper()
	w := &watched{bus.NewRegistry(b), make(chan []domain.ServiceInstance, 1000)}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w.Watch(func(list []domain.ServiceInstance) { w.lists <- list })
	return w
}

// until waits for a list that has what is wanted.
func (w *watched) until(t *testing.T, what string, ok func([]domain.ServiceInstance) bool) {
	t.Helper()
	end := time.After(patience)
	for {
		select {
		case list := <-w.lists:
			if ok(list) {
				return
			}
		case <-end:
			t.Fatalf("waited in vain until %s: %+v", what, w.List())
		}
	}
}

func (w *watched) untilState(t *testing.T, id string, state domain.ServiceState) {
	t.Helper()
	w.until(t, id+" is "+string(state), func(list []domain.ServiceInstance) bool { return stateOf(list, id) == state })
}

// stateOf returns the state of an instance, empty if it is not listed.
func stateOf(list []domain.ServiceInstance, id string) domain.ServiceState {
	for _, in := range list {
		if in.ID == id {
			return in.State
		}
	}
	return ""
}

func announce(t *testing.T, b *bus.Bus, in domain.ServiceInstance) *bus.Announcement {
	t.Helper()
	a, err := b.Announce(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) }) // its bus may be gone already
	return a
}

func worker(id string, lease time.Duration) domain.ServiceInstance {
	return domain.ServiceInstance{ID: id, Name: "worker", Role: "worker", URL: "http://127.0.0.1:8080", Version: "(devel)", Weight: 2, Lease: lease}
}

// TestFourthWorker starts a worker when three run and a gateway watches.
func TestFourthWorker(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, id := range []string{"w1", "w2", "w3"} {
		announce(t, open(t, url), worker(id, 0))
	}
	w := watch(t, open(t, url)) // finds those that were there before by asking
	w.until(t, "three are there", func(list []domain.ServiceInstance) bool { return len(list) == 3 })
	began := time.Now()
	a := announce(t, open(t, url), worker("w4", 0))
	w.untilState(t, "w4", domain.ServiceReady)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the fourth worker was seen after %s", took)
	}
	got := w.List()[3]
	got.LastSeen = time.Time{}
	want := domain.ServiceInstance{
		ID: "w4", Name: "worker", Role: "worker", URL: "http://127.0.0.1:8080", Version: "(devel)", Weight: 2,
		State: domain.ServiceReady, Lease: bus.DefaultLease, Source: "bus",
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := a.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.untilState(t, "w4", domain.ServiceDraining)
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.untilState(t, "w4", "")
	if n := len(w.List()); n != 3 {
		t.Errorf("%d workers are left", n)
	}
}

// TestAskedWorkerAnswers: a new gateway knows the workers before they say anything.
func TestAskedWorkerAnswers(t *testing.T) {
	t.Parallel()
	url := serve(t)
	announce(t, open(t, url), worker("w1", time.Minute)) // speaks three times a minute
	drains := announce(t, open(t, url), worker("w2", time.Minute))
	if err := drains.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := watch(t, open(t, url))
	w.untilState(t, "w1", domain.ServiceReady)
	if stateOf(w.List(), "w2") == domain.ServiceReady {
		t.Error("a worker that drains was found")
	}
}

// TestSilentWorkerGoes cuts the connection of a worker, which says nothing more.
func TestSilentWorkerGoes(t *testing.T) {
	t.Parallel()
	url := serve(t)
	w := watch(t, open(t, url))
	const lease = 600 * time.Millisecond
	b := open(t, url)
	announce(t, b, worker("w1", lease))
	w.untilState(t, "w1", domain.ServiceReady)
	time.AfterFunc(lease*3/2, func() { _ = b.Stop(context.Background()) }) // it lives longer than a lease
	began := time.Now()
	w.untilState(t, "w1", "")
	if took := time.Since(began); took < lease*3/2 {
		t.Errorf("it was gone after %s, when it still lived", took)
	}
}

// TestAnnouncerProcess is not a test of its own: TestKilledWorkerGoes runs it.
func TestAnnouncerProcess(t *testing.T) {
	url := os.Getenv("EMPIRE_TEST_ANNOUNCE")
	if url == "" {
		t.Skip("it is run by TestKilledWorkerGoes")
	}
	b, err := bus.Open(t.Context(), bus.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Announce(t.Context(), worker("killed", 0)); err != nil {
		t.Fatal(err)
	}
	select {} // until it is killed
}

// TestKilledWorkerGoes kills a process (kill -9): it is gone within its lease.
func TestKilledWorkerGoes(t *testing.T) {
	t.Parallel()
	url := serve(t)
	w := watch(t, open(t, url))
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.run=^TestAnnouncerProcess$")
	cmd.Env = append(os.Environ(), "EMPIRE_TEST_ANNOUNCE="+url)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.untilState(t, "killed", domain.ServiceReady)
	killed := time.Now()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	w.untilState(t, "killed", "")
	if took := time.Since(killed); took > bus.DefaultLease+500*time.Millisecond {
		t.Errorf("it was listed for %s after its death, its lease is %s", took, bus.DefaultLease)
	}
	_ = cmd.Wait() // it says that it was killed
}

// TestBusOutage stops the bus for longer than a lease: silence says nothing then.
func TestBusOutage(t *testing.T) {
	t.Parallel()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server is not ready")
	}
	url, port := s.ClientURL(), s.Addr().(*net.TCPAddr).Port
	again := s
	t.Cleanup(func() { again.Shutdown() }) // after the connections
	const lease = 400 * time.Millisecond
	lives := open(t, url)
	dies, err := bus.Open(t.Context(), bus.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	announce(t, lives, worker("lives", lease))
	announce(t, dies, worker("dies", lease))
	w := watch(t, open(t, url))
	w.until(t, "both are there", func(list []domain.ServiceInstance) bool { return len(list) == 2 })
	s.Shutdown()
	s.WaitForShutdown()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_ = dies.Stop(ended) // it cannot say goodbye
	for pause, over := time.After(3*lease), false; !over; {
		select {
		case list := <-w.lists:
			if len(list) != 2 {
				t.Errorf("the list changed while the bus was down: %+v", list)
			}
		case <-pause:
			over = true
		}
	}
	again = restart(t, port)
	w.untilState(t, "dies", "")
	if stateOf(w.List(), "lives") != domain.ServiceReady {
		t.Errorf("list = %+v", w.List())
	}
}

// restart starts a server at a port that another one has just left.
func restart(t *testing.T, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server is not ready again")
	}
	return s
}

func external(id, url string, lease time.Duration) domain.ServiceInstance {
	return domain.ServiceInstance{ID: id, Name: "legacy", URL: url, Health: "/up", Weight: 3, Lease: lease}
}

// TestRegistrations are known to the registries of all processes, also to those that
// start later.
func TestRegistrations(t *testing.T) {
	t.Parallel()
	url := serve(t)
	one, two := watch(t, open(t, url)), watch(t, open(t, url))
	register := func(w *watched, in domain.ServiceInstance) (bool, domain.Code) {
		t.Helper()
		_, added, err := w.Register(t.Context(), in)
		return added, domain.CodeOf(err)
	}
	if added, code := register(one, external("php-1", "http://10.0.0.9:80", time.Minute)); !added || code != "" {
		t.Fatalf("added %v, %s", added, code)
	}
	two.untilState(t, "php-1", domain.ServiceReady)
	got := two.List()[0]
	got.LastSeen = time.Time{}
	want := external("php-1", "http://10.0.0.9:80", time.Minute)
	want.State, want.Source = domain.ServiceReady, "api"
	if got != want {
		t.Errorf("the other registry has %+v, want %+v", got, want)
	}
	late := watch(t, open(t, url))
	late.untilState(t, "php-1", domain.ServiceReady)
	if added, code := register(two, external("php-1", "http://10.0.0.9:80", time.Minute)); added || code != "" {
		t.Errorf("renewed elsewhere: added %v, %s", added, code)
	}
	for _, w := range []*watched{one, two, late} {
		if _, code := register(w, external("php-1", "http://10.0.0.10:80", time.Minute)); code != domain.CodeConflict {
			t.Errorf("another address: %s", code)
		}
	}
	other := external("php-1", "http://10.0.0.9:80", time.Minute)
	other.Name = "other"
	if _, code := register(one, other); code != domain.CodeConflict {
		t.Errorf("another service: %s", code)
	}
	announce(t, open(t, url), worker("w1", 0))
	one.untilState(t, "w1", domain.ServiceReady)
	own := worker("w1", time.Minute)
	if _, code := register(one, own); code != domain.CodeConflict {
		t.Errorf("a process that announces itself: %s", code)
	}
	if got := domain.CodeOf(one.Remove(t.Context(), "w1")); got != domain.CodeConflict {
		t.Errorf("remove it: %s", got)
	}
	if got := domain.CodeOf(one.Remove(t.Context(), "nobody")); got != domain.CodeNotFound {
		t.Errorf("remove nobody: %s", got)
	}
	if err := late.Remove(t.Context(), "php-1"); err != nil {
		t.Fatal(err)
	}
	one.untilState(t, "php-1", domain.ServiceDraining)
	one.untilState(t, "php-1", "")
	if added, code := register(one, external("php-1", "http://10.0.0.10:80", time.Minute)); !added || code != "" {
		t.Errorf("when it is gone: added %v, %s", added, code)
	}
}

// TestRegistrationEnds without renewal, and lets the id go to another address.
func TestRegistrationEnds(t *testing.T) {
	t.Parallel()
	w := watch(t, open(t, "")) // one process alone
	if _, _, err := w.Register(t.Context(), external("php-1", "http://10.0.0.9:80", 300*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	w.untilState(t, "php-1", domain.ServiceReady)
	w.untilState(t, "php-1", "")
	if _, added, err := w.Register(t.Context(), external("php-1", "http://10.0.0.10:80", time.Minute)); err != nil || !added {
		t.Errorf("added %v, %v", added, err)
	}
	if _, _, err := w.Register(t.Context(), external("php-2", "http://10.0.0.11:80", 2*time.Minute)); err == nil {
		t.Error("a lease over the maximum was taken")
	}
}

// TestMicro finds a worker with the tools of NATS.
func TestMicro(t *testing.T) {
	t.Parallel()
	url := serve(t)
	in := worker("w1", 0)
	in.Version = "v1.4.0"
	announce(t, open(t, url), in)
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	reply, err := conn.Request("$SRV.INFO.empire_worker", nil, patience)
	if err != nil {
		t.Fatal(err)
	}
	var info micro.Info
	if err := json.Unmarshal(reply.Data, &info); err != nil {
		t.Fatal(err)
	}
	if info.Version != "1.4.0" || info.Metadata["id"] != "w1" || info.Metadata["url"] != in.URL || info.Metadata["weight"] != "2" || info.Metadata["role"] != "worker" {
		t.Errorf("info = %+v", info)
	}
}

// TestAnnounceRefuses what others would not understand.
func TestAnnounceRefuses(t *testing.T) {
	t.Parallel()
	b := open(t, "")
	for _, in := range []domain.ServiceInstance{
		{}, {ID: "a"}, {Name: "worker"}, {ID: "a", Name: "a b"}, {ID: "a", Name: "worker", Weight: 101}, {ID: "a", Name: "worker", Lease: time.Hour},
	} {
		if _, err := b.Announce(t.Context(), in); err == nil {
			t.Errorf("%+v was announced", in)
		}
	}
}

// FuzzBeats sends anything as a sign of life and as an answer: what is listed is
// always well formed.
func FuzzBeats(f *testing.F) {
	f.Add([]byte(`{"id":"a","name":"worker","weight":1,"state":"ready","source":"bus","lease_ms":1000}`))
	f.Add([]byte(`{"id":"a","name":"worker","weight":1,"state":"gone","source":"bus","lease_ms":1000,"left_ms":-1}`))
	f.Add([]byte(`{"name":"empire_worker","metadata":{"id":"a","name":"worker","weight":"1","lease_ms":"99999999999999999999"}}`))
	b, err := bus.Open(f.Context(), bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	r := bus.NewRegistry(b)
	if err := r.Start(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = r.Stop(context.Background()); _ = b.Stop(context.Background()) })
	f.Fuzz(func(t *testing.T, data []byte) {
		if json.Valid(data) {
			if err := b.Publish(t.Context(), "empire.service.beat", json.RawMessage(data)); err != nil {
				t.Fatal(err)
			}
			if err := b.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, in := range r.List() {
			states := []domain.ServiceState{domain.ServiceReady, domain.ServiceDraining}
			if in.ID == "" || in.Name == "" || in.Weight < 1 || in.Weight > 100 || in.Lease <= 0 || in.Lease > domain.MaxServiceLease || !slices.Contains(states, in.State) {
				t.Errorf("%q is listed as %+v", data, in)
			}
		}
	})
}
