package research_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/fetch"
	"empire/internal/intelligence/research"
)

const (
	endurance = "Most mechanical keyboards use switches that are rated for 50 million keystrokes before a key wears out."
	disputed  = "Most mechanical keyboards use switches that are rated for 80 million keystrokes before a key wears out."
	defined   = "A mechanical keyboard is a keyboard with an individual spring switch under every single key."
)

// article returns a page whose main text is the sentences, with some more of its own.
func article(title string, sentences ...string) string {
	return `<!doctype html><html lang="en"><head><title>` + title + `</title><meta property="article:published_time" content="2026-05-01T00:00:00Z"></head><body><nav><a href="/">Home</a></nav><article><h1>` +
		title + `</h1><p>` + strings.Join(sentences, " ") + `</p></article><footer>Copyright</footer></body></html>`
}

var filler = map[string]string{
	"a": "People who write a lot of text every day like how the keys of mechanical keyboards answer to each press. Offices often prefer silent variants, because a clicking sound disturbs colleagues in the same room. The layout with numbers on the right side takes about 44 cm of the desk.",
	"b": "Gamers were the first large group who bought mechanical keyboards after the turn of the century. Their makers now sell them in many colors and with lights behind the letters. A typical wired model weighs 950 g without its cable and wrist rest.",
	"d": "Collectors of mechanical keyboards solder boards by themselves and lubricate each part of the switch by hand. Group buys take many months until the parts arrive from the factory. Aluminum cases raise the weight of such boards to 1,800 g or more.",
}

// web is four sites: b says what a says, c is a copy of a, d disagrees.
type web struct {
	a, b, c, d, shut string
}

func newWeb(t *testing.T) web {
	t.Helper()
	serve := func(pages map[string]string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, ok := pages[r.URL.Path]
			if !ok {
				http.NotFound(w, r)
				return
			}
			if strings.HasPrefix(body, "<") {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
			}
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	var w web
	a := article("Mechanical keyboards explained", defined, endurance, filler["a"])
	w.a = serve(map[string]string{"/guide": a, "/tea": article("Green tea", strings.Repeat("Green tea is grown in the hills and dried in pans over a fire. ", 6))})
	w.c = serve(map[string]string{"/copy": a})
	w.d = serve(map[string]string{
		"/boards":                    article("Mechanical keyboards for collectors", disputed, filler["d"]+` <a href="/more-mechanical-keyboards">more on mechanical keyboards</a>`),
		"/more-mechanical-keyboards": article("More mechanical keyboards", "Stabilizers of mechanical keyboards hold long keys level and cost 25 dollars for a whole set. I love their great sound and the excellent feel of the space bar. The terrible rattle of bad stabilizers is an awful problem and the rattle annoys everybody."),
	})
	w.b = serve(map[string]string{"/history": article("A history of mechanical keyboards", endurance, filler["b"])})
	w.shut = serve(map[string]string{"/robots.txt": "User-agent: *\nDisallow: /", "/x": article("Mechanical keyboards", endurance, filler["b"])})
	return w
}

func (w web) all() []string {
	return []string{w.a + "/guide", w.a + "/tea", w.b + "/history", w.c + "/copy", w.d + "/boards", w.shut + "/x"}
}

// engineSource finds the same addresses for every query, and keeps the queries.
type engineSource struct {
	urls []string
	mu   sync.Mutex
	log  []string
}

func (*engineSource) Name() string { return "searxng" }

func (s *engineSource) Find(_ context.Context, q research.Query) ([]research.Hit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, q.Text)
	var out []research.Hit
	for _, u := range s.urls {
		out = append(out, research.Hit{URL: u})
	}
	return out, nil
}

// desk does research and keeps the pages in memory.
type desk struct {
	source *engineSource
	cfg    research.Config
	mu     sync.Mutex
	bodies map[domain.SnapshotID][]byte
	texts  map[domain.SnapshotID]string
	steps  []domain.ResearchProgress
}

func newDesk(t *testing.T, urls ...string) *desk {
	t.Helper()
	d := &desk{source: &engineSource{urls: urls}, bodies: map[domain.SnapshotID][]byte{}, texts: map[domain.SnapshotID]string{}}
	client := fetch.New(fetch.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Interval: time.Microsecond, Retries: -1})
	t.Cleanup(client.Close)
	d.cfg = research.Config{Fetch: client, Sources: []research.Source{d.source}, Now: time.Now}
	return d
}

