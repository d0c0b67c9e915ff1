package sitetest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/proof/sitetest"
	"empire/internal/testkit/browsertest"
)

// stored lists what a page keeps on the reader's device: cookies, storage of both
// kinds, databases, caches and workers.
const stored = `(async () => [
	document.cookie && 'cookie ' + document.cookie,
	...Object.keys(localStorage).map(k => 'local ' + k), ...Object.keys(sessionStorage).map(k => 'session ' + k),
	...(await indexedDB.databases()).map(d => 'database ' + d.name), ...(await caches.keys()).map(k => 'cache ' + k),
	...(await navigator.serviceWorker.getRegistrations()).map(r => 'worker ' + r.scope)].filter(x => x))()`

// use does what readers do: it opens menus, sorts, filters, searches and follows an
// anchor, so that all scripts run.
const use = `document.querySelectorAll('details').forEach(d => d.open = true);
	document.querySelectorAll('main input[type=radio], main th button').forEach(e => e.click());
	document.querySelectorAll('main input[type=search]').forEach(e => { e.value = 'pid'; e.dispatchEvent(new Event('input', {bubbles: true})) });
	true`

// TestNothingStaysOnTheDevice reads a built site in a browser, page by page, and uses
// what there is to use (TDDDG § 25, rule L13): no answer sets a cookie, nothing is kept
// in any storage, and no other host is asked. A page that breaks each of these
// promises is noticed.
func TestNothingStaysOnTheDevice(t *testing.T) {
	t.Parallel()
	s := sitetest.Build(t, sitetest.English)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	server := httptest.NewServer(siteHandler(s.Files, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>t</title>
		<script>document.cookie = 'a=1'; localStorage.b = 1; sessionStorage.c = 1;</script><img alt="" src="`+other.URL+`/e.png">`))
	t.Cleanup(server.Close)
	own, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	tab := browsertest.Open(t)
	kinds := map[domain.PageKind]bool{}
	paths := []string{domain.PathOf(domain.SearchSlug(s.Language)), "/no-such-page/"}
	for i := range s.Draft.Pages {
		if p := &s.Draft.Pages[i]; !kinds[p.Kind] {
			kinds[p.Kind] = true
			paths = append(paths, p.Path())
		}
	}
	for _, p := range paths {
		tab.Visit(server.URL+p, 1440)
		browsertest.Eval[bool](tab, use)
		if kept := browsertest.Eval[[]string](tab, stored); len(kept) > 0 {
			t.Errorf("%s keeps %q", p, kept)
		}
	}
	if hosts := tab.Hosts(); !slices.Equal(hosts, []string{own.Host}) {
		t.Errorf("the pages make the browser ask %q", hosts)
	}
	tab.Visit(server.URL+"/planted/", 1440)
	browsertest.Eval[bool](tab, `new Promise(done => { indexedDB.open('d').onsuccess = () => done(true) })`)
	kept := strings.Join(browsertest.Eval[[]string](tab, stored), "\n")
	for _, want := range []string{"cookie a=1", "local b", "session c", "database d"} {
		if !strings.Contains(kept, want) {
			t.Errorf("the planted page keeps %q, and %q is not seen", kept, want)
		}
	}
	if len(tab.Hosts()) != 2 {
		t.Errorf("the planted page asks another host, and only %q are seen", tab.Hosts())
	}
}

// siteHandler serves files as the edge does, and a planted page.
func siteHandler(files []domain.File, planted string) http.Handler {
	byPath := map[string]domain.File{"/planted/": {ContentType: "text/html; charset=utf-8", Body: []byte(planted)}}
	missing := domain.File{}
	for _, f := range files {
		byPath[f.Path] = f
		if f.Status == http.StatusNotFound {
			missing = f
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := byPath[r.URL.Path]
		if r.Method == http.MethodPost { // a view, reported to the site itself
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if !ok {
			f = missing
		}
		w.Header().Set("Content-Type", f.ContentType)
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(f.Body)
	})
}
