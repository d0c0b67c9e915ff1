package extract_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/extract"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://a.example/dir/page")
	if err != nil {
		t.Fatal(err)
	}
	const long = "Keyboards with mechanical switches last longer than others, as many people who write every day have found out over the years. "
	p := extract.Parse([]byte(`<html><body><nav><a href="/menu">Menu</a></nav><article><p>`+long+`<a href="next#part">the next page</a> <a href="https://b.example/x?y=1">another site</a></p><p>`+long+
		`<a href="next">again</a> <a href="#here">here</a> <a href="mailto:x@a.example">mail</a> <a href="javascript:alert(1)">script</a> <a rel="sponsored nofollow" href="https://shop.example/">buy</a>
		<a href="http://user@c.example/">credential</a> <a href="/dir/page">itself</a> <a>nowhere</a></p></article></body></html>`), "text/html")
	want := []extract.Link{{URL: "https://a.example/dir/next", Text: "the next page"}, {URL: "https://b.example/x?y=1", Text: "another site"}}
	if diff := cmp.Diff(want, p.Links(base)); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	if got := p.Links(nil); len(got) != 0 {
		t.Errorf("without an address: %+v", got)
	}
}