func (d *desk) keep(_ context.Context, page *domain.FetchedPage, r research.Reading, own bool) (*domain.Snapshot, error) {
	body, text := sha256.Sum256(page.Body), sha256.Sum256([]byte(r.Text))
	s := domain.Snapshot{
		URL: page.URL, FinalURL: page.FinalURL, FetchedAt: page.FetchedAt, SHA256: hex.EncodeToString(body[:]), TextSHA256: hex.EncodeToString(text[:]),
		Size: int64(len(page.Body)), Title: r.Meta.Title, PublishedAt: r.Meta.PublishedAt, Own: own,
	}.Seal()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bodies[s.ID], d.texts[s.ID] = page.Body, r.Text
	return &s, nil
}

func (d *desk) run(t *testing.T, p domain.ResearchParams) (*domain.ResearchReport, error) {
	t.Helper()
	p, err := p.Normal()
	if err != nil {
		t.Fatal(err)
	}
	return research.New(d.cfg).Run(t.Context(), research.Input{Params: p, Tenant: "main", Keep: d.keep, Progress: func(pr domain.ResearchProgress) {
		d.mu.Lock()
		d.steps = append(d.steps, pr)
		d.mu.Unlock()
	}})
}

func (d *desk) must(t *testing.T, p domain.ResearchParams) *domain.ResearchReport {
	t.Helper()
	r, err := d.run(t, p)
	if err != nil {
		t.Fatal(err)
	}
	d.check(t, r)
	return r
}

// check proves the report: every span stands where its evidence says, in a page whose
// hash fits.
func (d *desk) check(t *testing.T, r *domain.ResearchReport) {
	t.Helper()
	held := map[domain.EvidenceID]domain.Evidence{}
	for _, e := range r.Evidence {
		held[e.ID] = e
		if e.Seal().ID != e.ID {
			t.Errorf("evidence %s is not sealed", e.ID)
		}
		if e.Kind != domain.EvidenceSnapshot {
			continue
		}
		sum := sha256.Sum256(d.bodies[e.Snapshot])
		if hex.EncodeToString(sum[:]) != e.SHA256 {
			t.Errorf("evidence %s: the hash does not fit", e.ID)
		}
		if text := d.texts[e.Snapshot]; e.Offset > len(text) || !strings.HasPrefix(text[e.Offset:], e.Value) || e.Value == "" {
			t.Errorf("evidence %s: %q does not stand at %d", e.ID, e.Value, e.Offset)
		}
	}
	for _, c := range r.Claims {
		if len(c.Evidence) == 0 || len(c.Sources) == 0 {
			t.Errorf("claim %q has evidence %v, sources %v", c.Text, c.Evidence, c.Sources)
		}
		if e := held[c.Evidence[0]]; e.Kind == domain.EvidenceSnapshot && e.Value != c.Text {
			t.Errorf("claim %q rests on %q", c.Text, e.Value)
		}
	}
}

func claimOf(r *domain.ResearchReport, text string) *domain.ResearchClaim {
	for i := range r.Claims {
		if r.Claims[i].Text == text {
			return &r.Claims[i]
		}
	}
	return nil
}

func TestRun(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	d := newDesk(t, w.all()...)
	r := d.must(t, domain.ResearchParams{Topic: " mechanical  keyboards "})
	c := claimOf(r, endurance)
	if c == nil {
		t.Fatalf("no claim on endurance among %+v", r.Claims)
	}
	if c.Independent != 2 || len(c.Sources) != 3 || c.Kind != "figure" || !c.Disputed {
		t.Errorf("claim = %+v, want two independent of three sources, disputed", c)
	}
	if c := claimOf(r, defined); c == nil || c.Kind != "definition" || c.Independent != 1 {
		t.Errorf("definition = %+v, want one with one independent source (the other is its copy)", c)
	}
	if len(r.Disputes) != 1 || r.Disputes[0].Unit != "keystrokes" || r.Disputes[0].Values[0].Value*r.Disputes[0].Values[1].Value != 50e6*80e6 {
		t.Errorf("disputes = %+v", r.Disputes)
	}
	skipped := map[string]domain.FetchReason{}
	for _, s := range r.Skipped {
		skipped[s.URL] = s.Reason
	}
	if len(skipped) != 2 || skipped[w.shut+"/x"] != domain.FetchRobots || skipped[w.a+"/tea"] != domain.FetchOffTopic {
		t.Errorf("skipped = %v", skipped)
	}
	if r.Method != domain.MethodExtractive || len(r.Models) != 0 || r.Cost != 0 || !strings.Contains(strings.Join(r.Notes, " "), "No model is configured") {
		t.Errorf("method %s, models %v, notes %q", r.Method, r.Models, r.Notes)
	}
	if r.Work.Hops != 1 || !slices.ContainsFunc(r.Sources, func(s domain.ResearchSource) bool { return s.FoundBy == "link" }) {
		t.Errorf("work = %+v: no link was followed", r.Work)
	}
	sum := 0.0
	for _, p := range r.Confidence.Parts {
		if p.Note == "" || p.Value < 0 || p.Value > 1 {
			t.Errorf("part %+v", p)
		}
		sum += p.Value * p.Weight
	}
	if diff := sum - r.Confidence.Score; diff > 0.001 || diff < -0.001 || r.Confidence.Score <= 0 || r.Confidence.Score >= 1 {
		t.Errorf("confidence %v, parts sum to %v", r.Confidence.Score, sum)
	}
	if r.Competitors != nil || r.Sentiment != nil {
		t.Error("the report has what was not asked for")
	}
	if len(d.steps) == 0 || d.steps[0].Stage != "plan" || d.steps[len(d.steps)-1].Stage != "write" {
		t.Errorf("progress = %+v", d.steps)
	}
}

