package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"empire/internal/domain"
)

// shared lets a test change the world while pages are served from it.
type shared struct {
	mu    sync.Mutex
	world *world
}

func (s *shared) change(fn func(*world)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn(s.world)
}

// serve serves the dashboard to a signed-in editor; the sign-in page is for all.
func (s *shared) serve(t *testing.T) string {
	t.Helper()
	d := newDashboard(t, s.world)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.URL.Path != "/sign-in" {
			r.AddCookie(&http.Cookie{Name: "session", Value: "s1"})
			r = r.WithContext(domain.WithPrincipal(r.Context(), editor))
		}
		d.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// startBrowser returns a tab, and what it reported on its console so far.
func startBrowser(t *testing.T) (context.Context, func() []string) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("EMPIRE_TEST_REQUIRE") == "all" {
			t.Fatal("missing: chromium")
		}
		t.Skip("missing: chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	var mu sync.Mutex
	var problems []string
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start browser: %v", err)
	}
	err = chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			problems = append(problems, e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			problems = append(problems, fmt.Sprint(e.Type, e.Args))
		case *log.EventEntryAdded:
			problems = append(problems, e.Entry.Text+" "+e.Entry.URL)
		}
	})
	if err != nil {
		t.Fatalf("listen to the console: %v", err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return problems
	}
}

// TestBrowser opens every page at the narrowest and a wide size, in light and dark.
// Nothing may stick out sideways and nothing may be reported on the console.
func TestBrowser(t *testing.T) {
	t.Parallel()
	tab, problems := startBrowser(t)
	w := busyWorld()
	w.sites[1].Name, w.sites[1].Niche = strings.Repeat("long", 15), strings.Repeat("unbreakable", 9)
	w.runs[2].Error.Message += strings.Repeat("unbreakable", 20)
	base := (&shared{world: w}).serve(t)
	for _, width := range []int64{320, 1440} {
		for i, path := range []string{"/", "/sites", "/sites/site_1", "/runs", "/runs/run_1", "/runs/run_2", "/runs/run_3", "/approvals/appr_1", "/launch", "/sign-in", "/nowhere"} {
			if err := emulate(tab, width, i%2 == 1); err != nil {
				t.Fatal(err)
			}
			if err := chromedp.Do(tab, chromedp.Navigate(base+path)); err != nil {
				t.Fatal(err)
			}
			over, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelectorAll('details').forEach(d => d.open = true), document.documentElement.scrollWidth`))
			if err != nil {
				t.Fatal(err)
			}
			// Not innerWidth: on a phone it grows with what sticks out.
			if over -= int(width); over > 0 {
				t.Errorf("%s scrolls sideways by %d pixels at width %d", path, over, width)
			}
			if dir := os.Getenv("EMPIRE_TEST_SCREENSHOTS"); dir != "" {
				shot, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("dashboard%s-%d.png", strings.ReplaceAll(path, "/", "-"), width)
				if err := os.WriteFile(filepath.Join(dir, name), shot, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, p := range problems() {
		if !strings.Contains(p, "404") { // the page that does not exist
			t.Errorf("the browser reports: %s", p)
		}
	}
}

func emulate(tab context.Context, width int64, dark bool) error {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
	if err != nil {
		return err
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	_, err = chromedp.Call(tab, emulation.SetEmulatedMedia, media)
	return err
}

// TestBrowserKeepsRegionsFresh lets a run go on while its page is open: the steps
// follow, what the reader has opened stays open, and at the end it says so.
func TestBrowserKeepsRegionsFresh(t *testing.T) {
	t.Parallel()
	tab, problems := startBrowser(t)
	s := &shared{world: busyWorld()}
	base := s.serve(t)
	until := func(condition string) {
		t.Helper()
		if _, err := chromedp.Run(tab, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
			text, _ := chromedp.Run(tab, chromedp.Evaluate[string](`document.getElementById("main").innerText`))
			t.Fatalf("%s: %v\n%s", condition, err, text)
		}
	}
	if err := chromedp.Do(tab, chromedp.Navigate(base+"/runs/run_1")); err != nil {
		t.Fatal(err)
	}
	until(`document.getElementById("pulse").textContent === "Live"`)
	if _, err := chromedp.Run(tab, chromedp.Evaluate[bool](`document.querySelector("#summary details").open = true`)); err != nil {
		t.Fatal(err)
	}
	s.change(func(w *world) { w.runs[0].Steps[2].Done, w.runs[0].Steps[2].Message = 30, "Frequently asked questions" })
	until(`document.getElementById("steps").textContent.includes("Frequently asked questions") && document.querySelector("progress").value === 30`)
	until(`document.querySelector("#summary details").open`)
	s.change(func(w *world) {
		end := noon
		w.runs[0].State, w.runs[0].FinishedAt = domain.StateCompleted, &end
		w.runs[0].Steps[2].State = domain.StateCompleted
	})
	until(`document.getElementById("pulse").textContent === "Up to date"`)
	for _, p := range problems() {
		t.Errorf("the browser reports: %s", p)
	}
}
