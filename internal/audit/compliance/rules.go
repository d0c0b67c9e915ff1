// Package compliance checks a built site against law and policy. Each rule has an
// ID from the project's rule list, a version and a source, and looks at the HTML
// that visitors get, not at what the program meant to build.
package compliance

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"empire/internal/audit"
	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// Version is the version of the rule pack; it grows with every change of a rule.
const Version = 1

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
	Descriptions []string // the merchants' texts about the products of the market

	offers map[string]bool // addresses of all offers
}

// Rules returns the rule pack.
func Rules() []Rule {
	return []Rule{
		{"L2", "No page repeats a merchant's description", "Google Search spam policies: thin affiliation", merchantText},
		{"L4", "No hidden text", "Google Search spam policies: hidden text and cloaking", hiddenText},
		{"L5", "No instructions to language models", "Google Search spam policies: manipulation of AI answers", modelPrompts},
		{"L6", "Affiliate links carry rel=sponsored", "Google Search: qualify outbound links", sponsored},
		{"L7", "No rating without a stored source", "Google Search: review snippet guidelines", ratings},
		{"L8", "No claim of own tests", "UWG § 5b(3), Annex to § 3(3) nos. 23b, 23c", ownTests},
		{"L9", "Advertising is labeled above the first link and at each link", "UWG § 5a(4), DDG § 6, MStV § 22", advertising},
		{"L11", "The legal notice is complete and linked from every page", "DDG § 5, MStV § 18", legalNotice},
		{"L12", "The privacy page is linked from every page", "GDPR Art. 13", privacyPage},
		{"L13", "Nothing is loaded from third parties and nothing stored on the device", "TDDDG § 25", thirdParties},
		{"L16", "Every affiliate link carries a sub-id", "AWIN publisher terms: click references", subIDs},
		{"L20", "Images are the site's own and have alternative text", "UrhG, WCAG 2.2 SC 1.1.1", images},
		{"L24", "Offers with a price say currency and date", "PAngV §§ 1, 3", priceDates},
	}
}

// Check runs all rules. Every fault is a finding of severity fail: it blocks the
// release.
func Check(s *Site) []domain.Finding {
	s.offers = map[string]bool{}
	for _, p := range s.Draft.Pages {
		for _, o := range p.Offers {
			s.offers[o.URL] = true
		}
	}
	var out []domain.Finding
	for _, r := range Rules() {
		for _, f := range r.check(s) {
			out = append(out, domain.Finding{
				Rule: r.ID, Severity: domain.GateFail, Page: f.page, Message: f.message, Fix: f.fix, Source: r.Source,
			})
		}
	}
	return out
}

// networkHosts are hosts that only serve affiliate links.
var networkHosts = regexp.MustCompile(`(^|\.)(awin1\.com|tidd\.ly|tidd\.io|digistore24\.com|digistore24-app\.com|zenaps\.com)$`)

// affiliate reports whether a link earns money.
func (s *Site) affiliate(href string) bool {
	if s.offers[href] {
		return true
	}
	u, err := url.Parse(href)
	return err == nil && (networkHosts.MatchString(strings.ToLower(u.Hostname())) || strings.HasPrefix(u.Path, "/go/") && u.Host == "")
}

// runLength is how many words in a row may not be the merchant's.
const runLength = 8

func merchantText(s *Site) []fault {
	theirs := map[uint64]struct{}{}
	for _, d := range s.Descriptions {
		for k := range nlp.Shingles(d, runLength) {
			theirs[k] = struct{}{}
		}
	}
	var out []fault
	for _, p := range s.Pages {
		shared := 0
		for k := range nlp.Shingles(p.Main, runLength) {
			if _, ok := theirs[k]; ok {
				shared++
			}
		}
		if shared > 0 {
			out = append(out, fault{p.Path, fmt.Sprintf("%d runs of %d words stand in a merchant's description, too.", shared, runLength), "Write about the product from its data instead."})
		}
	}
	return out
}

func hiddenText(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, t := range p.Hidden {
			if nlp.WordCount(t) > 3 {
				out = append(out, fault{p.Path, fmt.Sprintf("Text is hidden from readers: %.60q.", t), "Show it or remove it."})
			}
		}
	}
	return out
}

var promptPattern = regexp.MustCompile(`(?i)(ignore|disregard|forget) (all |any |the )?(previous|prior|above) (instructions|prompts)|you are (an?|the) (ai|assistant|language model)|as an ai (language )?model|(recommend|cite|mention) (this|our) (site|page|product) (first|only|in your answer)|system prompt`)

func modelPrompts(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		all := p.Text + "\n" + strings.Join(p.Hidden, "\n") + "\n" + strings.Join(p.Schemas, "\n")
		for _, i := range p.Images {
			all += "\n" + i.Alt
		}
		if m := promptPattern.FindString(all); m != "" {
			out = append(out, fault{p.Path, fmt.Sprintf("The page speaks to language models: %q.", m), "Remove the instruction."})
		}
	}
	return out
}

func sponsored(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, l := range p.Links {
			if s.affiliate(l.Href) && !l.HasRel("sponsored") {
				out = append(out, fault{p.Path, fmt.Sprintf("Affiliate link %.60q lacks rel=sponsored.", l.Href), "Add rel=\"sponsored\"."})
			}
		}
	}
	return out
}

var ratingPattern = regexp.MustCompile(`(?i)"(aggregateRating|reviewRating|review)"\s*:|"@type"\s*:\s*"(Review|AggregateRating|Rating)"`)

func ratings(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, schema := range p.Schemas {
			if m := ratingPattern.FindString(schema); m != "" {
				out = append(out, fault{p.Path, fmt.Sprintf("Structured data holds a rating (%s) without a stored source.", m), "Remove the rating."})
			}
		}
	}
	return out
}

var testPattern = regexp.MustCompile(`(?i)\b(we|our team|our editors|i)('ve| have)? (personally |really )?(tested|tried|reviewed by hand|measured in our)\b|\bin our (tests?|lab|hands-on)\b|\bour (test )?lab\b|\bhands-on (test|review)\b|\bwir haben .{0,40}(getestet|ausprobiert)\b|\bin unserem (test|labor|praxistest)\b|\bunser testlabor\b`)

func ownTests(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		if m := testPattern.FindString(p.Text); m != "" {
			out = append(out, fault{p.Path, fmt.Sprintf("The page claims own tests (%q), but there is no test record.", m), "Say what the data shows instead."})
		}
	}
	return out
}
