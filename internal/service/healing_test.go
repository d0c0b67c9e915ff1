package service_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/agent/monetization"
	"empire/internal/domain"
	"empire/internal/integration/fetch"
	"empire/internal/pipeline"
	"empire/internal/pipeline/shipped"
	"empire/internal/service"
	"empire/internal/testkit"
)

// mall is mock merchants and a stand-in of a network behind one listener, told apart by
// their hosts.
type mall struct {
	url func(host, path string) string

	mu    sync.Mutex
	asked map[string]int    // by host
	pages map[string]string // what differs from the pages below, by path
}

func (m *mall) set(path, state string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pages[path] = state
}

func (m *mall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, port, _ := strings.Cut(r.Host, ":")
	m.mu.Lock()
	m.asked[host]++
	state, ok := m.pages[r.URL.Path]
	m.mu.Unlock()
	if !ok {
		state = strings.Trim(r.URL.Path, "/")
	}
	say := func(status int, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<html>" + body + "</html>"))
	}
	text := "<p>" + strings.Repeat("A keyboard with 84 keys and a case of metal. ", 20) + "</p>"
	switch state {
	case "robots.txt", "gone":
		say(404, "nothing")
	case "soft":
		say(200, "<title>Seite nicht gefunden</title><h1>Seite nicht gefunden</h1>")
	case "home":
		http.Redirect(w, r, "/", http.StatusFound)
	case "soldout":
		say(200, `<title>K2</title><script type="application/ld+json">{"@type":"Product","offers":{"availability":"https://schema.org/SoldOut"}}</script>`+text)
	case "moved":
		http.Redirect(w, r, "/new-k2", http.StatusMovedPermanently)
	case "wall":
		say(403, "no")
	case "busy":
		w.Header().Set("Retry-After", "3600")
		say(429, "no")
	case "captcha":
		say(200, "<title>Just a moment...</title><p>Are you a human?</p>")
	case "broken":
		say(502, "no")
	case "maze":
		http.Redirect(w, r, "/maze", http.StatusFound)
	case "away":
		http.Redirect(w, r, "http://www.awin1.com:"+port+"/cread.php?awinmid=1", http.StatusFound)
	case "huge":
		say(200, strings.Repeat(text, 200))
	case "slow":
		<-r.Context().Done()
	default:
		say(200, "<title>K2</title><h1>K2</h1>"+text+"<button>Add to cart</button>")
	}
}

// healer is an estate whose links are looked at.
type healer struct {
	*estate
	*mall

	service *service.LinkHealing
	now     time.Time
	queued  []json.RawMessage
	config  service.HealingConfig
	site    *domain.Website
	found   *domain.LinkSwap // what replacements are found; nil: none
}

func newHealer(ctx context.Context, t *testing.T, change ...func(*service.HealingConfig)) *healer {
	t.Helper()
	e, _, _ := withPrograms(t)
	h := &healer{estate: e, mall: &mall{asked: map[string]int{}, pages: map[string]string{}}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(h.mall)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	h.url = func(host, path string) string { return "http://" + host + ":" + u.Port() + path }
	names := testkit.Names(t, map[string]string{"shop1.example.": "127.0.0.1", "www.awin1.com.": "127.0.0.1"})
	client := func(timeout time.Duration) *fetch.Client {
		c := fetch.New(fetch.Config{
			Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Resolver: names, Interval: time.Nanosecond, Retries: -1, MaxBytes: 64 << 10, Timeout: timeout,
			Permit: func(host string) bool { return domain.NetworkHost(host) == "" },
		})
		t.Cleanup(c.Close)
		return c
	}
	patient, impatient := client(30*time.Second), client(100*time.Millisecond)
	h.config = service.HealingConfig{
		Tx: e.st, Links: e.links, Store: e.st.LinkHealth, Rows: e.st.Products, Page: monetization.MerchantPage, Judge: monetization.Judge, Batch: 10, Propose: true,
		Probe: func(ctx context.Context, address string, within func(string) bool) (*domain.PageProbe, error) {
			if strings.HasSuffix(address, "/slow") {
				if _, err := patient.Probe(ctx, h.url("shop1.example", "/"), within); err != nil { // its robots.txt is slow, too, if nobody has it
					return nil, err
				}
				return impatient.Probe(ctx, address, within)
			}
			return patient.Probe(ctx, address, within)
		},
		Replace: func(_ context.Context, _ domain.WebsiteID, _ *domain.Link) (*domain.LinkSwap, string, error) {
			if h.found == nil {
				return nil, "No merchant sells it.", nil
			}
			w := *h.found
			return &w, "", nil
		},
		Start: func(ctx context.Context, w *domain.LinkSwap, owner domain.UserID) (domain.RunID, error) {
			raw, _ := json.Marshal(domain.SwapParams{SwapID: w.ID})
			run, err := e.engine.Start(ctx, pipeline.StartParams{Pipeline: shipped.SwapLink, Params: raw, WebsiteID: w.WebsiteID, Tenant: w.Tenant, OwnerID: owner})
			if err != nil {
				return "", err
			}
			return run.ID, nil
		},
		Enqueue: func(_ context.Context, kind string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			if kind == service.JobLinks {
				h.queued = append(h.queued, raw)
			}
			return err
		},
		Automatic: func(string) bool { return false },
		Looks:     domain.LookPolicy{Looks: 3, Span: 24 * time.Hour, Every: 72 * time.Hour, Again: 6 * time.Hour},
		Audit:     e.st.Audit, Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&h.config)
	}
	h.service = service.NewLinkHealing(h.config)
	swap := &shipped.Swap{Question: h.service.Question, Ask: e.approvals.Open, Apply: h.service.Apply}
	if err := e.engine.Register(swap.Definition()); err != nil {
		t.Fatal(err)
	}
	e.onEnded = func(ctx context.Context, run *domain.Run) error {
		var p domain.SwapParams
		if run.Pipeline != shipped.SwapLink {
			return nil
		}
		if err := json.Unmarshal(run.Params, &p); err != nil {
			return err
		}
		return h.service.RunEnded(ctx, p.SwapID)
	}
	h.site = e.register(ctx, t, "keys.example")
	h.site = e.publish(ctx, t, h.site.ID)
	return h
}

