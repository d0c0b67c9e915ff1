// Package browsertest opens pages in headless Chromium and collects everything
// that is wrong with them: what sticks out sideways, what is reported on the
// console, requests that fail and requests to other hosts.
package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"empire/internal/testkit"
)

// timeLimit bounds all that a test does in its tab.
const timeLimit = 10 * time.Minute

// Tab is a tab of a browser of its own, which ends with the test.
type Tab struct {
	t   testing.TB
	ctx context.Context // of the browser, as its library wants it

	mu       sync.Mutex
	problems []string
	hosts    []string
}

// Open starts a browser. Hosts under .example are on this machine to it. Without Chromium (in PATH, or EMPIRE_TEST_CHROMIUM) the
// test skips, or fails when everything is required.
func Open(t testing.TB) *Tab {
	t.Helper()
	path := os.Getenv("EMPIRE_TEST_CHROMIUM")
	if path == "" {
		path = testkit.Look(t, "chromium", "chromium-browser", "google-chrome")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("host-resolver-rules", "MAP *.example 127.0.0.1"),
		chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, timeLimit)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start browser: %v", err)
	}
	b := &Tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatalf("listen to the browser: %v", err)
	}
	return b
}

// note remembers what the browser reports.
func (b *Tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	add := func(format string, args ...any) { b.problems = append(b.problems, fmt.Sprintf(format, args...)) }
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		add("console: %s", e.Type)
	case *runtime.EventExceptionThrown:
		add("exception: %s", e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		add("log: %s %s", e.Entry.Text, e.Entry.URL)
	case *network.EventLoadingFailed:
		add("request failed: %s", e.ErrorText)
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			add("status %d of %s", e.Response.Status, e.Response.URL)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" && !slices.Contains(b.hosts, u.Host) {
			b.hosts = append(b.hosts, u.Host)
		}
	}
}

// Visit opens an address at a width in CSS pixels; below 500 the browser takes
// itself for a phone. A page that scrolls sideways fails the test. With
// EMPIRE_TEST_SCREENSHOTS set to a directory a picture of the page is kept there.
func (b *Tab) Visit(address string, width int64) {
	b.t.Helper()
	must := func(err error) {
		b.t.Helper()
		if err != nil {
			b.t.Fatalf("open %s: %v", address, err)
		}
	}
	size := emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 500}
	_, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, size)
	must(err)
	must(chromedp.Do(b.ctx, chromedp.Navigate(address)))
	// Not innerWidth: on a phone it grows with what sticks out.
	wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
	must(err)
	if over := wide - width; over > 0 {
		b.t.Errorf("%s scrolls sideways by %d pixels at width %d", address, over, width)
	}
	if dir := os.Getenv("EMPIRE_TEST_SCREENSHOTS"); dir != "" {
		picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		must(err)
		must(os.WriteFile(filepath.Join(dir, pictureName(address, width)), picture, 0o600))
	}
}

func pictureName(address string, width int64) string {
	name := address
	if u, err := url.Parse(address); err == nil {
		name = u.Hostname() + strings.ReplaceAll(strings.TrimSuffix(u.Path, "/"), "/", "_")
	}
	return fmt.Sprintf("%s-%d.png", name, width)
}

// Problems returns what the browser reported so far.
func (b *Tab) Problems() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.problems)
}

// Hosts returns the hosts, with their ports, that requests went to so far.
func (b *Tab) Hosts() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.hosts)
}
