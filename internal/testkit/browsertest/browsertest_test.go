package browsertest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"empire/internal/testkit/browsertest"
)

// recorder keeps what would fail the test.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// TestTabFindsFaults opens one good and one bad page: everything that is wrong with
// the second is found, and nothing with the first.
func TestTabFindsFaults(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing.png" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>t</title><p>text`)
		if r.URL.Path == "/bad" {
			fmt.Fprintf(w, `<div style="width:700px">wide</div><script>console.log("hello"); null.x</script><img src="%s/far.png" alt=""><img src="/missing.png" alt="">`, other.URL)
		}
	}))
	t.Cleanup(server.Close)
	rec := &recorder{TB: t}
	tab := browsertest.Open(rec)
	tab.Visit(server.URL+"/good", 360)
	if len(tab.Problems())+len(rec.errors) > 0 {
		t.Errorf("faults of a good page: %q %q", tab.Problems(), rec.errors)
	}
	tab.Visit(server.URL+"/bad", 360)
	if len(rec.errors) != 1 || !strings.Contains(rec.errors[0], "scrolls sideways") {
		t.Errorf("errors: %q", rec.errors)
	}
	found := strings.Join(tab.Problems(), "\n")
	for _, want := range []string{"console: log", "exception: Uncaught", "status 404 of " + server.URL + "/missing.png", "request failed: net::ERR"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q was not found in\n%s", want, found)
		}
	}
	for _, address := range []string{server.URL, other.URL} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(tab.Hosts(), u.Host) {
			t.Errorf("no request to %s in %q", u.Host, tab.Hosts())
		}
	}
	errors := len(rec.errors)
	tab.Visit(server.URL+"/good", 1440)
	if len(rec.errors) != errors {
		t.Errorf("errors of a good page: %q", rec.errors[errors:])
	}
}