// TestRunIsRepeatable: the same pages give the same report, whatever comes first.
func TestRunIsRepeatable(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	var first []byte
	for range 3 {
		r := newDesk(t, w.all()...).must(t, domain.ResearchParams{Topic: "mechanical keyboards", CompetitorAnalysis: true, MarketSentiment: true})
		for i := range r.Claims {
			r.Claims[i].Evidence, r.Claims[i].Newest = nil, nil // have the time of the fetch in them
		}
		for i := range r.Sentiment.Aspects {
			r.Sentiment.Aspects[i].Evidence = nil
		}
		raw, err := json.Marshal([]any{r.Claims, r.Disputes, r.Gaps, r.Confidence, r.Competitors, r.Sentiment, r.Skipped})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = raw
		} else if string(first) != string(raw) {
			t.Fatalf("the report differs:\n%s\n%s", first, raw)
		}
	}
}

// TestDepths: the depths differ in queries, pages and links followed.
func TestDepths(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	var urls []string
	for i := range 12 {
		urls = append(urls, fmt.Sprintf("%s/guide?n=%d", w.a, i), fmt.Sprintf("%s/history?n=%d", w.b, i), fmt.Sprintf("%s/copy?n=%d", w.c, i), fmt.Sprintf("%s/boards?n=%d", w.d, i))
	}
	last := domain.ResearchWork{}
	for i, depth := range domain.ResearchDepths() {
		d := newDesk(t, urls...)
		d.source.urls = urls
		r := d.must(t, domain.ResearchParams{Topic: "mechanical keyboards", Depth: depth})
		if i > 0 && (r.Work.Queries <= last.Queries || r.Work.Searches <= last.Searches || r.Work.Fetched <= last.Fetched) || r.Work.Hops != min(i, 1) {
			t.Errorf("%s: %+v after %+v", depth, r.Work, last)
		}
		last = r.Work
	}
}

// TestFlags: the flags change what is asked for and what comes back.
func TestFlags(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	logs := map[string]bool{}
	for _, p := range []domain.ResearchParams{{}, {CompetitorAnalysis: true}, {MarketSentiment: true}, {CompetitorAnalysis: true, MarketSentiment: true}} {
		p.Topic = "mechanical keyboards"
		d := newDesk(t, w.all()...)
		r := d.must(t, p)
		slices.Sort(d.source.log)
		logs[strings.Join(d.source.log, "|")] = true
		if (r.Competitors != nil) != p.CompetitorAnalysis || (r.Sentiment != nil) != p.MarketSentiment {
			t.Errorf("%+v: competitors %v, sentiment %v", p, r.Competitors, r.Sentiment)
		}
		if c := r.Competitors; c != nil && (len(c.Sites) != 4 || c.Sites[0].Pages != 2 || len(c.Sites[0].Phrases) == 0) {
			t.Errorf("competitors = %+v, want four sites, the first with two pages", c.Sites)
		}
		if s := r.Sentiment; s != nil && (s.Positive == 0 || s.Negative == 0 || s.Judging != s.Positive+s.Negative) {
			t.Errorf("sentiment = %+v", s)
		}
	}
	if len(logs) != 4 {
		t.Errorf("%d different logs of queries, want 4", len(logs))
	}
}
