package audit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/audit"
	"empire/internal/domain"
)

func parse(t *testing.T, html string) *audit.Page {
	t.Helper()
	p, err := audit.Parse("/x/", []byte(html))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestParseText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, html, want string }{
		{"blocks do not join", "before<p>one<p>two</p>three<h2>four</h2>", "before one two three four"},
		{"cells do not join", "<table><tr><td>1<td>2<tr><td>3</table>", "1 2 3"},
		{"words stay whole", "key<b>board</b>s", "keyboards"},
		{"drawing", "<svg><title>Prices</title><desc>Bars</desc><text>one</text><text>t<tspan>wo</tspan></text></svg>", "Prices Bars one two"},
		{"details", "<details><summary>More</summary>inside</details>", "More inside"},
		{"noscript", "<noscript><p>without script</p></noscript>", "without script"},
		{"script, style, template", "<script>a</script><style>b</style><template>c</template>d", "d"},
		{"head", "<head><title>t</title></head><body>d", "d"},
		{"hidden attribute", "<p hidden>a</p>b", "b"},
		{"hidden until found", "<p hidden=until-found>a</p>b", "a b"},
		{"display none", `<p style="DISPLAY : none">a</p>b`, "b"},
		{"small font", `<p style="font-size:0.9rem">a</p>b`, "a b"},
		{"no font", `<p style="color:red;font-size:0px !important">a</p>b`, "b"},
		{"no opacity", `<p style="opacity:0.0">a</p>b`, "b"},
		{"half opacity", `<p style="opacity:.5">a</p>b`, "a b"},
		{"off the screen", `<p style="text-indent:-9999px">a</p>b`, "b"},
		{"for screen readers", `<p style="position:absolute;clip-path:inset(50%)">a</p>b`, "a b"},
		{"hidden by class", "<style>/* x{} */ .x, #y{visibility:hidden}</style><p class='z x'>a</p><p id=y>b</p>c", "c"},
		{"hidden in print", "<style>@media print{.x{display:none}}.y{color:red}</style><p class=x>a</p>b", "a b"},
		{"hidden on screens", "<style>@media screen{.x{display:none}}</style><p class=x>a</p>b", "b"},
		{"hidden in a state", "<style>.x:empty,.x>i{display:none}</style><p class=x>a</p>b", "a b"},
		{"hidden after a condition", "<style>@media(max-width:9rem){.y{display:none}}.x{display:none}</style><p class=x>a</p><p class=y>b</p>", "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, tt.html)
			if got := words(p.Text); got != tt.want {
				t.Errorf("text = %q, want %q", got, tt.want)
			}
			inMain := parse(t, "<body><header>no</header><main>"+tt.html+"</main>")
			if got := words(inMain.Main); got != tt.want && tt.name != "head" {
				t.Errorf("main = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseLines(t *testing.T) {
	t.Parallel()
	p := parse(t, "<p>one\r\ntwo <b>three\n</b>four</p><p>five<br>six")
	var got []string
	for line := range strings.Lines(p.Text) {
		if line = words(line); line != "" {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff([]string{"one two three four", "five", "six"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestParseHidden(t *testing.T) {
	t.Parallel()
	p := parse(t, "<div hidden><p>one</p><p>two <b>three</b></p></div><p>four")
	if diff := cmp.Diff([]string{"one", "two", "three"}, p.Hidden); diff != "" {
		t.Errorf("hidden (-want +got):\n%s", diff)
	}
}

func TestParseHead(t *testing.T) {
	t.Parallel()
	p := parse(t, `<html lang="de"><head><title> A  title </title><meta name="Description" content=" What it  is "><meta http-equiv=Refresh content="0; url=/y/">
		<meta name="robots" content="max-snippet:5, NONE"><script type="application/ld+json">{"a":1}</script></head>
		<body><h1>One <a href=/>two</a></h1><h2 id=s>Three</h2><!-- note --><div itemscope itemtype="https://schema.org/Review" itemprop="review"></div>
		<form><input name=q><input type=Email><textarea></textarea></form><img src=/a.png><img src=/b.png alt="">`)
	want := &audit.Page{
		Path: "/x/", Language: "de", Title: "A title", Description: "What it is", NoIndex: true, IDs: map[string]bool{"s": true},
		Headings: []audit.Heading{{Level: 1, Text: "One two"}, {Level: 2, Text: "Three"}}, Comments: []string{" note "}, Redirects: []string{"0; url=/y/"},
		Schemas: []string{`{"a":1}`}, Microdata: []string{"https://schema.org/Review", "review"}, Fields: []string{"text", "email", "textarea"},
		Images: []audit.Image{{Src: "/a.png"}, {Src: "/b.png", HasAlt: true}}, Resources: []string{"/a.png", "/b.png"},
		Links: []audit.Link{{Href: "/", Text: "two", Visible: "two", Before: strings.Index(p.Text, "two")}}, Text: p.Text,
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if p.H1() != "One two" || (&audit.Page{}).H1() != "" {
		t.Errorf("H1 = %q", p.H1())
	}
}

func TestParseLinks(t *testing.T) {
	t.Parallel()
	p := parse(t, `<p>Advertising</p><main><a href=" /a/ " rel="nofollow SPONSORED" aria-label="Ad: more" title="tip"><span>Ad</span> <img src=/i.png alt="photo"> go</a></main>
		<map><area href=/b/ alt="area"></map><svg><a href=/c/><text>drawn</text></a></svg><a>no address</a><a href=/d/><div hidden>secret</div>open</a>`)
	type link struct{ href, text, visible, above string }
	var got []link
	for _, l := range p.Links {
		got = append(got, link{l.Href, l.Text, l.Visible, words(p.Text[:l.Before])})
	}
	want := []link{
		{"/a/", "Ad: more tip photo Ad go", "Ad go", "Advertising"},
		{"/b/", "area", "", "Advertising Ad go"},
		{"/c/", "drawn", "drawn", "Advertising Ad go"},
		{"/d/", "open", "open", "Advertising Ad go drawn no address"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(link{})); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	if l := p.Links[0]; !l.HasRel("sponsored") || !l.HasRel("nofollow") || l.HasRel("spons") || !l.InMain || p.Links[1].InMain {
		t.Errorf("first link = %+v", l)
	}
}

func TestParseResources(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, html string
		want       []string
	}{
		{"image", `<img src="/a.png">`, []string{"/a.png"}},
		{"blanks and backslashes", "<img src=' \\\\evil.example\\a.\npng '>", []string{"//evil.example/a.png"}},
		{"srcset", `<img srcset="/a.png 1x, /b.png 2x,/c.png">`, []string{"/a.png", "/b.png", "/c.png"}},
		{"srcset with data", `<img srcset="data:image/png;base64,AA,BB 1x, /b.png 2x">`, []string{"data:image/png;base64,AA,BB", "/b.png"}},
		{"picture", `<picture><source srcset="/a.avif"></picture>`, []string{"/a.avif"}},
		{"style sheets", `<link rel="alternate stylesheet" href=/a.css><link rel=canonical href=/x/><link rel="shortcut icon" href=/i.ico>`, []string{"/a.css", "/i.ico"}},
		{"hints", `<link rel=preconnect href=https://a.example><link rel=dns-prefetch href=//b.example><link rel=modulepreload href=/m.js>`, []string{"https://a.example", "//b.example", "/m.js"}},
		{"style attribute", `<p style="background:url( 'https://a.example/x.png' )">`, []string{"https://a.example/x.png"}},
		{"style element", `<style>@import "/a.css";@import url(/b.css);p{src:url("/c.woff2")}q{background:image-set("/d.png" 1x)}</style>`, []string{"/b.css", "/c.woff2", "/a.css", "/d.png"}},
		{"script", `<script src=/a.js></script><script type=module src=/b.js></script>`, []string{"/a.js", "/b.js"}},
		{"media", `<video src=/a.mp4 poster=/p.png></video><audio src=/b.mp3></audio><object data=/c.pdf></object><embed src=/d><track src=/e>`, []string{"/a.mp4", "/p.png", "/b.mp3", "/c.pdf", "/d", "/e"}},
		{"frame", `<iframe src=//a.example></iframe>`, []string{"//a.example"}},
		{"drawing", `<svg><image href=/a.png /><use xlink:href="/b.svg#i" /><use href="#c" /></svg>`, []string{"/a.png", "/b.svg#i"}},
		{"ping", `<a href=/ ping="https://a.example /p">x</a>`, []string{"https://a.example", "/p"}},
		{"base", `<base href="https://a.example/">`, []string{"https://a.example/"}},
		{"image button", `<input type=image src=/a.png>`, []string{"/a.png"}},
		{"old background", `<table background=/a.png></table>`, []string{"/a.png"}},
		{"noscript", `<noscript><img src=//a.example/p.gif></noscript>`, []string{"//a.example/p.gif"}},
		{"links load nothing", `<a href=https://a.example/>x</a><form action=https://b.example></form>`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, parse(t, "<body>"+tt.html).Resources); diff != "" {
				t.Errorf("resources (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseScripts(t *testing.T) {
	t.Parallel()
	p := parse(t, `<body onload="a()"><script>b()</script><script type="text/template">c</script><script type="text/javascript">d()</script>
		<script type=module>e()</script><a href=" javascript:f()">x</a><form action="JavaScript:g()"></form><script src=/h.js>i()</script>`)
	want := []string{"a()", "b()", "d()", "e()", " javascript:f()", "JavaScript:g()"}
	if diff := cmp.Diff(want, p.Scripts); diff != "" {
		t.Errorf("scripts (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"large":                    strings.Repeat("x", 8<<20+1),
		"100k nested":              strings.Repeat("<div>", 100_000),
		"nested within the parser": strings.Repeat("<div>", 480),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := audit.Parse("/x/", []byte(body))
			if got := domain.CodeOf(err); got != domain.CodeTooLarge || p != nil {
				t.Errorf("code = %q, want %q", got, domain.CodeTooLarge)
			}
		})
	}
	if _, err := audit.Parse("/x/", []byte(strings.Repeat("<p>1 <b>2</b>", 2<<20/13))); err != nil {
		t.Errorf("a page of 2 MiB is refused: %v", err)
	}
}

func TestSite(t *testing.T) {
	t.Parallel()
	html := func(path string, status int) domain.File {
		return domain.File{Path: path, ContentType: "Text/HTML; charset=utf-8", Body: []byte("<p>x"), Status: status}
	}
	pages, err := audit.Site([]domain.File{html("/", 0), html("/404.html", 404), {Path: "/a.css", ContentType: "text/css"}, html("/b/", 200)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range pages {
		got = append(got, p.Path)
	}
	if diff := cmp.Diff([]string{"/", "/b/"}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if _, err := audit.Site([]domain.File{{Path: "/", ContentType: "text/html", Body: []byte(strings.Repeat("<div>", 1000))}}); domain.CodeOf(err) != domain.CodeTooLarge {
		t.Errorf("a page that cannot be read: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"<main><a href=/x>y</a></main>", "<style>@media x{.a{", "<style>.a{display:none}</style><p class=a>x", "<img srcset='a,b, c 2x,,'>", "<svg><title>x<a href=y>",
		"<table><a href=1><tr><a href=2>", "<p style='background:url(\"x'>", strings.Repeat("<b>", 450), "<noscript><main>", "<h1><h1><h7>", "\x00<p hidden>\xff",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := audit.Parse("/x/", body)
		if err != nil {
			if domain.CodeOf(err) != domain.CodeTooLarge {
				t.Errorf("error without a code: %v", err)
			}
			return
		}
		for _, l := range p.Links {
			if l.Before < 0 || l.Before > len(p.Text) || !strings.Contains(words(p.Text[l.Before:]), l.Visible) {
				t.Errorf("link %+v does not stand in the text %q", l, p.Text)
			}
		}
		if len(words(p.Main)) > len(words(p.Text)) {
			t.Errorf("main %q is longer than the text %q", p.Main, p.Text)
		}
	})
}
