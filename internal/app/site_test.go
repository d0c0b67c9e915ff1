package app_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/klauspost/compress/gzip"

	"empire/internal/app"
	"empire/internal/domain"
)

// builtSite is a release on disk, read without the program's own checkers.
type builtSite struct {
	t        *testing.T
	dir      string
	domain   string
	pages    map[string]*goquery.Document // by path
	files    map[string]bool              // by path
	claims   map[string][]domain.Claim    // by path
	evidence map[domain.EvidenceID]domain.Evidence
}

func readSite(t *testing.T, s *app.DemoSummary) *builtSite {
	t.Helper()
	b := &builtSite{
		t: t, dir: s.SiteDir, domain: s.Domain, pages: map[string]*goquery.Document{}, files: map[string]bool{},
		claims: map[string][]domain.Claim{}, evidence: map[domain.EvidenceID]domain.Evidence{},
	}
	err := filepath.WalkDir(s.SiteDir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(s.SiteDir, name)
		if err != nil {
			return err
		}
		path := "/" + filepath.ToSlash(rel)
		b.files[path] = true
		if strings.HasSuffix(path, "/index.html") {
			path = strings.TrimSuffix(path, "index.html")
			b.files[path] = true
			body, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if b.pages[path], err = goquery.NewDocumentFromReader(bytes.NewReader(body)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.readEvidence(s.EvidenceFile)
	return b
}

func (b *builtSite) readEvidence(name string) {
	b.t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		b.t.Fatal(err)
	}
	var held struct {
		Pages []struct {
			Path   string         `json:"path"`
			Claims []domain.Claim `json:"claims"`
		} `json:"pages"`
		Evidence []domain.Evidence `json:"evidence"`
	}
	if err := json.Unmarshal(raw, &held); err != nil {
		b.t.Fatal(err)
	}
	for _, p := range held.Pages {
		b.claims[p.Path] = p.Claims
	}
	for _, e := range held.Evidence {
		b.evidence[e.ID] = e
	}
}

func (b *builtSite) paths() []string {
	var out []string
	for p := range b.pages {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// mainText is the visible text of main, with a space between elements.
func mainText(d *goquery.Document) string { return spaced(d.Find("main")) }

func spaced(s *goquery.Selection) string {
	var out strings.Builder
	s.Find("*").AddSelection(s).Contents().Each(func(_ int, n *goquery.Selection) {
		if goquery.NodeName(n) != "#text" {
			return
		}
		if parent := n.Parent(); parent.Is("script, style, template") {
			return
		}
		out.WriteString(n.Text() + " ")
	})
	return strings.Join(strings.Fields(out.String()), " ")
}

var figure = regexp.MustCompile(`\d+(?:[.,]\d+)*`)

// checkFigures wants every figure in the visible text of a page in one of its
// claims, and every figure of a claim in the feed or in a computation.
func (b *builtSite) checkFigures(feed map[string]map[string]string) {
	site := map[string]bool{}
	for _, claims := range b.claims {
		for _, c := range claims {
			for _, n := range figure.FindAllString(c.Text, -1) {
				site[n] = true
			}
		}
	}
	for _, path := range b.paths() {
		own := map[string]bool{}
		for _, c := range b.claims[path] {
			for _, n := range figure.FindAllString(c.Text, -1) {
				own[n] = true
				if !b.carried(n, c, feed) {
					b.t.Errorf("%s: figure %s of claim %q is neither in the feed nor computed", path, n, c.Text)
				}
			}
		}
		for _, n := range figure.FindAllString(mainText(b.pages[path]), -1) {
			if !own[n] {
				b.t.Errorf("%s: figure %s in the main text has no claim", path, n)
			}
		}
		for _, n := range figure.FindAllString(spaced(b.pages[path].Find("body")), -1) {
			if !own[n] && !site[n] && !b.offerDate(path, n) {
				b.t.Errorf("%s: figure %s outside the main text has no claim", path, n)
			}
		}
	}
}

// offerDate reports whether a figure stands in a date element.
func (b *builtSite) offerDate(path, n string) bool {
	found := false
	b.pages[path].Find("time").Each(func(_ int, s *goquery.Selection) {
		found = found || strings.Contains(s.Text(), n)
	})
	return found
}

func (b *builtSite) carried(n string, c domain.Claim, feed map[string]map[string]string) bool {
	for _, id := range c.Evidence {
		e, ok := b.evidence[id]
		if !ok {
			return false
		}
		switch e.Kind {
		case domain.EvidenceFeed:
			row := feed[e.RowKey]
			if row == nil {
				b.t.Errorf("evidence %s names row %s, which the feed does not have", id, e.RowKey)
				return false
			}
			if sameNumber(n, e.Value) {
				return true
			}
		case domain.EvidenceComputation:
			if roundsTo(n, e.Result) {
				return true
			}
			for _, a := range e.Args {
				if roundsTo(n, a) {
					return true
				}
			}
		default:
			if sameNumber(n, e.Value) {
				return true
			}
			for _, v := range e.Values {
				if roundsTo(n, v) {
					return true
				}
			}
		}
	}
	return false
}

// sameNumber reports whether the figure stands in the text, however both write
// thousands and decimals.
func sameNumber(n, text string) bool {
	for _, m := range figure.FindAllString(text, -1) {
		for _, x := range values(m) {
			for _, y := range values(n) {
				if x == y {
					return true
				}
			}
		}
		for _, part := range regexp.MustCompile(`[.,]`).Split(m, -1) {
			if part == n {
				return true
			}
		}
	}
	return false
}

func values(n string) []float64 {
	var out []float64
	for _, s := range []string{strings.ReplaceAll(n, ",", ""), strings.ReplaceAll(strings.ReplaceAll(n, ".", ""), ",", ".")} {
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			out = append(out, v)
		}
	}
	return out
}

func roundsTo(n string, result float64) bool {
	for _, s := range []string{strings.ReplaceAll(n, ",", ""), strings.ReplaceAll(strings.ReplaceAll(n, ".", ""), ",", ".")} {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			continue
		}
		_, frac, _ := strings.Cut(s, ".")
		half := 0.5000001
		for range frac {
			half /= 10
		}
		if d := v - result; d <= half && d >= -half {
			return true
		}
		if d := v + result; d <= half && d >= -half {
			return true
		}
	}
	return false
}

func shingles(text string, n int) map[string]bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789äöüßéè.,-'’", r)
	})
	out := map[string]bool{}
	for i := 0; i+n <= len(words); i++ {
		out[strings.Join(words[i:i+n], " ")] = true
	}
	return out
}