// link adds a link to a page of the merchant.
func (h *healer) link(ctx context.Context, t *testing.T, path string) *domain.Link {
	t.Helper()
	l, err := h.links.Create(ctx, domain.LinkParams{ProgramID: "prog_1", Destination: h.url("shop1.example", path)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (h *healer) check(ctx context.Context, t *testing.T, id domain.LinkID) *domain.LinkHealth {
	t.Helper()
	got, err := h.service.Check(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// dies looks three times over a day.
func (h *healer) dies(ctx context.Context, t *testing.T, id domain.LinkID) *domain.LinkHealth {
	t.Helper()
	var got *domain.LinkHealth
	for range 3 {
		got = h.check(ctx, t, id)
		h.now = h.now.Add(12 * time.Hour)
	}
	if !got.Dead {
		t.Fatalf("after three looks over a day: %+v", got)
	}
	return got
}

// other is what a replacement leads to.
func (h *healer) other() *domain.LinkSwap {
	l := domain.Link{
		ID: "link_other", Tenant: "acme", Slug: "other", Network: "awin", AdvertiserID: "9", Merchant: "Shop 9", Form: domain.FormClick,
		Destination: "https://www.awin1.com/pclick.php?p=9&a=1&m=9", State: domain.LinkActive,
	}
	return &domain.LinkSwap{Product: "K2", To: l, ToProduct: "K2", Same: true, Reason: "the only merchant that can be linked"}
}

func (h *healer) state(ctx context.Context, t *testing.T, id domain.LinkID) domain.Link {
	t.Helper()
	l, err := h.links.Get(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return *l
}

func (h *healer) swaps(ctx context.Context, t *testing.T) []domain.LinkSwap {
	t.Helper()
	list, _, err := h.service.Swaps(ctx, "", domain.Window{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (h *healer) actions(t *testing.T, object string) []string {
	t.Helper()
	list, _, err := h.st.Audit.List(t.Context(), domain.AuditFilter{Object: object}, domain.Window{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Action)
	}
	slices.Reverse(out)
	return out
}

// TestLooks: merchants in every condition are told apart through the real client, and
// the network gets no request, wherever merchants lead.
func TestLooks(t *testing.T) {
	t.Parallel()
	ada := in(t.Context(), "acme")
	h := newHealer(ada, t)
	for path, want := range map[string]domain.LookState{
		"/ok": domain.LookOK, "/gone": domain.LookGone, "/soft": domain.LookSoft, "/home": domain.LookSoft, "/soldout": domain.LookSoldOut, "/moved": domain.LookMoved,
		"/wall": domain.LookUnknown, "/busy": domain.LookUnknown, "/captcha": domain.LookUnknown, "/broken": domain.LookUnknown, "/maze": domain.LookUnknown,
		"/away": domain.LookUnknown, "/huge": domain.LookUnknown, "/slow": domain.LookUnknown,
	} {
		got := h.check(ada, t, h.link(ada, t, path).ID)
		if got.State != want || got.URL != h.url("shop1.example", path) || got.Dead {
			t.Errorf("%s: %s (%s) of %s, want %s", path, got.State, got.Reason, got.URL, want)
		}
	}
	for name, p := range map[string]domain.LinkParams{
		"a click link of the network": {ProgramID: "prog_1", Form: domain.FormClick, Destination: h.url("www.awin1.com", "/pclick.php?p=1")},
		"an unknown host":             {Merchant: "Elsewhere", Destination: h.url("shop1.example", "/plain")},
		"digistore24":                 {Merchant: "Kurs", Destination: "https://www.digistore24.com/redir/1/anna"},
	} {
		l, err := h.links.Create(ada, p)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.check(ada, t, l.ID); got.State != domain.LookNone || got.URL != "" {
			t.Errorf("%s: %+v, want that nobody is asked", name, got)
		}
	}
	l := h.link(ada, t, "/closed")
	closed := shopProgram("1")
	closed.Open = false
	if err := h.st.Programs.Upsert(t.Context(), []domain.Program{closed}); err != nil {
		t.Fatal(err)
	}
	if got := h.check(ada, t, l.ID); got.State != domain.LookClosed || !got.Dead {
		t.Errorf("of a closed program: %+v", got)
	}
	h.mall.mu.Lock()
	defer h.mall.mu.Unlock()
	if h.asked["www.awin1.com"] != 0 || h.asked["shop1.example"] == 0 || len(h.asked) != 1 {
		t.Errorf("requests by host: %v", h.asked)
	}
}

// TestHealingAsks: a dead link leads to its replacement once a person has approved, and
// back again when it is taken back; then nothing is proposed until it was found well.
func TestHealingAsks(t *testing.T) {
	t.Parallel()
	ada := in(t.Context(), "acme")
	h := newHealer(ada, t)
	l := h.link(ada, t, "/k2")
	h.set("/k2", "gone")
	if got := h.dies(ada, t, l.ID); got.NoSwap != "No merchant sells it." || got.DeadAs != domain.LookGone {
		t.Errorf("without a replacement: %+v", got)
	}
	h.found = h.other()
	h.check(ada, t, l.ID)
	h.workAll(t)
	list, _, err := h.approvals.List(ada, domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: 10})
	if err != nil || len(list) != 1 || list[0].Kind != domain.ApproveSwap || !strings.Contains(list[0].Title, "K2 at Shop 1 is gone: lead to Shop 9 instead") {
		t.Fatalf("approvals = %+v, %v", list, err)
	}
	h.check(ada, t, l.ID)
	if swaps := h.swaps(ada, t); len(swaps) != 1 || swaps[0].State != domain.SwapProposed || h.state(ada, t, l.ID).State != domain.LinkActive {
		t.Fatalf("before the decision: %+v", swaps)
	}
	if _, err := h.approvals.Decide(ada, list[0].ID, domain.Decision{Approve: true, PayloadHash: list[0].PayloadHash}); err != nil {
		t.Fatal(err)
	}
	h.workAll(t)
	if got := h.state(ada, t, l.ID); got.State != domain.LinkDead || got.Instead != "link_other" || got.InsteadName != "" {
		t.Errorf("after the decision: %+v", got)
	}
	if got := h.state(ada, t, "link_other"); got.State != domain.LinkActive || got.Merchant != "Shop 9" {
		t.Errorf("the other link: %+v", got)
	}
	swap := h.swaps(ada, t)[0]
	if _, err := h.service.Undo(in(t.Context(), "other"), swap.ID); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("another tenant takes it back: %v", err)
	}
	if got, err := h.service.Undo(ada, swap.ID); err != nil || got.State != domain.SwapUndone {
		t.Fatalf("taken back: %+v, %v", got, err)
	}
	if got := h.state(ada, t, l.ID); got.State != domain.LinkActive || got.Instead != "" {
		t.Errorf("taken back: %+v", got)
	}
	_, err = h.service.Undo(ada, swap.ID)
	wantCode(t, "a second time", err, domain.CodeConflict)
	if got := h.check(ada, t, l.ID); !got.Dead || !strings.Contains(got.NoSwap, "did not want") || len(h.swaps(ada, t)) != 1 {
		t.Errorf("it is proposed again: %+v", got)
	}
	if got, want := h.actions(t, string(l.ID)), []string{"link.created", "link.found_dead", "link.swap_proposed", "link.swapped", "link.swap_undone"}; !slices.Equal(got, want) {
		t.Errorf("audit of the link: %v, want %v", got, want)
	}
	if got, want := h.actions(t, string(swap.ID)), []string{"swap.applied", "swap.undone"}; !slices.Equal(got, want) {
		t.Errorf("audit of the replacement: %v, want %v", got, want)
	}
}

// TestHealingApplies: the policy replaces without a person where it is the same product,
// and takes that back by itself when the merchant has the page again.
func TestHealingApplies(t *testing.T) {
	t.Parallel()
	ada := in(t.Context(), "acme")
	h := newHealer(ada, t, func(c *service.HealingConfig) { c.Automatic = func(host string) bool { return host == "" } })
	l := h.link(ada, t, "/k2")
	h.set("/k2", "soldout")
	h.found = h.other()
	h.dies(ada, t, l.ID)
	h.workAll(t)
	if got := h.state(ada, t, l.ID); got.Instead != "link_other" || got.State != domain.LinkDead {
		t.Errorf("the policy did not apply: %+v", got)
	}
	h.set("/k2", "ok")
	h.now = h.now.Add(72 * time.Hour)
	h.check(ada, t, l.ID)
	if got := h.state(ada, t, l.ID); got.Instead != "" || got.State != domain.LinkActive || h.swaps(ada, t)[0].State != domain.SwapUndone {
		t.Errorf("in stock again: %+v", got)
	}
	h.set("/k2", "gone") // later: it may be replaced again, but another product needs a person
	h.found.Same, h.found.ToProduct = false, "K3"
	h.dies(ada, t, l.ID)
	h.workAll(t)
	list, _, err := h.approvals.List(ada, domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: 10})
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Title, "another product, K3") {
		t.Fatalf("another product: %+v, %v", list, err)
	}
	if _, err := h.approvals.Decide(ada, list[0].ID, domain.Decision{Reason: "Not that one."}); err != nil {
		t.Fatal(err)
	}
	h.workAll(t)
	if got := h.swaps(ada, t)[0]; got.State != domain.SwapRejected || h.state(ada, t, l.ID).State != domain.LinkActive {
		t.Errorf("after the rejection: %+v", got)
	}
}

// TestHealingFires: a clock looks at few links in a minute, at each once, and at nothing
// before its time; figures follow.
func TestHealingFires(t *testing.T) {
	t.Parallel()
	ada := in(t.Context(), "acme")
	h := newHealer(ada, t, func(c *service.HealingConfig) { c.Batch = 2 })
	for _, path := range []string{"/a", "/b", "/gone"} {
		h.link(ada, t, path)
	}
	var sizes []int
	for range 4 {
		n, err := h.service.Fire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := h.service.Fire(t.Context()); again != 0 || err != nil {
			t.Errorf("fired twice in a minute: %d, %v", again, err)
		}
		sizes, h.now = append(sizes, n), h.now.Add(time.Minute)
	}
	if !slices.Equal(sizes, []int{2, 1, 0, 0}) {
		t.Errorf("queued %v in four minutes, want 2, 1, 0, 0", sizes)
	}
	for _, args := range h.queued {
		if err := h.service.Work(t.Context(), args); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.service.Looked(); got[domain.LookOK] != 2 || got[domain.LookGone] != 1 {
		t.Errorf("looked = %v", got)
	}
	counts, err := h.service.Counts(ada)
	if err != nil || len(counts) != 2 || counts[0].Count+counts[1].Count != 3 {
		t.Errorf("counts = %+v, %v", counts, err)
	}
	for tenant, want := range map[domain.TenantID]int{"acme": 3, "other": 0} {
		if _, n, err := h.service.List(in(t.Context(), tenant), domain.HealthFilter{Tenant: "acme"}, domain.Window{Limit: 10}); n != want || err != nil {
			t.Errorf("%s sees %d links, %v", tenant, n, err)
		}
	}
	h.now = h.now.Add(7 * time.Hour) // the failing one is due before the others
	if n, err := h.service.Fire(t.Context()); n != 1 || err != nil {
		t.Errorf("after 7 hours %d are due, %v", n, err)
	}
	wantCode(t, "nonsense", h.service.Work(t.Context(), []byte("{")), domain.CodeInvalid)
	_, err = h.service.Check(in(t.Context(), "other"), h.link(ada, t, "/d").ID)
	wantCode(t, "another tenant", err, domain.CodeNotFound)
}
