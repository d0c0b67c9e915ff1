package api_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/api"
	"empire/internal/domain"
)

// shelf is a portfolio of a few tenants, as the service and as what is in memory.
type shelf struct {
	websites
	rows map[domain.TenantID][]domain.Website
	used *bool // the memory answered
}

func newShelf() shelf {
	s := shelf{websites: websites{&fakes{}}, rows: map[domain.TenantID][]domain.Website{}, used: new(bool)}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 120 {
		w := domain.Website{
			ID: domain.WebsiteID(fmt.Sprintf("site_%03d", i)), Name: fmt.Sprint("n", i), Domain: fmt.Sprintf("n%d.example", i), Niche: `tea & "coffee" <b>  ü`,
			State: domain.WebsiteDraft, Language: "de", CreatedAt: at, UpdatedAt: at.Add(time.Duration(i) * time.Microsecond), PointerSeq: int64(i),
		}
		if i%2 == 1 {
			w.State, w.LiveRelease, w.FeedIDs, w.Operator = domain.WebsiteLive, "rel_1", []domain.FeedID{"feed_1"}, domain.Operator{Name: "Löwe & Co"}
		}
		s.rows["main"] = append(s.rows["main"], w)
	}
	s.rows["other"] = []domain.Website{{ID: "site_only"}}
	return s
}

func (s shelf) of(ctx context.Context) []domain.Website {
	return s.rows[domain.PrincipalFrom(ctx).Tenant.OrDefault()]
}

// List implements the service.
func (s shelf) List(ctx context.Context, w domain.Window) ([]domain.Website, int, error) {
	all := s.of(ctx)
	from := min(w.Offset, len(all))
	return all[from:min(from+w.Limit, len(all))], len(all), nil
}

// After implements the service.
func (s shelf) After(ctx context.Context, id domain.WebsiteID, limit int) ([]domain.Website, int, error) {
	all := s.of(ctx)
	from := slices.IndexFunc(all, func(w domain.Website) bool { return w.ID > id })
	if from < 0 {
		from = len(all)
	}
	return all[from:min(from+limit, len(all))], len(all), nil
}

// Get implements the service.
func (s shelf) Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	for _, w := range s.of(ctx) {
		if w.ID == id {
			return &w, nil
		}
	}
	return nil, missing("Website", string(id))
}

// memory is the shelf as the fast path asks it.
type memory struct{ shelf }

// encoded notes that the memory answered; without the right it does not.
func (m memory) encoded(ctx context.Context, list []domain.Website, total int) ([]domain.WebsiteRow, int, bool) {
	if !domain.PrincipalFrom(ctx).Can(domain.WebsitesRead) {
		return nil, 0, false
	}
	*m.used = true
	rows := make([]domain.WebsiteRow, len(list))
	for i := range list {
		var err error
		if rows[i], err = api.EncodeWebsite(&list[i]); err != nil {
			panic(err)
		}
	}
	return rows, total, true
}

// Window implements the portfolio.
func (m memory) Window(ctx context.Context, w domain.Window) ([]domain.WebsiteRow, int, bool) {
	if domain.PrincipalFrom(ctx) == nil {
		return nil, 0, false
	}
	list, total, _ := m.List(ctx, w)
	return m.encoded(ctx, list, total)
}

// After implements the portfolio.
func (m memory) After(ctx context.Context, id domain.WebsiteID, limit int) ([]domain.WebsiteRow, int, bool) {
	if domain.PrincipalFrom(ctx) == nil {
		return nil, 0, false
	}
	list, total, _ := m.shelf.After(ctx, id, limit)
	return m.encoded(ctx, list, total)
}

// One implements the portfolio.
func (m memory) One(ctx context.Context, id domain.WebsiteID) (*domain.WebsiteRow, bool) {
	if domain.PrincipalFrom(ctx) == nil {
		return nil, false
	}
	site, err := m.Get(ctx, id)
	if err != nil {
		return nil, false
	}
	rows, _, ok := m.encoded(ctx, []domain.Website{*site}, 1)
	if !ok {
		return nil, false
	}
	return &rows[0], true
}

