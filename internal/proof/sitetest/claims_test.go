package sitetest_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"empire/internal/audit"
	"empire/internal/domain"
	"empire/internal/proof/sitetest"
	"empire/internal/testkit"
)

// feedSites are sites from the three feeds of the shared data and the sample catalog.
var feedSites = []sitetest.Order{
	sitetest.English, sitetest.German,
	{Feed: sitetest.PCParts, Niche: "mechanical keyboards", Language: "en", Domain: "keys-atlas.example"},
	{Feed: sitetest.Luma, Niche: "jackets", Language: "en", Domain: "coat-atlas.example"},
	{Feed: sitetest.Food, Niche: "Schokoladen", Language: "de", Domain: "kakao-kompass.example"},
}

// TestEveryFigureHasItsClaim goes over all pages of sites from all feeds, with a reader
// of its own: every figure of the main text is one of a claim of its page (or of a
// date), every claim has evidence, every sentence names a claim or is an opinion
// without a figure. The gates, which look closer, find nothing either.
func TestEveryFigureHasItsClaim(t *testing.T) {
	t.Parallel()
	testkit.Unraced(t)
	for _, o := range feedSites {
		t.Run(o.Domain, func(t *testing.T) {
			t.Parallel()
			s := sitetest.Build(t, o)
			r, err := s.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range r.Gates {
				if g.State == domain.GateFail {
					t.Errorf("gate %s: %d findings, the first: %+v", g.Name, len(g.Findings), g.Findings[:min(8, len(g.Findings))])
				}
			}
			held := map[domain.EvidenceID]bool{}
			for i := range s.Draft.Evidence {
				held[s.Draft.Evidence[i].ID] = true
			}
			figures, sentences := 0, 0
			for i := range s.Draft.Pages {
				p := &s.Draft.Pages[i]
				sentences += checkSentences(t, p, held)
				for _, f := range s.Files {
					if f.Path == p.Path() && audit.IsHTML(f) {
						figures += checkFigures(t, p, f.Body)
					}
				}
			}
			t.Logf("%s: %d figures and %d sentences on %d pages", o.Domain, figures, sentences, len(s.Draft.Pages))
			if figures < 500 || sentences < 200 {
				t.Errorf("%d figures and %d sentences were looked at, too few for a site", figures, sentences)
			}
		})
	}
}

var digits = regexp.MustCompile(`\d+(?:[.,’]\d+)*`)

// checkFigures reads the main part of a page and returns how many figures it holds.
func checkFigures(t *testing.T, p *domain.Page, body []byte) int {
	t.Helper()
	allowed := map[string]bool{}
	for _, c := range p.Claims {
		for _, n := range digits.FindAllString(c.Text, -1) {
			allowed[n] = true
		}
	}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for main := range root.Descendants() {
		if main.Type != html.ElementNode || main.Data != "main" {
			continue
		}
		for c := range main.Descendants() {
			if c.Type != html.TextNode || c.Parent.Data == "time" {
				continue
			}
			for _, f := range digits.FindAllString(c.Data, -1) {
				n++
				if !allowed[f] {
					t.Errorf("%s: figure %s has no claim: %.120q", p.Path(), f, strings.TrimSpace(c.Data))
				}
			}
		}
	}
	return n
}

// checkSentences returns how many sentences the page has.
func checkSentences(t *testing.T, p *domain.Page, held map[domain.EvidenceID]bool) int {
	t.Helper()
	for _, c := range p.Claims {
		if len(c.Evidence) == 0 {
			t.Errorf("%s: claim %q has no evidence", p.Path(), c.Text)
		}
		for _, id := range c.Evidence {
			if !held[id] {
				t.Errorf("%s: evidence %s of claim %q is not kept", p.Path(), id, c.Text)
			}
		}
	}
	n := 0
	for _, s := range sentencesOf(p) {
		n++
		switch {
		case s.Opinion && digits.MatchString(s.Text):
			t.Errorf("%s: an opinion holds a figure: %q", p.Path(), s.Text)
		case !s.Opinion && len(s.Claims) == 0:
			t.Errorf("%s: no claim: %q", p.Path(), s.Text)
		}
	}
	return n
}

func sentencesOf(p *domain.Page) []domain.Sentence {
	var out []domain.Sentence
	for i := range p.Blocks {
		switch b := &p.Blocks[i]; {
		case b.Paragraph != nil:
			out = append(out, b.Paragraph.Sentences...)
		case b.Disclosure != nil:
			out = append(out, b.Disclosure.Sentences...)
		case b.List != nil:
			for _, item := range b.List.Items {
				out = append(out, item.Sentences...)
			}
		case b.Product != nil:
			out = append(out, b.Product.Text...)
		case b.ProsCons != nil:
			out = append(append(out, b.ProsCons.Pros...), b.ProsCons.Cons...)
		case b.FAQ != nil:
			for _, qa := range b.FAQ.Items {
				out = append(append(out, qa.Question), qa.Answer...)
			}
		case b.Figure != nil:
			out = append(out, b.Figure.Caption...)
		}
	}
	return out
}
