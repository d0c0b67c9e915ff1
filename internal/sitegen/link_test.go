package sitegen_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
)

// paragraph returns an English draft whose guide begins with one sentence.
func paragraph(s domain.Sentence) *domain.Draft {
	d := sitegentest.English()
	for i := range d.Pages {
		if d.Pages[i].Kind == domain.PageGuide {
			d.Pages[i].Blocks[0] = domain.Block{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{s, {Text: "End."}}}}
		}
	}
	return d
}

func TestInlineLinks(t *testing.T) {
	t.Parallel()
	const text = "See keyboards under $50 & wireless keyboards."
	for _, tt := range []struct {
		name  string
		links []domain.InlineLink
		want  string
	}{
		{"none", nil, "See keyboards under $50 &amp; wireless keyboards. End."},
		{"two", []domain.InlineLink{{Phrase: "wireless keyboards", Slug: "best-wireless"}, {Phrase: "keyboards under $50", Slug: "best-under-50"}}, `See <a href="/best-under-50/">keyboards under $50</a> &amp; <a href="/best-wireless/">wireless keyboards</a>. End.`},
		{"anchor", []domain.InlineLink{{Phrase: "See", Slug: "faq", Anchor: "loud"}}, `<a href="/faq/#loud">See</a> keyboards under $50 &amp; wireless keyboards. End.`},
		{"unknown anchor", []domain.InlineLink{{Phrase: "See", Slug: "faq", Anchor: "nowhere"}}, `<a href="/faq/">See</a> keyboards under $50 &amp; wireless keyboards. End.`},
		{"overlap", []domain.InlineLink{{Phrase: "keyboards under", Slug: "faq"}, {Phrase: "under $50", Slug: "best-under-50"}}, `See <a href="/faq/">keyboards under</a> $50 &amp; wireless keyboards. End.`},
		{"unknown page", []domain.InlineLink{{Phrase: "See", Slug: "gone"}}, "See keyboards under $50 &amp; wireless keyboards. End."},
		{"own page", []domain.InlineLink{{Phrase: "See", Slug: "guide"}}, "See keyboards under $50 &amp; wireless keyboards. End."},
		{"absent phrase", []domain.InlineLink{{Phrase: "mice", Slug: "faq"}, {Phrase: "", Slug: "faq"}}, "See keyboards under $50 &amp; wireless keyboards. End."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := page(t, render(t, paragraph(domain.Sentence{Text: text, Links: tt.links})), "/guide/")
			if want := `<p class="lead">` + tt.want + "</p>"; !strings.Contains(body, want) {
				_, rest, _ := strings.Cut(body, `<p class="lead">`)
				got, _, _ := strings.Cut(rest, "</p>")
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestHeadingsDoNotJump(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	for i := range d.Pages {
		for j := range d.Pages[i].Blocks {
			if h := d.Pages[i].Blocks[j].Heading; h != nil {
				h.Level = 3
			}
		}
	}
	for path, doc := range documents(t, render(t, d)) {
		checkHeadings(t, path, doc)
	}
}

func TestAnchorsAreUniqueAndKept(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	heading := func(anchor, text string) domain.Block {
		return domain.Block{Type: domain.BlockHeading, Anchor: anchor, Heading: &domain.Heading{Level: 2, Text: text}}
	}
	d.Pages[1].Blocks = []domain.Block{heading("", "Größe & Maße"), heading("", "Größe & Maße"), heading("main", "Main"), heading("groesse-masse", "Sizes"), heading("a b", "Spaces")}
	doc := documents(t, render(t, d))["/guide/"]
	checkIDs(t, "guide", doc)
	var got []string
	for _, h := range doc.Find("article h2").EachIter() {
		got = append(got, h.AttrOr("id", ""))
	}
	if want := "groesse-masse-2 groesse-masse-3 main-2 groesse-masse a-b"; strings.Join(got, " ") != want {
		t.Errorf("ids = %v, want %s", got, want)
	}
	for _, a := range doc.Find(".toc a").EachIter() {
		if doc.Find("[id='"+strings.TrimPrefix(a.AttrOr("href", ""), "#")+"']").Length() != 1 {
			t.Errorf("table of contents links to %s, which is not there", a.AttrOr("href", ""))
		}
	}
}

func TestRelatedLeavesOutMissingPages(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	for i := range d.Pages {
		d.Pages[i].Related = []domain.PageRef{{Slug: "gone", Label: "Gone"}, {Slug: "guide", Label: "Guide"}}
	}
	docs := documents(t, render(t, d))
	if got := docs["/faq/"].Find(".related li").Length(); got != 1 {
		t.Errorf("%d related links, want 1", got)
	}
	if got := docs["/guide/"].Find(".related").Length(); got != 0 {
		t.Error("the guide is related to itself")
	}
}

func TestSitemapListsIndexablePages(t *testing.T) {
	t.Parallel()
	for name, d := range drafts() {
		var got struct {
			URLs []struct {
				Loc     string `xml:"loc"`
				LastMod string `xml:"lastmod"`
			} `xml:"url"`
		}
		if err := xml.Unmarshal([]byte(page(t, render(t, d), "/sitemap.xml")), &got); err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range d.Pages {
			if d.Pages[i].Indexable {
				want = append(want, "https://"+d.Website.Domain+d.Pages[i].Path())
			}
		}
		if len(got.URLs) != len(want) || len(want) == len(d.Pages) {
			t.Fatalf("%s: %d addresses for %d indexable of %d pages", name, len(got.URLs), len(want), len(d.Pages))
		}
		for i, u := range got.URLs {
			if at, err := time.Parse(time.RFC3339, u.LastMod); u.Loc != want[i] || err != nil || !at.Equal(sitegentest.At) {
				t.Errorf("%s: entry %d is %s at %s, want %s at %s", name, i, u.Loc, u.LastMod, want[i], sitegentest.At)
			}
		}
	}
}

func TestFeedListsGuidesAndChoices(t *testing.T) {
	t.Parallel()
	var got struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Entries []struct {
			ID string `xml:"id"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(page(t, render(t, sitegentest.English()), "/feed.xml")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Entries) != 5 || got.Entries[0].ID != "https://keyboards.example/guide/" {
		t.Errorf("feed has %v, want the guide, two choices and two comparisons", got.Entries)
	}
}

func TestRobotsKeepsRedirectsOut(t *testing.T) {
	t.Parallel()
	want := "User-agent: *\nDisallow: /go/\n\nSitemap: https://keyboards.example/sitemap.xml\n"
	if got := page(t, render(t, sitegentest.English()), "/robots.txt"); got != want {
		t.Errorf("robots.txt = %q, want %q", got, want)
	}
}

func TestFormatDate(t *testing.T) {
	t.Parallel()
	late := time.Date(2025, time.March, 1, 23, 30, 0, 0, time.FixedZone("", -3600))
	for language, want := range map[string]string{"en": "2 March 2025", "en-GB": "2 March 2025", "de": "2. März 2025", "de-AT": "2. März 2025", "fr": "2 March 2025"} {
		if got := sitegen.FormatDate(language, late); got != want {
			t.Errorf("FormatDate(%s) = %q, want %q", language, got, want)
		}
	}
}
