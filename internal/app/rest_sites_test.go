package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"empire/internal/app"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

type runAnswer struct {
	ID             string                    `json:"id"`
	PipelineID     string                    `json:"pipeline_id"`
	RunID          string                    `json:"run_id"`
	WebsiteID      string                    `json:"website_id"`
	Status         string                    `json:"status"`
	StatusURL      string                    `json:"status_url"`
	Results        map[string]map[string]any `json:"results"`
	PartialResults map[string]map[string]any `json:"partial_results"`
	FailedStage    string                    `json:"failed_stage"`
	Error          string                    `json:"error"`
	ErrorCode      string                    `json:"error_code"`
	ExecutionTime  *float64                  `json:"execution_time"`
}

type approvalAnswer struct {
	ID          string `json:"id"`
	RunID       string `json:"run_id"`
	PayloadHash string `json:"payload_hash"`
	State       string `json:"state"`
}

// launch asks for a website and waits until its run waits for a person or ends.
func (c *caller) launch(niche, host string) runAnswer {
	c.t.Helper()
	wholeSite(c.t)
	var run runAnswer
	c.want("POST", "/api/v1/websites/generate", map[string]any{"niche": niche, "domain": host}, http.StatusAccepted, &run)
	site := run.WebsiteID
	c.until("a question or an end", run.StatusURL, &run, func() bool { return run.Status == "waiting" || run.Status == "failed" })
	run.WebsiteID = site
	return run
}

// decide answers the question of a waiting run and waits for its end.
func (c *caller) decide(run *runAnswer, decision, reason string) {
	c.t.Helper()
	var open []approvalAnswer
	c.want("GET", "/api/v1/approvals?state=pending", nil, http.StatusOK, &open)
	i := slices.IndexFunc(open, func(a approvalAnswer) bool { return a.RunID == run.ID })
	if i < 0 {
		c.t.Fatalf("run %s asks nothing: %+v", run.ID, open)
	}
	c.want("POST", "/api/v1/approvals/"+open[i].ID+"/decision", map[string]string{"decision": decision, "reason": reason, "payload_hash": open[i].PayloadHash}, http.StatusOK, nil)
	c.until("the end of the run", "/api/v1/runs/"+run.ID, run, func() bool { return run.Status == "completed" || run.Status == "failed" })
}

func (c *caller) site(id string) (state string, live any) {
	c.t.Helper()
	var site struct {
		State       string `json:"state"`
		LiveRelease any    `json:"live_release"`
	}
	c.want("GET", "/api/v1/websites/"+id, nil, http.StatusOK, &site)
	return site.State, site.LiveRelease
}

// TestGenerateOverHTTP makes a website as a client would, from the request to the
// served pages, and reads the site as an outside crawler.
func TestGenerateOverHTTP(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a *app.App, c *caller) {
		importSample(t, a)
		worked := c.watchAgents()
		run := c.launch(sampleTopic, "espresso.example")
		if run.ID == "" || run.PipelineID != run.ID || run.Status != "waiting" {
			t.Fatalf("run = %+v", run)
		}
		for _, agent := range []string{"content_generator", "website_generator"} {
			if !worked()[agent] {
				t.Errorf("%s was never seen working", agent)
			}
		}
		if state, live := c.site(run.WebsiteID); state != "draft" || live != nil {
			t.Errorf("before the decision the site is %s with release %v", state, live)
		}
		if status, _ := crawlPage(t, a, "espresso.example", "/"); status == http.StatusOK {
			t.Error("the site is served before the decision")
		}
		c.decide(&run, "approve", "")
		if run.Status != "completed" || run.ExecutionTime == nil || *run.ExecutionTime <= 0 {
			t.Fatalf("run = %+v", run)
		}
		for _, stage := range []string{"scan", "plan", "write", "build", "optimize", "monetize", "gate", "approve", "release"} {
			if len(run.Results[stage]) == 0 {
				t.Errorf("stage %s left no result", stage)
			}
		}
		if state, live := c.site(run.WebsiteID); state != "live" || live != run.Results["release"]["release_id"] {
			t.Errorf("after the decision the site is %s with release %v", state, live)
		}
		checkCrawl(t, a, "espresso.example")
		c.want("POST", "/api/v1/websites/generate", map[string]any{"niche": "grinders", "domain": "Espresso.example."}, http.StatusConflict, nil)
	})
}

// watchAgents asks for the status of all agents again and again. The function that
// it returns stops that and says who was seen working.
func (c *caller) watchAgents() func() map[string]bool {
	c.t.Helper()
	seen := map[string]bool{}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
			var agents []agentAnswer
			res, err := c.ask("GET", "/api/v1/agents", nil)
			if err == nil {
				err = json.Unmarshal(res.body, &agents)
			}
			if err != nil {
				c.t.Errorf("list agents: %v", err)
				return
			}
			for _, a := range agents {
				if a.Status == "working" {
					seen[a.ID] = true
				}
			}
		}
	})
	return sync.OnceValue(func() map[string]bool {
		close(stop)
		wg.Wait()
		return seen
	})
}