// newShelfAPI returns an API whose fast path asks the memory; nil: there is none.
func newShelfAPI(s shelf, memory interface {
	Window(ctx context.Context, w domain.Window) ([]domain.WebsiteRow, int, bool)
	After(ctx context.Context, id domain.WebsiteID, limit int) ([]domain.WebsiteRow, int, bool)
	One(ctx context.Context, id domain.WebsiteID) (*domain.WebsiteRow, bool)
},
) *api.API {
	f := s.fakes
	return api.New(api.Config{
		Version: "test", Users: users{f}, APIKeys: apiKeys{f}, Agents: agents{f}, Websites: s, Portfolio: memory, Runs: runs{f}, Approvals: approvals{f},
		Audit: auditLog{f}, Budgets: budgets{f}, Catalogue: catalogue{f}, Market: market{f}, Webhooks: webhooks{fakes: f}, Health: health{f}, Search: search{f}, Logger: slog.New(slog.DiscardHandler),
	})
}

// reply is what a client and the log see of an answer.
type reply struct {
	Status  int
	Header  http.Header
	Body    string
	Pattern string // the route
}

func replyOf(t *testing.T, a http.Handler, p *domain.Principal, method, target string, header http.Header, body io.Reader) (r reply, tag string) {
	t.Helper()
	ctx := domain.WithRequestID(t.Context(), "req_test")
	if p != nil {
		ctx = domain.WithPrincipal(ctx, p)
	}
	req := httptest.NewRequestWithContext(ctx, method, target, body)
	req.Header = header.Clone()
	w := httptest.NewRecorder()
	a.ServeHTTP(w, req)
	tag = w.Header().Get("ETag")
	w.Header().Del("Content-Length") // left to the server by the ordinary way
	if strings.HasPrefix(w.Body.String(), "[") {
		w.Header().Del("ETag") // of a list: made from the body in front of the API
	}
	return reply{w.Code, w.Header(), w.Body.String(), req.Pattern}, tag
}

// TestFastPath compares with the registered operations, byte for byte.
func TestFastPath(t *testing.T) {
	t.Parallel()
	s := newShelf()
	slow, fast := newShelfAPI(s, nil), newShelfAPI(s, memory{s})
	who := map[string]*domain.Principal{
		"nobody": nil, "admin": admin, "other tenant": {Tenant: "other", Permissions: []domain.Permission{domain.AdminFull}},
		"empty tenant": {Tenant: "empty", Permissions: []domain.Permission{domain.WebsitesRead}},
	}
	for _, right := range domain.Permissions() {
		who[string(right)] = &domain.Principal{UserID: "user_2", Permissions: []domain.Permission{right}}
	}
	for name, p := range who {
		reads := p.Can(domain.WebsitesRead)
		for _, tt := range fastRequests {
			method, target, _ := strings.Cut(tt.request, " ")
			header := http.Header{}
			if tt.accept != "" {
				header.Set("Accept", tt.accept)
			}
			want, _ := replyOf(t, slow, p, method, target, header, http.NoBody)
			*s.used = false
			got, tag := replyOf(t, fast, p, method, target, header, http.NoBody)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s, accepting %q (-slow +fast):\n%s", name, tt.request, tt.accept, diff)
			}
			if expected := tt.fast && reads && want.Status == http.StatusOK; *s.used != expected {
				t.Errorf("%s, %s, accepting %q: from memory %v, want %v", name, tt.request, tt.accept, *s.used, expected)
			}
			if *s.used && (len(tag) < 4 || tag[0] != '"') {
				t.Errorf("%s, %s: ETag %s", name, tt.request, tag)
			}
		}
	}
}