// checkDuplicates wants no two pages to share more than 30 % of the smaller one's
// 5-word shingles.
func (b *builtSite) checkDuplicates() {
	paths := b.paths()
	sets := map[string]map[string]bool{}
	for _, p := range paths {
		sets[p] = shingles(mainText(b.pages[p]), 5)
	}
	for i, p := range paths {
		for _, q := range paths[:i] {
			small, large := sets[p], sets[q]
			if len(small) > len(large) {
				small, large = large, small
			}
			shared := 0
			for s := range small {
				if large[s] {
					shared++
				}
			}
			if len(small) > 0 && float64(shared) > 0.3*float64(len(small)) {
				b.t.Errorf("%s and %s share %d of %d shingles", p, q, shared, len(small))
			}
		}
	}
}

// checkDescriptions wants no run of eight words that a merchant wrote.
func (b *builtSite) checkDescriptions(feed map[string]map[string]string) {
	theirs := map[string]bool{}
	for _, row := range feed {
		text := row["description"]
		if strings.Contains(text, "<") {
			if d, err := goquery.NewDocumentFromReader(strings.NewReader(text)); err == nil {
				text = d.Text()
			}
		}
		for s := range shingles(text, 8) {
			theirs[s] = true
		}
	}
	for _, p := range b.paths() {
		for s := range shingles(mainText(b.pages[p]), 8) {
			if theirs[s] {
				b.t.Errorf("%s repeats a merchant: %q", p, s)
				break
			}
		}
	}
}

// checkHeads wants titles, descriptions and headings present and unique.
func (b *builtSite) checkHeads() {
	for what, get := range map[string]func(*goquery.Document) string{
		"title":       func(d *goquery.Document) string { return d.Find("head title").Text() },
		"description": func(d *goquery.Document) string { return d.Find(`meta[name="description"]`).AttrOr("content", "") },
		"h1":          func(d *goquery.Document) string { return d.Find("h1").Text() },
	} {
		seen := map[string]string{}
		for _, p := range b.paths() {
			v := strings.TrimSpace(get(b.pages[p]))
			if v == "" || seen[v] != "" {
				b.t.Errorf("%s: %s %q is empty or also used by %s", p, what, v, seen[v])
			}
			seen[v] = p
		}
	}
}

