package searxng_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/integration/searxng"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+"?"+r.URL.RawQuery)
		if r.FormValue("q") == "closed" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.FormValue("pageno") == "2" {
			_, _ = w.Write([]byte(`{"results":[{"url":"https://c.example/","title":"C"}]}`))
			return
		}
		if r.FormValue("pageno") == "3" {
			_, _ = w.Write([]byte(`{"results":[]}`))
			return
		}
		_, _ = w.Write([]byte(`{"query":"tea","results":[{"url":"https://a.example/","title":"A","content":"about a","publishedDate":"2026-05-01T00:00:00","engine":"x","score":1.5},{"url":"","title":"none"},{"url":"https://b.example/","title":"B","publishedDate":null}],"unresponsive_engines":[]}`))
	}))
	t.Cleanup(s.Close)
	c, err := searxng.New(s.URL+"/inst", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Search(t.Context(), "green tea", "en", 10)
	if err != nil || len(got) != 3 || got[0].Snippet != "about a" || got[0].Published == nil || got[1].Published != nil || got[2].URL != "https://c.example/" {
		t.Errorf("got %+v, %v", got, err)
	}
	if want := "/inst/search?format=json&language=en&q=green+tea"; len(asked) != 3 || asked[0] != want || asked[1] != "/inst/search?format=json&language=en&pageno=2&q=green+tea" {
		t.Errorf("asked %q, want %q first", asked, want)
	}
	if got, err := c.Search(t.Context(), "green tea", "en", 1); err != nil || len(got) != 1 {
		t.Errorf("one: %+v, %v", got, err)
	}
	if _, err := c.Search(t.Context(), "closed", "en", 1); domain.CodeOf(err) != domain.CodeUnavailable || !strings.Contains(domain.MessageOf(err), "search.formats") {
		t.Errorf("without JSON: %v", err)
	}
	if _, err := searxng.New("not an address", nil); err == nil {
		t.Error("a bad address was taken")
	}
}