// fastRequests are requests, and whether they are plain enough for the fast path.
var fastRequests = []struct {
	request string
	accept  string
	fast    bool
}{
	{"GET /api/v1/websites", "", true},
	{"GET /api/v1/websites/", "", true},
	{"GET /api/v1/websites", "application/json", true},
	{"GET /api/v1/websites", "*/*", true},
	{"GET /api/v1/websites", "text/html", false},
	{"GET /api/v1/websites", "application/xml, */*;q=0.1", false},
	{"GET /api/v1/websites?", "", true},
	{"GET /api/v1/websites?limit=7", "", true},
	{"GET /api/v1/websites?limit=007", "", true},
	{"GET /api/v1/websites?limit=1000&offset=0", "", true},
	{"GET /api/v1/websites?offset=119&limit=1", "", true},
	{"GET /api/v1/websites?offset=110", "", true},
	{"GET /api/v1/websites?offset=120", "", true},
	{"GET /api/v1/websites?offset=999999999&limit=50&", "", true},
	{"GET /api/v1/websites?limit=60&offset=55", "", true},
	{"GET /api/v1/websites/?limit=3&offset=3", "", true},
	{"GET /api/v1/websites?offset=1000000000", "", false},
	{"GET /api/v1/websites?offset=1000000001", "", false},
	{"GET /api/v1/websites?limit=0", "", false},
	{"GET /api/v1/websites?limit=1001", "", false},
	{"GET /api/v1/websites?limit=-1", "", false},
	{"GET /api/v1/websites?limit=+1", "", false},
	{"GET /api/v1/websites?limit=1e2", "", false},
	{"GET /api/v1/websites?limit=", "", false},
	{"GET /api/v1/websites?limit", "", false},
	{"GET /api/v1/websites?limit=%31", "", false},
	{"GET /api/v1/websites?%6cimit=1", "", false},
	{"GET /api/v1/websites?limit=1&limit=2", "", false},
	{"GET /api/v1/websites?offset=1&offset=1", "", false},
	{"GET /api/v1/websites?Limit=1", "", false},
	{"GET /api/v1/websites?limit=1;offset=2", "", false},
	{"GET /api/v1/websites?&limit=1", "", false},
	{"GET /api/v1/websites?limit=%zz", "", false},
	{"GET /api/v1/websites?colour=red", "", false},
	{"GET /api/v1/websites?limit=5&colour=red", "", false},
	{"GET /api/v1/websites?cursor=site_007", "", true},
	{"GET /api/v1/websites?cursor=site_007&limit=3", "", true},
	{"GET /api/v1/websites?limit=3&cursor=site_0075", "", true},
	{"GET /api/v1/websites?limit=3&cursor=site_116", "", true},
	{"GET /api/v1/websites?limit=3&cursor=site_117", "", true},
	{"GET /api/v1/websites?limit=3&cursor=site_zzz", "", true},
	{"GET /api/v1/websites?cursor=", "", false},
	{"GET /api/v1/websites?cursor=anything", "", false},
	{"GET /api/v1/websites?cursor=site_1&cursor=site_2", "", false},
	{"GET /api/v1/websites?cursor=site_007&offset=3", "", false},
	{"GET /api/v1/websites?cursor=site_007&offset=0", "", false},
	{"HEAD /api/v1/websites", "", false},
	{"OPTIONS /api/v1/websites", "", false},
	{"PUT /api/v1/websites", "", false},
	{"GET /api/v1/websitesx", "", false},
	{"GET /api/v1//websites", "", false},
	{"GET /api/v1/websites//", "", false},
	{"GET /api/v1/%77ebsites", "", false},
	{"GET /api/v1/websites/site_000", "", true},
	{"GET /api/v1/websites/site_001/", "", true},
	{"GET /api/v1/websites/site_001?", "", true},
	{"GET /api/v1/websites/site_001//", "", false},
	{"GET /api/v1/websites/site_001", "application/json", true},
	{"GET /api/v1/websites/site_only", "", true},
	{"GET /api/v1/websites/site_120", "", false},
	{"GET /api/v1/websites/SITE_001", "", false},
	{"GET /api/v1/websites/site_00%31", "", false},
	{"GET /api/v1/websites/site_001?x=1", "", false},
	{"GET /api/v1/websites/site_001?%zz", "", false},
	{"GET /api/v1/websites/nothing", "", false},
	{"GET /api/v1/websites/site_001/.", "", false},
	{"GET /api/v1/websites/site_001%2f", "", false},
	{"HEAD /api/v1/websites/site_001", "", false},
	{"GET /api/v1/websites/site_001/pages", "", false},
}

