package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// browser is somebody who looks at a dashboard. It is safe for concurrent use.
type browser struct {
	http *http.Client
	base string
}

var (
	csrfField  = regexp.MustCompile(`name="csrf"[^>]* value="([^"]+)"`)
	assetPath  = regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`)
	styleAsset = regexp.MustCompile(`url\(["']?(/assets/[^"')]+)`)
)

func newBrowser(address string) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true} // the compressed bytes are counted
	return &browser{&http.Client{Jar: jar, Timeout: time.Minute, Transport: transport}, "http://" + address}, nil
}

// signIn fills in the form.
func (b *browser) signIn(ctx context.Context, email, password string) error {
	page, _, err := b.load(ctx, "/sign-in")
	if err != nil {
		return err
	}
	found := csrfField.FindSubmatch(page)
	if found == nil {
		return errors.New("the form has no token")
	}
	form := url.Values{"csrf": {html.UnescapeString(string(found[1]))}, "email": {email}, "password": {password}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.http.Do(req)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || res.Request.URL.Path == "/sign-in" {
		return fmt.Errorf("the form leads to %s with status %d", res.Request.URL.Path, res.StatusCode)
	}
	return nil
}

// get asks for a page that was due at a time. Anything but the page is a fault.
func (b *browser) get(ctx context.Context, address string, due time.Time) (a asked) {
	var first time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { first = time.Now() }})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+address, nil)
	if err != nil {
		return asked{err: err}
	}
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := b.http.Do(req)
	if err != nil {
		return asked{err: err}
	}
	n, err := io.Copy(io.Discard, res.Body)
	err = errors.Join(err, res.Body.Close())
	if err == nil && (res.StatusCode != http.StatusOK || res.Request.URL.RequestURI() != address) {
		err = fmt.Errorf("%s: status %d at %s", address, res.StatusCode, res.Request.URL.RequestURI())
	}
	return asked{ttfb: first.Sub(due), bytes: int(n), err: err}
}

// load reads a page or an asset, and says how many bytes it took.
func (b *browser) load(ctx context.Context, address string) (body []byte, size int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+address, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := b.http.Do(req)
	if err != nil {
		return nil, 0, err
	}
	raw, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, 0, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("%s: status %d", address, res.StatusCode)
	}
	if res.Header.Get("Content-Encoding") != "gzip" {
		return raw, len(raw), nil
	}
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", address, err)
	}
	body, err = io.ReadAll(zip)
	return body, len(raw), err
}

// visit loads a page with all that it refers to, and returns the bytes of everything and
// how many assets that were.
func (b *browser) visit(ctx context.Context, address string) (total, assets int, err error) {
	page, total, err := b.load(ctx, address)
	if err != nil {
		return 0, 0, err
	}
	known := map[string]bool{}
	for queue := refers(page, assetPath); len(queue) > 0; {
		next := queue[0]
		queue = queue[1:]
		if known[next] {
			continue
		}
		known[next] = true
		body, size, err := b.load(ctx, next)
		if err != nil {
			return 0, 0, err
		}
		total += size
		queue = append(queue, refers(body, styleAsset)...)
	}
	return total, len(known), nil
}

func refers(body []byte, pattern *regexp.Regexp) (out []string) {
	for _, found := range pattern.FindAllSubmatch(body, -1) {
		out = append(out, html.UnescapeString(string(found[1])))
	}
	return out
}

// live opens the connection that a page opens and returns when the first fragment for it
// has come.
func (b *browser) live(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	began := time.Now()
	conn, _, err := websocket.Dial(ctx, b.base+"/ws/dashboard?format=html", &websocket.DialOptions{ //nolint:bodyclose // Dial: it never needs to be
		HTTPClient: &http.Client{Jar: b.http.Jar}, HTTPHeader: http.Header{"Origin": {b.base}},
	})
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return 0, err
		}
		if bytes.Contains(raw, []byte("hx-swap-oob")) && !bytes.Contains(raw, []byte(`id="live-hello"`)) {
			return time.Since(began), nil
		}
	}
}