// checkLinks wants every internal link and anchor to resolve.
func (b *builtSite) checkLinks() {
	for _, p := range b.paths() {
		b.pages[p].Find("a[href]").Each(func(_ int, a *goquery.Selection) {
			href := a.AttrOr("href", "")
			u, err := url.Parse(href)
			if err != nil || u.Scheme != "" || u.Host != "" {
				return
			}
			path := u.Path
			if path == "" {
				path = p
			}
			if !b.files[path] {
				b.t.Errorf("%s: link %q leads nowhere", p, href)
				return
			}
			if u.Fragment != "" && b.pages[path] != nil && b.pages[path].Find(fmt.Sprintf("[id=%q]", u.Fragment)).Length() == 0 {
				b.t.Errorf("%s: anchor %q does not exist", p, href)
			}
		})
	}
}

// checkSitemap wants exactly the pages that may be indexed.
func (b *builtSite) checkSitemap() {
	raw, err := os.ReadFile(filepath.Join(b.dir, "sitemap.xml"))
	if err != nil {
		b.t.Error(err)
		return
	}
	var set struct {
		URLs []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal(raw, &set); err != nil {
		b.t.Error(err)
		return
	}
	listed := map[string]bool{}
	for _, u := range set.URLs {
		listed[strings.TrimPrefix(u.Loc, "https://"+b.domain)] = true
	}
	for _, p := range b.paths() {
		indexable := !strings.Contains(b.pages[p].Find(`meta[name="robots"]`).AttrOr("content", ""), "noindex")
		if indexable != listed[p] {
			b.t.Errorf("%s: indexable %v, in the sitemap %v", p, indexable, listed[p])
		}
		delete(listed, p)
	}
	for p := range listed {
		b.t.Errorf("the sitemap lists %s, which does not exist", p)
	}
}

var disclosure = regexp.MustCompile(`(?i)(advertis|anzeige|werbung).*(commission|provision)|(commission|provision).*(advertis|anzeige|werbung)`)

// checkAffiliateLinks wants rel=sponsored, a unique sub-id and a label above.
func (b *builtSite) checkAffiliateLinks() int {
	total := 0
	subIDs := map[string]string{}
	for _, p := range b.paths() {
		html, err := b.pages[p].Find("body").Html()
		if err != nil {
			b.t.Fatal(err)
		}
		first := true
		b.pages[p].Find("a[href]").Each(func(_ int, a *goquery.Selection) {
			u, err := url.Parse(a.AttrOr("href", ""))
			if err != nil || u.Host == "" || u.Host == b.domain {
				return
			}
			if !a.Is(`[rel~="sponsored"]`) {
				if strings.Contains(u.Host, "awin1.com") {
					b.t.Errorf("%s: affiliate link %s lacks rel=sponsored", p, u)
				}
				return
			}
			total++
			ref := u.Query().Get("clickref")
			if ref == "" || len(ref) > 50 || subIDs[ref] != "" {
				b.t.Errorf("%s: sub-id %q is missing, too long or also used on %s", p, ref, subIDs[ref])
			}
			subIDs[ref] = p
			if first {
				first = false
				link, err := goquery.OuterHtml(a)
				if err != nil {
					b.t.Fatal(err)
				}
				before, _, found := strings.Cut(html, link)
				if !found {
					b.t.Fatalf("%s: link %s is not in its page", p, link)
				}
				above, err := goquery.NewDocumentFromReader(strings.NewReader(before))
				if err != nil {
					b.t.Fatal(err)
				}
				if !disclosure.MatchString(spaced(above.Selection)) {
					b.t.Errorf("%s: no disclosure stands above the first affiliate link", p)
				}
			}
		})
	}
	return total
}

// readFeedRows reads a feed as a spreadsheet would: rows by aw_product_id.
func readFeedRows(t *testing.T, r io.Reader) map[string]map[string]string {
	t.Helper()
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = rec[i]
		}
		out[row["aw_product_id"]] = row
	}
	return out
}

func openFeed(t *testing.T, name string) map[string]map[string]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return readFeedRows(t, z)
}