// FuzzFastPath asks with any query string, with and without the fast path.
func FuzzFastPath(f *testing.F) {
	for _, tt := range fastRequests {
		if _, query, ok := strings.Cut(tt.request, "?"); ok {
			f.Add(query)
		}
	}
	s := newShelf()
	slow, fast := newShelfAPI(s, nil), newShelfAPI(s, memory{s})
	f.Fuzz(func(t *testing.T, query string) {
		u := &url.URL{Path: "/api/v1/websites", RawQuery: query}
		if _, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.String(), http.NoBody); err != nil || strings.ContainsAny(query, " \r\n\x00#") {
			t.Skip("no request has this query")
		}
		want, _ := replyOf(t, slow, admin, http.MethodGet, u.String(), http.Header{}, http.NoBody)
		got, _ := replyOf(t, fast, admin, http.MethodGet, u.String(), http.Header{}, http.NoBody)
		if want.Status != http.StatusOK && got.Status == want.Status {
			return // the faults of several parameters come in any order
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("?%s (-slow +fast):\n%s", query, diff)
		}
	})
}

// TestFastPathLeavesBodies lets the framework say what a body of a GET means.
func TestFastPathLeavesBodies(t *testing.T) {
	t.Parallel()
	s := newShelf()
	fast := newShelfAPI(s, memory{s})
	for _, target := range []string{"/api/v1/websites", "/api/v1/websites/site_001"} {
		if _, _ = replyOf(t, fast, admin, "GET", target, http.Header{}, strings.NewReader("{}")); *s.used {
			t.Errorf("%s with a body came from memory", target)
		}
	}
}

// TestFastTags gives different answers different ETags, and equal ones the same.
func TestFastTags(t *testing.T) {
	t.Parallel()
	s := newShelf()
	fast := newShelfAPI(s, memory{s})
	tags := map[string]string{}
	for _, query := range []string{"", "?limit=49", "?limit=51", "?offset=1", "?offset=50", "?limit=20", "?limit=20&offset=20", "?limit=20&cursor=site_019", "?offset=120", "?offset=121"} {
		_, tag := replyOf(t, fast, admin, "GET", "/api/v1/websites"+query, http.Header{}, http.NoBody)
		if other, taken := tags[tag]; taken && query != "?limit=20&cursor=site_019" {
			t.Errorf("%q and %q have the ETag %s", query, other, tag)
		}
		tags[tag] = query
	}
	tag := func() string {
		_, tag := replyOf(t, fast, admin, "GET", "/api/v1/websites?limit=10", http.Header{}, http.NoBody)
		return tag
	}
	before := tag()
	if again := tag(); again != before {
		t.Errorf("the same answer has the ETags %s and %s", before, again)
	}
	s.rows["main"][9].Title = "New"
	changed := tag()
	s.rows["main"] = s.rows["main"][:119]
	fewer := tag()
	s.rows["main"][3], s.rows["main"][4] = s.rows["main"][4], s.rows["main"][3]
	if moved := tag(); changed == before || fewer == changed || moved == fewer {
		t.Errorf("ETags %s, then with a new title %s, another total %s, another order %s", before, changed, fewer, moved)
	}
}

// BenchmarkFastPath lists 50 websites from memory.
func BenchmarkFastPath(b *testing.B) {
	s := newShelf()
	rows, total, _ := memory{s}.Window(domain.WithPrincipal(b.Context(), admin), domain.Window{Limit: 50})
	for _, bb := range []struct{ name, target string }{{"list", "/api/v1/websites"}, {"one", "/api/v1/websites/site_001"}} {
		b.Run(bb.name, func(b *testing.B) {
			fast := newShelfAPI(s, fixed{rows, total})
			r := httptest.NewRequestWithContext(domain.WithPrincipal(b.Context(), admin), "GET", bb.target, http.NoBody)
			w := &drain{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				fast.ServeHTTP(w, r)
			}
			if w.n == 0 {
				b.Fatal("nothing was written")
			}
		})
	}
}

// fixed always has the same answer.
type fixed struct {
	rows  []domain.WebsiteRow
	total int
}

func (f fixed) Window(context.Context, domain.Window) ([]domain.WebsiteRow, int, bool) {
	return f.rows, f.total, true
}

func (f fixed) After(context.Context, domain.WebsiteID, int) ([]domain.WebsiteRow, int, bool) {
	return f.rows, f.total, true
}
func (f fixed) One(context.Context, domain.WebsiteID) (*domain.WebsiteRow, bool) {
	return &f.rows[0], true
}

// drain counts what is written.
type drain struct {
	header http.Header
	n      int
}

func (d *drain) Header() http.Header         { return d.header }
func (d *drain) WriteHeader(int)             {}
func (d *drain) Write(b []byte) (int, error) { d.n += len(b); return len(b), nil }
