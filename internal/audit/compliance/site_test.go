package compliance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"empire/internal/audit"
	"empire/internal/audit/compliance"
	"empire/internal/domain"
)

var at = time.Date(2026, time.November, 22, 6, 0, 0, 0, time.UTC)

const (
	offerURL    = "https://www.awin1.com/cread.php?awinmid=1&clickref=s1-best-a"
	description = "A wonderfully quiet keyboard that makes long evenings of typing a pure delight for everyone"
)

// site is a small site that keeps all rules, with parts that tests may replace.
type site struct {
	draft       domain.Draft
	language    string
	head        string // of the page of offers
	disclosure  string // above its main text
	main        string // its main text, before the offer
	link        string
	fine        string // below the offer
	footer      string // of all pages
	imprint     string
	privacy     string
	files       []domain.File
	description string
}

func newSite() *site {
	op := domain.Operator{
		Name: "Ada Sample", Street: "Example Street 1", PostalCode: "00000", City: "Sampletown", Country: "Germany", Email: "ada@keys.example",
		Phone: "+49 30 23125 000", Register: "HRB 1 Sampletown", VATID: "DE000000000", Responsible: "Ada Sample",
	}
	s := &site{
		language: "en", description: description,
		disclosure: "<p><strong>Advertising:</strong> if you buy through our links,\nwe may earn a commission.</p>",
		main:       "<h1>Keyboards</h1><p>Wave costs less than the median keyboard.</p><img src=/bar.svg alt=Prices>",
		link:       `<a rel="sponsored nofollow" href="` + strings.ReplaceAll(offerURL, "&", "&amp;") + `"><span>Ad</span> View at Shop</a>`,
		fine:       "<p>€37.99, incl. VAT, as of <time>22 November 2026</time></p>",
		footer:     `<footer><a href=/legal-notice/>Legal notice</a> <a href="/privacy/">Privacy</a></footer>`,
		imprint:    fmt.Sprintf("<p>%s<br>%s<br>%s %s<br>%s<p>%s, %s<p>%s, %s<p>Responsible: %s", op.Name, op.Street, op.PostalCode, op.City, op.Country, op.Email, op.Phone, op.Register, op.VATID, op.Responsible),
		privacy:    fmt.Sprintf("<p>Controller: %s, %s. You have the rights of Art. 15 to 21 GDPR.", op.Name, op.Email),
	}
	s.draft = domain.Draft{
		Website:  domain.Website{Domain: "keys.example", Language: "en", Niche: "mechanical keyboards", Operator: op},
		Programs: []domain.Program{{ID: "p1", Name: "Gadget Shop", Joined: true, Open: true}},
		Evidence: []domain.Evidence{
			{ID: "ev_c", Kind: domain.EvidenceComputation, Formula: "median"}, {ID: "ev_f", Kind: domain.EvidenceFeed, Field: "product_name", Value: "Wave"},
			{ID: "ev_k", Kind: domain.EvidenceComputation, Formula: "constant"},
		},
		BuiltAt: at,
		Pages: []domain.Page{
			{Kind: domain.PageBest, Slug: "best", Claims: claims(7, 3), Blocks: []domain.Block{{Table: &domain.Table{}}}, Offers: []domain.Offer{{
				Slot: "a", ProgramID: "p1", MerchantName: "Shop", URL: offerURL, SubID: "s1-best-a",
				Price: &domain.Money{Minor: 3799, Currency: "EUR"}, PriceAt: &at, PriceText: "€37.99",
			}}},
			{Kind: domain.PageImprint, Slug: "legal-notice"}, {Kind: domain.PagePrivacy, Slug: "privacy"},
		},
	}
	return s
}

func claims(verbatim, computed int) []domain.Claim {
	var out []domain.Claim
	for i := range verbatim + computed {
		id := domain.EvidenceID("ev_f")
		if i >= verbatim {
			id = "ev_c"
		}
		out = append(out, domain.Claim{ID: domain.ClaimID(fmt.Sprintf("c%d", i+1)), Evidence: []domain.EvidenceID{id}})
	}
	return out
}

func (s *site) best() *domain.Page   { return &s.draft.Pages[0] }
func (s *site) offer() *domain.Offer { return &s.draft.Pages[0].Offers[0] }

// german turns the site into a German one.
func (s *site) german() {
	s.language = "de"
	s.disclosure = "<p>Werbung: Kaufen Sie über unsere Links ein, erhalten wir eine Provision.</p>"
	s.link = strings.Replace(s.link, "<span>Ad</span> View at", "<span>Anzeige</span> Zum Angebot bei", 1)
	s.fine = "<p>€37.99 inkl. MwSt., Stand 22. November 2026</p>"
	s.footer = `<footer><a href=/legal-notice/>Impressum</a> <a href="/privacy/">Datenschutz</a></footer>`
	s.privacy = strings.Replace(s.privacy, "You have the rights of Art. 15 to 21 GDPR.", "Sie haben ein Auskunftsrecht.", 1)
}

func (s *site) check(t *testing.T) []domain.Finding {
	t.Helper()
	html := func(head, body string) string {
		return "<!DOCTYPE html><html lang=" + s.language + "><head><title>Keyboards</title>" + head + "</head><body>" + body + s.footer + "</body></html>"
	}
	files := append([]domain.File{}, s.files...)
	for path, body := range map[string]string{
		"/best/": html(s.head, s.disclosure+"<main>"+s.main+s.link+s.fine+"</main>"), "/legal-notice/": html("", s.imprint), "/privacy/": html("", s.privacy),
	} {
		files = append(files, domain.File{Path: path, ContentType: "text/html", Body: []byte(body)})
	}
	pages, err := audit.Site(files)
	if err != nil {
		t.Fatal(err)
	}
	return compliance.Check(&compliance.Site{Draft: &s.draft, Pages: pages, Files: files, Descriptions: []string{s.description}})
}
