// Package compliance checks a built site against law and policy. Each rule has an
// ID from the project's rule list, a version and a source, and looks at the HTML
// that visitors get, not at what the program meant to build.
package compliance

import (
	"strings"

	"empire/internal/audit"
	"empire/internal/domain"
	"empire/internal/parallel"
)

// Version is the version of the rule pack; it grows with every change of a rule.
const Version = 3

// Rule is one check over a built site.
type Rule struct {
	ID     string
	Title  string
	Source string // law, policy or guideline that it follows from
	check  func(*Site) []fault
}

type fault struct {
	page, message, fix string
}

// Site is what the rules look at.
type Site struct {
	Draft        *domain.Draft
	Pages        []*audit.Page
	Descriptions []string      // the merchants' texts about the products of the market
	Files        []domain.File // all files; may be left out when there are only pages

	offers   map[string]bool // addresses of all offers
	evidence map[domain.EvidenceID]*domain.Evidence
}

// Rules returns the rule pack. A suffix tells several rules of one ID apart.
func Rules() []Rule {
	return []Rule{
		{"L1", "Every page has facts of its own", "Google Search spam policies: scaled content abuse", ownFacts},
		{"L2", "No page repeats a merchant's description", "Google Search spam policies: thin affiliation", merchantText},
		{"L2-OWN", "Pages about products add a comparison, a chart or weighed points", "Google Search spam policies: thin affiliation", addedValue},
		{"L4", "No hidden text", "Google Search spam policies: hidden text and cloaking", hiddenText},
		{"L4-NAV", "No redirect and no use of the browser's history", "Google Search spam policies: sneaky redirects, back button hijacking", navigation},
		{"L5", "No instructions to language models", "Google Search spam policies: manipulation of AI answers", modelPrompts},
		{"L6", "Affiliate links carry rel=sponsored", "Google Search: qualify outbound links", sponsored},
		{"L7", "No rating without a stored source", "Google Search: review snippet guidelines", ratings},
		{"L8", "No claim of own tests", "UWG § 5b(3), Annex to § 3(3) nos. 23b, 23c", ownTests},
		{"L8-FIRST", "No claim to be the best that the data do not carry", "UWG § 5(1)", superlatives},
		{"L8-PERSON", "No invented authors, experts and customers", "UWG § 5b(3), Annex to § 3(3) nos. 23b, 23c; 16 CFR 465.2", persons},
		{"L9", "Advertising is labeled above the first link and at each link", "UWG § 5a(4), DDG § 6, MStV § 22", advertising},
		{"L10", "English pages say in plain words, before the links, that links are paid", "16 CFR 255.5, FTC .com Disclosures", paidLinks},
		{"L11", "The legal notice is complete and linked from every page", "DDG § 5, MStV § 18", legalNotice},
		{"L12", "The privacy page names who is responsible and what rights there are, and is linked from every page", "GDPR Art. 13", privacyPage},
		{"L13", "Nothing is loaded from third parties and nothing stored on the device", "TDDDG § 25", thirdParties},
		{"L16", "Every affiliate link carries a sub-id and leads to a joined program", "AWIN publisher terms: click references", subIDs},
		{"L16-LINK", "Every link of an affiliate network is an offer of its page", "AWIN publisher terms: click references", offerLinks},
		{"L17", "Links to Amazon follow its program policies", "Amazon Associates Program Policies", amazon},
		{"L20", "Images have alternative text", "WCAG 2.2 SC 1.1.1", images},
		{"L20-RIGHTS", "Every picture has a record of source, author and license", "UrhG §§ 2, 72, 97", pictureRights},
		{"L22", "Readers cannot post content", "Regulation (EU) 2022/2065 (DSA) Art. 12, 14, 16", userContent},
		{"L24", "Offers with a price say currency, tax and date", "PAngV §§ 1, 3", priceDates},
		{"L24-OFFER", "The price beside a link is that of its offer", "PAngV §§ 1, 3; UWG § 5(2) no. 2", offerPrices},
		{"L24-OLD", "No price is older than a month", "UWG § 5(2) no. 2", oldPrices},
		{"L24-CURRENCY", "Amounts are in the currency of the prices", "PAngV § 3(1)", otherCurrency},
		{"L24-FORMER", "No former prices without a record of the lowest of 30 days", "PAngV § 11", formerPrices},
		{"L25", "No topic that special law or a reviewer must cover", "GlüStV § 5, HWG § 10, GewO § 34c ff.", sensitiveTopics},
		{"L25-HCVO", "No effects of food on the body are claimed", "Regulation (EC) No 1924/2006 (HCVO) Art. 10, Regulation (EU) No 1169/2011 Art. 7", healthClaims},
		{"L26", "The domain does not hold an advertiser's name", "MarkenG § 14, AWIN publisher terms", brandDomain},
	}
}

// Check runs all rules. Every fault is a finding of severity fail: it blocks the
// release.
func Check(s *Site) []domain.Finding {
	s.offers, s.evidence = map[string]bool{}, make(map[domain.EvidenceID]*domain.Evidence, len(s.Draft.Evidence))
	for _, p := range s.Draft.Pages {
		for _, o := range p.Offers {
			s.offers[o.URL] = true
		}
	}
	for i := range s.Draft.Evidence {
		s.evidence[s.Draft.Evidence[i].ID] = &s.Draft.Evidence[i]
	}
	rules := Rules()
	faults := make([][]fault, len(rules))
	parallel.Do(len(rules), func(i int) { faults[i] = rules[i].check(s) })
	var out []domain.Finding
	for i, r := range rules {
		for _, f := range faults[i] {
			out = append(out, domain.Finding{
				Rule: r.ID, Severity: domain.GateFail, Page: f.page, Message: f.message, Fix: f.fix, Source: r.Source,
			})
		}
	}
	return out
}

// page returns the built page of that kind, or nil.
func (s *Site) page(kind domain.PageKind) *audit.Page {
	for i := range s.Draft.Pages {
		if s.Draft.Pages[i].Kind == kind {
			return s.built(&s.Draft.Pages[i])
		}
	}
	return nil
}

// built returns the built page of a page of the draft, or nil.
func (s *Site) built(p *domain.Page) *audit.Page {
	for _, b := range s.Pages {
		if b.Path == p.Path() {
			return b
		}
	}
	return nil
}

func german(p *audit.Page) bool {
	base, _, _ := strings.Cut(strings.ToLower(p.Language), "-")
	return base == "de"
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }
