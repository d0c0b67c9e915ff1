package browsertest

import (
	"fmt"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Scheme makes pages that are opened from now on light or dark, as the system would.
func (b *Tab) Scheme(name string) {
	b.t.Helper()
	b.emulate(emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
}

// Medium shows pages as on "screen" or in "print".
func (b *Tab) Medium(name string) {
	b.t.Helper()
	b.emulate(emulation.SetEmulatedMediaParams{Media: name})
}

func (b *Tab) emulate(p emulation.SetEmulatedMediaParams) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, p); err != nil {
		b.t.Fatalf("emulate: %v", err)
	}
}

// Scripts switches the scripts of pages that are opened from now on.
func (b *Tab) Scripts(on bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.t.Fatalf("switch scripts: %v", err)
	}
}

// Back goes one step back in the history, and returns the address that the browser is at
// once it left the page, or after ten seconds. It does not wait for the page to load: one
// from the browser's memory never does.
func (b *Tab) Back() string {
	b.t.Helper()
	return b.Leave("history.back()")
}

// Leave runs a script that leads to another page, and returns the address that the
// browser is at once it left this one, or after ten seconds. It does not wait for the
// other page to load.
func (b *Tab) Leave(script string) string {
	b.t.Helper()
	at := Eval[string](b, "location.href")
	Eval[int](b, "setTimeout(() => { "+script+" }, 0)")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); <-tick.C {
		now, err := chromedp.Run(b.ctx, chromedp.Location())
		if err == nil && now != at {
			return now
		}
	}
	return at
}

// Shot returns a picture of what a window of the present width shows, PNG.
func (b *Tab) Shot() []byte {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatalf("take a picture: %v", err)
	}
	return picture
}

// Whole returns a picture of the whole page at the present width, PNG.
func (b *Tab) Whole() []byte {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatalf("take a picture: %v", err)
	}
	return picture
}

// Eval runs JavaScript in the open page, waits for a promise and returns the result.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(fmt.Errorf("run a script: %w", err))
	}
	return out
}

// Resize gives the open page another width in CSS pixels.
func (b *Tab) Resize(width int64) {
	b.t.Helper()
	size := emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 500}
	if _, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, size); err != nil {
		b.t.Fatalf("resize: %v", err)
	}
}

// Person makes the browser look like one that a person uses: it calls itself by a name,
// and does not say that a program drives it.
func (b *Tab) Person(name string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: name})
	if err == nil {
		_, err = chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `Object.defineProperty(navigator, "webdriver", {get: () => false})`,
		})
	}
	if err != nil {
		b.t.Fatalf("look like a person: %v", err)
	}
}

// Choose puts a file into a field for files.
func (b *Tab) Choose(selector, file string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.SetUploadFiles(selector, []string{file})); err != nil {
		b.t.Fatalf("choose %s: %v", file, err)
	}
}

// Go runs a script that loads a page, this one again or another, waits until it is there,
// and returns its address. It fails the test after a minute.
func (b *Tab) Go(script string) string {
	b.t.Helper()
	Eval[int](b, "window.here = 1; setTimeout(() => { "+script+" }, 0)")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); <-tick.C {
		there, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`window.here === undefined && document.readyState === "complete"`))
		if err == nil && there {
			return Eval[string](b, "location.href")
		}
	}
	b.t.Fatalf("%s loads no page", script)
	return ""
}