// crawlPage asks the edge for a path of a host.
func crawlPage(t *testing.T, a *app.App, host, path string) (int, []byte) {
	t.Helper()
	edge, err := url.Parse(a.EdgeURL(&domain.Website{Name: "x"}))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+edge.Port()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	status, _, body, err := send(http.DefaultClient, req)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// checkCrawl follows every link from the home page. Each page of the sitemap is
// reached within three clicks and everything that is linked is served.
func checkCrawl(t *testing.T, a *app.App, host string) {
	t.Helper()
	clicks := map[string]int{"/": 0}
	for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		status, body := crawlPage(t, a, host, path)
		if status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
			continue
		}
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		doc.Find("a[href]").Each(func(_ int, s *goquery.Selection) {
			u, err := url.Parse(s.AttrOr("href", ""))
			if err != nil || u.Host != "" || u.Scheme != "" || u.Path == "" {
				return
			}
			if _, seen := clicks[u.Path]; !seen {
				clicks[u.Path] = clicks[path] + 1
				queue = append(queue, u.Path)
			}
		})
	}
	_, sitemap := crawlPage(t, a, host, "/sitemap.xml")
	listed := strings.Count(string(sitemap), "<loc>")
	if listed < 15 {
		t.Errorf("the sitemap lists %d pages", listed)
	}
	for part := range strings.SplitSeq(string(sitemap), "<loc>https://"+host) {
		path, _, ok := strings.Cut(part, "</loc>")
		if !ok {
			continue
		}
		if n, reached := clicks[path]; !reached || n > 3 {
			t.Errorf("%s: reached %v, %d clicks from the home page", path, reached, n)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir(), "")
	c := newCaller(t, a)
	for _, tt := range []struct{ niche, host, want string }{
		{"tea", "", "body.domain"},
		{"tea", "tea", "domain"},
		{"tea", "bücher.example", "domain"},
		{"tea", "tea..example", "domain"},
		{"tea", "10.0.0.1", "domain"},
		{"", "tea.example", "body.niche"},
		{"   ", "tea.example", "niche"},
		{strings.Repeat("tea ", 40), "tea.example", "niche"},
		{"online casino", "casino.example", "L25"},
		{"Viagra", "pills.example", "L25"},
	} {
		res := c.want("POST", "/api/v1/websites/generate", map[string]any{"niche": tt.niche, "domain": tt.host}, http.StatusUnprocessableEntity, nil)
		if !strings.Contains(string(res.body), tt.want) {
			t.Errorf("%q at %q: %s does not name %s", tt.niche, tt.host, res.body, tt.want)
		}
	}
	var sites []struct{}
	c.want("GET", "/api/v1/websites", nil, http.StatusOK, &sites)
	if len(sites) != 0 {
		t.Errorf("refused requests left %d websites", len(sites))
	}
}

// TestFailedLaunchPublishesNothing ends runs at different stages: no site is live,
// no release exists, nothing is served.
func TestFailedLaunchPublishesNothing(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir(), "")
	c := newCaller(t, a)
	importSample(t, a)
	unpublished := func(run runAnswer, host string) {
		t.Helper()
		if state, live := c.site(run.WebsiteID); state != "draft" || live != nil {
			t.Errorf("%s is %s with release %v", host, state, live)
		}
		var releases []struct{}
		c.want("GET", "/api/v1/websites/"+run.WebsiteID+"/releases", nil, http.StatusOK, &releases)
		if len(releases) != 0 {
			t.Errorf("%s has %d releases", host, len(releases))
		}
		if status, _ := crawlPage(t, a, host, "/"); status == http.StatusOK {
			t.Errorf("%s is served", host)
		}
	}
	rejected := c.launch(sampleTopic, "rejected.example")
	c.decide(&rejected, "reject", "Not yet.")
	if rejected.Status != "failed" || rejected.FailedStage != "approve" || len(rejected.PartialResults["gate"]) == 0 || rejected.Results != nil {
		t.Errorf("rejected: %s at %s with %d partial results", rejected.Status, rejected.FailedStage, len(rejected.PartialResults))
	}
	unpublished(rejected, "rejected.example")

	a.Websites.SetOperator(domain.Operator{}) // nobody answers for the site
	red := c.launch(sampleTopic, "red.example")
	if red.Status != "failed" || red.FailedStage != "gate" || red.ErrorCode != "gate_red" {
		t.Errorf("without an operator: %s at %s: %s %s", red.Status, red.FailedStage, red.ErrorCode, red.Error)
	}
	unpublished(red, "red.example")
}

