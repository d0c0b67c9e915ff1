package extract_test

import (
	"strings"
	"testing"

	"empire/internal/intelligence/extract"
)

const articlePage = `<!doctype html><html lang="en-GB"><head>
<title>Five quiet keyboards compared - Example Magazine</title>
<meta property="og:title" content="Five quiet keyboards compared"><meta property="og:site_name" content="Example Magazine">
<meta name="author" content="By Ada Writer"><meta property="article:published_time" content="2024-03-05T10:00:00Z">
<link rel="canonical" href="/keyboards"><meta name="description" content="We measured five keyboards.">
</head><body>
<nav><a href="/">Home</a> <a href="/news">News</a></nav>
<div class="sidebar"><h3>Most read</h3><ul><li><a href="/1">Ten mice that cost less than you think they would</a></li></ul></div>
<div class="post"><h1>Five quiet keyboards compared</h1>
<p class="byline">By Ada Writer</p>
<p>Keyboards are loud. We measured the sound of five of them in a quiet room, with a calibrated microphone at the place of the ear.</p>
<div class="share-buttons"><a href="#">Share on Somewhere</a></div>
<p>The quietest one, with <a href="/x">damped switches</a>, reached 38 decibels; the loudest reached 61, which is as much as talk.</p>
<h2>How we measured</h2>
<p>Every key was pressed ten times by a machine with the same force. The mean of all presses is what we report here.</p>
<table><tr><td>Model A</td><td>38 dB</td></tr><tr><td>Model B</td><td>61 dB</td></tr></table>
<p><a href="/more">Read more: our test of mice</a></p>
<h3>Comments</h3>
<div id="comments"><p>I own one of these and it is not quiet at all, whatever your machine says about the sound of it, and I have had it for years.</p></div>
</div>
<footer>© 2024 Example Magazine. All rights reserved. Nothing here may be copied without our written permission, ever.</footer>
<script>var x = "this is no text of the article at all, and it is quite long for a string";</script>
</body></html>`

func TestArticle(t *testing.T) {
	t.Parallel()
	got := extract.Parse([]byte(articlePage), "text/html").Article()
	for _, want := range []string{"Keyboards are loud.", "damped switches, reached 38 decibels", "How we measured", "The mean of all presses", "Model A 38 dB"} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, not := range []string{"Home", "Most read", "By Ada Writer", "Share on", "Read more", "I own one", "All rights reserved", "var x", "Five quiet keyboards compared"} {
		if strings.Contains(got.Text, not) {
			t.Errorf("%q does not belong to the article", not)
		}
	}
	if t.Failed() {
		t.Log(got.Text)
	}
}

func TestArticleKinds(t *testing.T) {
	t.Parallel()
	long := "This is a sentence with some words in it, long enough to be read as the text of a page by anybody. "
	for _, tt := range []struct {
		name, page string
		want, not  string
	}{
		{"empty", "", "", ""},
		{"only links", `<ul><li><a href=a>One link with a long text</a><li><a href=b>Another link with a long text</a></ul>`, "", "link"},
		{"line breaks", `<div>` + long + `First.<br><br>` + long + `Second.</div>`, "Second.", ""},
		{"misleading names", `<div class="sidebar"><p>` + long + long + `Kept.</p></div>`, "Kept.", ""},
		{"hidden", `<div><p>` + long + `</p><p style="display: none">Secret.</p><p hidden>Hidden.</p><p>` + long + `</p></div>`, "sentence", "Secret"},
		{"several articles", `<div><article><p>` + strings.Repeat(long, 8) + `First.</p></article><article><p>` + strings.Repeat(long, 8) + `Next.</p></article></div>`, "First.", "Next."},
	} {
		got := extract.Parse([]byte(tt.page), "").Article().Text
		if !strings.Contains(got, tt.want) || tt.not != "" && strings.Contains(got, tt.not) || tt.want == "" && got != "" {
			t.Errorf("%s: got %q, want it to hold %q and not %q", tt.name, got, tt.want, tt.not)
		}
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	base := mustURL(t, "https://magazine.example/a/b")
	got := extract.Parse([]byte(articlePage), "").Metadata(base)
	want := extract.Metadata{
		Title: "Five quiet keyboards compared", Author: "Ada Writer", Published: "2024-03-05T10:00:00Z", Language: "en-GB",
		Canonical: "https://magazine.example/keyboards", SiteName: "Example Magazine", Description: "We measured five keyboards.",
		PublishedAt: got.PublishedAt,
	}
	if got != want || got.PublishedAt == nil || got.PublishedAt.Format("2006-01-02") != "2024-03-05" {
		t.Errorf("got %+v, want %+v", got, want)
	}
	ld := `<html lang=de><script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"S"},
	{"@type":"NewsArticle","headline":"Kopf","datePublished":"2024-01-02","author":[{"name":"A"},{"name":"B"}],"publisher":{"name":"P"}}]}</script>`
	got = extract.Parse([]byte(ld), "").Metadata(nil)
	if got.Title != "Kopf" || got.Author != "A, B" || got.Published != "2024-01-02" || got.SiteName != "P" || got.Language != "de" {
		t.Errorf("JSON-LD: got %+v", got)
	}
}
