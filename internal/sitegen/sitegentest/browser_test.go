package sitegentest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
	"empire/internal/testkit"
)

// TestBrowser opens every page in Chromium at phone and desktop width. Nothing may
// stick out sideways and nothing may be reported on the console. With
// EMPIRE_TEST_SCREENSHOTS set to a directory it keeps pictures there, light and dark.
func TestBrowser(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	browser := startBrowser(t)
	problems := listen(browser, t)
	for name, draft := range map[string]*domain.Draft{"en": sitegentest.English(), "de": sitegentest.German()} {
		server := serve(t, draft)
		for _, width := range []int64{360, 1440} {
			for _, scheme := range []string{"light", "dark"} {
				if scheme == "dark" && os.Getenv("EMPIRE_TEST_SCREENSHOTS") == "" {
					continue // it differs in colors alone, which TestContrast checks
				}
				t.Run(fmt.Sprintf("%s_%d_%s", name, width, scheme), func(t *testing.T) {
					for _, p := range draft.Pages {
						picture := ""
						if dir := os.Getenv("EMPIRE_TEST_SCREENSHOTS"); dir != "" {
							picture = filepath.Join(dir, fmt.Sprintf("%s-%s-%d-%s.png", name, p.ID, width, scheme))
						}
						visit(browser, t, server.URL+p.Path(), width, scheme, picture)
					}
				})
			}
		}
	}
	for _, p := range problems() {
		t.Errorf("the browser reports: %s", p)
	}
}

// TestBrowserLooks opens the densest pages in every variant of the theme.
func TestBrowserLooks(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	browser := startBrowser(t)
	seen := map[string]bool{}
	for i := range 60 {
		draft := sitegentest.English()
		draft.Website.Domain = fmt.Sprintf("look%d.example", i)
		look := sitegen.TokensFor(draft.Website)
		fresh := false
		for _, choice := range []string{look.Palette, look.Layout + " header " + look.Header, "font " + look.Fonts.Name, "header " + look.Header, "hero " + look.Hero, "card " + look.Card, "table " + look.Table, "motif " + look.Motif} {
			fresh = fresh || !seen[choice]
			seen[choice] = true
		}
		if !fresh {
			continue
		}
		server := serve(t, draft)
		for _, width := range []int64{360, 1440} {
			for _, path := range []string{"/", "/best-under-50/"} {
				picture := ""
				if dir := os.Getenv("EMPIRE_TEST_SCREENSHOTS"); dir != "" {
					picture = filepath.Join(dir, fmt.Sprintf("look%d-%s-%d.png", i, strings.Trim(path, "/"), width))
				}
				visit(browser, t, server.URL+path, width, []string{"light", "dark"}[i%2], picture)
			}
		}
	}
}

// TestBrowserLongTexts opens pages whose names, labels and tables are longer than
// anyone would write, with all menus open.
func TestBrowserLongTexts(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	browser := startBrowser(t)
	server := serve(t, sitegentest.Long())
	for _, width := range []int64{320, 360, 840, 1440} {
		for i, path := range []string{"/", "/guide/", "/best-under-50/", "/alloy-core-vs-k552/", "/four-boards/"} {
			picture := ""
			if dir := os.Getenv("EMPIRE_TEST_SCREENSHOTS"); dir != "" {
				picture = filepath.Join(dir, fmt.Sprintf("long%d-%d.png", i, width))
			}
			visit(browser, t, server.URL+path, width, "light", picture)
			over, err := chromedp.Run(browser, chromedp.Evaluate[int](`document.querySelectorAll('details').forEach(d => d.open = true), document.documentElement.scrollWidth`))
			if err != nil {
				t.Fatal(err)
			}
			if over -= int(width); over > 0 {
				t.Errorf("%s with open menus scrolls sideways by %d pixels at width %d", path, over, width)
			}
			if picture != "" && i == 1 {
				shot, err := chromedp.Run(browser, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				_ = os.WriteFile(strings.Replace(picture, "long", "menu", 1), shot, 0o600)
			}
		}
	}
}

// startBrowser returns a browser context. Without Chromium the test skips, or
// fails when everything is required.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{os.Getenv("EMPIRE_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil && name != "" {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("EMPIRE_TEST_REQUIRE") == "all" {
			t.Fatal("Chromium is missing.")
		}
		t.Skip("Chromium is missing.")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start browser: %v", err)
	}
	return ctx
}

func serve(t *testing.T, d *domain.Draft) *httptest.Server {
	t.Helper()
	files, err := sitegen.Render(d, sitegen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, f := range files {
		pattern := f.Path
		if strings.HasSuffix(pattern, "/") {
			pattern += "{$}"
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", f.ContentType)
			_, _ = w.Write(f.Body)
		})
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// visit opens one page in the tab of ctx and reports what is wrong with it.
func visit(ctx context.Context, t *testing.T, address string, width int64, scheme, picture string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("open %s: %v", address, err)
		}
	}
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 500})
	must(err)
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	must(err)
	must(chromedp.Do(ctx, chromedp.Navigate(address)))
	// Not innerWidth: on a phone it grows with what sticks out.
	over, err := chromedp.Run(ctx, chromedp.Evaluate[int](fmt.Sprintf(`document.documentElement.scrollWidth - %d`, width)))
	must(err)
	if over > 0 {
		t.Errorf("%s scrolls sideways by %d pixels at width %d", address, over, width)
	}
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](strings.ReplaceAll(outside, "innerWidth", strconv.FormatInt(width, 10))))
	must(err)
	for _, w := range wide {
		t.Errorf("%s at width %d: %s", address, width, w)
	}
	if picture == "" {
		return
	}
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	must(err)
	must(os.WriteFile(picture, shot, 0o600))
}

// listen collects what the tab of ctx reports on the console; the func it returns
// gives the collected reports.
func listen(ctx context.Context, t *testing.T) func() []string {
	t.Helper()
	var (
		mu       sync.Mutex
		problems []string
	)
	err := chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			problems = append(problems, "console "+string(e.Type))
		case *runtime.EventExceptionThrown:
			problems = append(problems, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			problems = append(problems, e.Entry.Text+" "+e.Entry.URL)
		}
	})
	if err != nil {
		t.Fatalf("listen to the console: %v", err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return problems
	}
}

// outside lists texts of charts, buttons and headings that leave the window.
const outside = `[...document.querySelectorAll('.chart text, main h1, main h2, main h3, main p, .offer, footer a')]
	.filter(e => !e.closest('.scroll')).map(e => [e, e.getBoundingClientRect()])
	.filter(([e, r]) => r.width > 0 && (r.left < -1 || r.right > innerWidth + 1))
	.map(([e, r]) => e.tagName + ' "' + e.textContent.trim().slice(0, 40) + '" spans ' + Math.round(r.left) + ' to ' + Math.round(r.right))`