// TestWalkWhileSitesAreAdded walks through 1,500 websites in windows while four
// clients add more: each that was there at the start comes exactly once, in its
// order, and no other twice. The program runs without workers, which would end the
// runs of the new sites.
func TestWalkWhileSitesAreAdded(t *testing.T) {
	t.Parallel()
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			dir, address := t.TempDir(), db.url(t)
			c := newCaller(t, startGateway(t, dir, address))
			st := secondStore(t, dir, address)
			want := make([]string, 1500)
			if testkit.Part(t) {
				want = want[:300]
			}
			for i := range want {
				want[i] = addSite(t, st, i)
			}
			added := c.addSites(4)
			got := c.walk("/api/v1/websites", 50)
			c.growsAtItsEnd("/api/v1/websites?limit=1000&offset=" + strconv.Itoa(len(want)))
			if n := added(); n == 0 || len(got) == len(want) {
				t.Errorf("%d websites were added, %d were met", n, len(got)-len(want))
			}
			if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
				t.Errorf("the walk gave %d websites, not first the %d that were there in their order", len(got), len(want))
			}
			if once := slices.Compact(slices.Sorted(slices.Values(got))); len(once) != len(got) {
				t.Errorf("%d websites came more than once", len(got)-len(once))
			}
			for _, query := range []string{"limit=0", "limit=-1", "limit=10001", "limit=x", "offset=-1"} {
				c.want("GET", "/api/v1/websites?"+query, nil, http.StatusUnprocessableEntity, nil)
			}
			if past := c.want("GET", "/api/v1/websites?offset=1000000", nil, http.StatusOK, nil); strings.TrimSpace(string(past.body)) != "[]" {
				t.Errorf("beyond the end: %s", past.body)
			}
		})
	}
}

// growsAtItsEnd asks for the rest of a list again and again: what was there stays
// where it was.
func (c *caller) growsAtItsEnd(path string) {
	c.t.Helper()
	var before []string
	for len(before) < 300 {
		var sites []struct {
			ID string `json:"id"`
		}
		c.want("GET", path, nil, http.StatusOK, &sites)
		now := make([]string, len(sites))
		for i, s := range sites {
			now[i] = s.ID
		}
		if len(now) < len(before) || !slices.Equal(now[:len(before)], before) {
			c.t.Fatalf("a list of %d became one of %d that does not begin with it", len(before), len(now))
		}
		before = now
	}
}

// startGateway starts the program in the role that serves and works nothing.
func startGateway(t *testing.T, dir, postgres string) *app.App {
	t.Helper()
	cfg, _, err := config.Load(config.Input{Flags: map[string]string{
		"data": dir, "database.url": postgres, "listen.api": "127.0.0.1:0", "log.level": "error", "role": "gateway",
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg, quietLogger(t), app.Serve)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(a.Stop(context.WithoutCancel(t.Context())), a.Close()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return a
}

// addSites lets clients ask for websites, one after another each, until the
// function that it returns is called, which says how many there are.
func (c *caller) addSites(clients int) (stop func() int) {
	c.t.Helper()
	ended := make(chan struct{})
	var total atomic.Int64
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-ended:
					return
				default:
				}
				body := map[string]string{"niche": "tea", "domain": fmt.Sprintf("c%d-%d.example", client, i)}
				if res, err := c.ask("POST", "/api/v1/websites/generate", body); err != nil || res.status != http.StatusAccepted {
					c.t.Errorf("add website: %d, %v\n%s", res.status, err, res.body)
					return
				}
				total.Add(1)
			}
		})
	}
	return func() int {
		close(ended)
		wg.Wait()
		return int(total.Load())
	}
}

// secondStore opens the database of a running program once more.
func secondStore(t *testing.T, dir, address string) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(dir, "empire.db"), URL: address, Logger: quietLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return store.New(db)
}

func addSite(t *testing.T, st *store.Store, i int) string {
	t.Helper()
	now := time.Now().UTC()
	w := domain.Website{
		ID: domain.WebsiteID(domain.NewID("site")), Name: fmt.Sprintf("s%d", i), Domain: fmt.Sprintf("s%d.example", i), Niche: "tea", Language: "en",
		Title: "Tea", State: domain.WebsiteDraft, CreatedAt: now, UpdatedAt: now,
	}
	if err := st.Websites.Insert(t.Context(), &w); err != nil {
		t.Fatalf("add website: %v", err)
	}
	return string(w.ID)
}

// walk follows the links to the next window from the first one, whose size is
// wanted, and returns all ids.
func (c *caller) walk(path string, window int) []string {
	c.t.Helper()
	var out []string
	for path != "" {
		var sites []struct {
			ID string `json:"id"`
		}
		res := c.want("GET", path, nil, http.StatusOK, &sites)
		if len(out) == 0 && len(sites) != window {
			c.t.Errorf("the default window has %d, want %d", len(sites), window)
		}
		for _, s := range sites {
			out = append(out, s.ID)
		}
		path = ""
		for link := range strings.SplitSeq(res.header.Get("Link"), ",") {
			target, rel, _ := strings.Cut(strings.TrimSpace(link), ">; ")
			if rel == `rel="next"` {
				path = strings.TrimPrefix(target, "<")
			}
		}
	}
	return out
}
