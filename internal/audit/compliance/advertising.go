package compliance

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"empire/internal/audit"
	"empire/internal/domain"
)

// networkHosts are hosts that only serve affiliate links.
var networkHosts = regexp.MustCompile(`(^|\.)(awin1\.com|zenaps\.com|tidd\.ly|tidd\.io|digistore24\.com|digistore24-app\.com|shareasale\.com|anrdoezrs\.net|dpbolvw\.net|jdoqocy\.com|kqzyfj\.com|tkqlhce\.com` +
	`|linksynergy\.com|tradedoubler\.com|prf\.hn|sjv\.io|pxf\.io|webgains\.com|belboon\.com|adcell\.(de|com)|amzn\.(to|eu))$`)

// amazonHosts are the shops of Amazon and its short links.
var amazonHosts = regexp.MustCompile(`(^|\.)(amazon\.(com|ca|de|fr|it|es|nl|se|pl|ie|in|eg|sa|ae|sg|cn|com\.(au|be|br|mx|tr)|co\.(uk|jp))|amzn\.(to|eu))$`)

// affiliate reports whether a link earns money, or says so itself.
func (s *Site) affiliate(l audit.Link) bool {
	if s.offers[l.Href] || l.HasRel("sponsored") {
		return true
	}
	u, err := url.Parse(l.Href)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return networkLink(l.Href) || amazonHosts.MatchString(host) && u.Query().Has("tag") ||
		strings.HasPrefix(u.Path, "/go/") && (host == "" || strings.EqualFold(host, s.Draft.Website.Domain))
}

// networkLink reports whether an address is on a host that only serves affiliate links.
func networkLink(address string) bool {
	u, err := url.Parse(address)
	return err == nil && networkHosts.MatchString(strings.ToLower(u.Hostname()))
}

// affiliates returns the affiliate links of a page in document order.
func (s *Site) affiliates(p *audit.Page) []audit.Link {
	var out []audit.Link
	for _, l := range p.Links {
		if s.affiliate(l) {
			out = append(out, l)
		}
	}
	return out
}

func sponsored(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, l := range s.affiliates(p) {
			if !l.HasRel("sponsored") {
				out = append(out, fault{p.Path, fmt.Sprintf("Affiliate link %.60q lacks rel=sponsored.", l.Href), "Add rel=\"sponsored\"."})
			}
		}
	}
	return out
}

// wording is how readers of one language recognize advertising.
type wording struct{ label, pay, marker *regexp.Regexp }

// A marker begins or ends the visible text of a link; inside, "AD" may be part of a
// name. German courts do not take "sponsored" for enough (BGH, I ZR 2/11).
var (
	english = wording{
		label:  regexp.MustCompile(`(?i)\b(advertis(ing|ements?)|ads?|paid links?)\b`),
		pay:    regexp.MustCompile(`(?i)\b(commissions?|paid|compensat(ed|ion))\b`),
		marker: regexp.MustCompile(`(?i)^[\s(\[*]*(ad|advert|advertisement|advertising|sponsored|paid link)([\s:)\]*|·–]|$)|[\s(\[*](ad|advertisement|advertising|sponsored|paid link)[\s)\]*]*$`),
	}
	deutsch = wording{
		label:  regexp.MustCompile(`(?i)\b(anzeigen?|werbung|werbelinks?)\b`),
		pay:    regexp.MustCompile(`(?i)\b(provision(en)?|vergütet|bezahlt)\b|vergütung`),
		marker: regexp.MustCompile(`(?i)^[\s(\[*]*(anzeige|werbung|werbelink)([\s:)\]*|·–]|$)|[\s(\[*](anzeige|werbung|werbelink)[\s)\]*]*$`),
	}
)

func wordingOf(p *audit.Page) wording {
	if german(p) {
		return deutsch
	}
	return english
}

// above returns the lines of text that a reader has seen before a link.
func above(p *audit.Page, l audit.Link) []string {
	return strings.Split(p.Text[:l.Before], "\n")
}

// advertising wants the label and its reason in one line of text above the first
// affiliate link, and a visible marker at each.
func advertising(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		w := wordingOf(p)
		for i, l := range s.affiliates(p) {
			labeled := func(line string) bool { return w.label.MatchString(line) && w.pay.MatchString(line) }
			if i == 0 && !slices.ContainsFunc(above(p, l), labeled) {
				out = append(out, fault{p.Path, "No advertising label with the reason stands above the first affiliate link.", "Show the disclosure above it."})
			}
			if !w.marker.MatchString(l.Visible) {
				out = append(out, fault{p.Path, fmt.Sprintf("Affiliate link %.40q is not marked as advertising.", l.Visible), "Mark the link itself, visibly."})
			}
		}
	}
	return out
}

var (
	plainPay   = regexp.MustCompile(`(?i)\b(we|i) (may |might |will |can )?(also )?(earn|receive|get|are paid|am paid)\b.*\b(commissions?|money|paid|compensation|fee)\b|\b(paid|earn) (a )?commissions?\b|\bpaid links?\b`)
	plainCause = regexp.MustCompile(`(?i)\b(buy|purchases?|order|links?|click)\b`)
)

// paidLinks wants more than the words "affiliate link", which readers do not know:
// that the site earns when they buy, above the links, without a click.
func paidLinks(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		base, _, _ := strings.Cut(strings.ToLower(p.Language), "-")
		links := s.affiliates(p)
		if base != "en" || len(links) == 0 {
			continue
		}
		plain := func(line string) bool { return plainPay.MatchString(line) && plainCause.MatchString(line) }
		if !slices.ContainsFunc(above(p, links[0]), plain) {
			out = append(out, fault{p.Path, "The page does not say in plain words, before the first paid link, that the site earns from it.", "Say “If you buy through our links, we may earn a commission.”"})
		}
	}
	return out
}

// subIDs checks the offers of the draft: each link is counted by a sub-id of its
// own and belongs to a program that the operator may advertise.
func subIDs(s *Site) []fault {
	var out []fault
	seen := map[string]string{}
	programs := map[domain.ProgramID]domain.Program{}
	for _, p := range s.Draft.Programs {
		programs[p.ID] = p
	}
	for _, p := range s.Draft.Pages {
		for _, o := range p.Offers {
			where := p.Path() + "#" + o.Slot
			switch {
			case o.SubID == "" || len(o.SubID) > 50:
				out = append(out, fault{p.Path(), fmt.Sprintf("The offer in slot %s has no usable sub-id.", o.Slot), "Give each slot a sub-id of 1 to 50 characters."})
			case !carriesSubID(o):
				out = append(out, fault{p.Path(), fmt.Sprintf("The link in slot %s does not carry its sub-id.", o.Slot), "Append the sub-id to the link."})
			case seen[o.SubID] != "":
				out = append(out, fault{p.Path(), fmt.Sprintf("The sub-id of slot %s is also used at %s.", o.Slot, seen[o.SubID]), "Make sub-ids unique."})
			}
			seen[o.SubID] = where
			if program, known := programs[o.ProgramID]; len(programs) > 0 && (!known || !program.Joined || !program.Open) {
				out = append(out, fault{p.Path(), fmt.Sprintf("The program of the offer in slot %s is not joined or not open.", o.Slot), "Join the program or place another offer."})
			}
		}
	}
	return out
}

func carriesSubID(o domain.Offer) bool {
	u, err := url.Parse(o.URL)
	if err != nil {
		return false
	}
	if path, ok := strings.CutPrefix(o.URL, domain.GoPrefix); ok { // the redirect puts it into the link
		return strings.HasSuffix(path, "/"+o.SubID)
	}
	for _, values := range u.Query() {
		if slices.Contains(values, o.SubID) {
			return true
		}
	}
	return false
}

// The sentences that Amazon prescribes word by word.
const (
	amazonEnglish = "As an Amazon Associate I earn from qualifying purchases"
	amazonGerman  = "Als Amazon-Partner verdiene ich an qualifizierten Verkäufen"
)

func amazon(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		if !slices.ContainsFunc(p.Links, func(l audit.Link) bool { return amazonAddress(l.Href) }) {
			continue
		}
		sentence := amazonEnglish
		if german(p) {
			sentence = amazonGerman
		}
		if !strings.Contains(squash(p.Text), sentence) {
			out = append(out, fault{p.Path, "The page links to Amazon without the prescribed sentence.", "Write “" + sentence + ".”"})
		}
		if strings.Contains(strings.ToLower(s.Draft.Website.Domain), "amazon") {
			out = append(out, fault{p.Path, "The domain holds Amazon's trademark.", "Use another domain."})
		}
	}
	for _, p := range s.Draft.Pages {
		for _, o := range p.Offers {
			if amazonHosts.MatchString(strings.ToLower(o.Target)) {
				out = append(out, fault{p.Path(), fmt.Sprintf("The link in slot %s hides behind a redirect that it leads to Amazon.", o.Slot), "Link directly."})
			}
			if amazonAddress(o.URL) && o.PriceText != "" && (o.PriceAt == nil || s.Draft.BuiltAt.Sub(*o.PriceAt) > 24*time.Hour) {
				out = append(out, fault{p.Path(), fmt.Sprintf("Amazon's price in slot %s is older than a day.", o.Slot), "Leave out the price or read it again."})
			}
		}
	}
	return out
}

func amazonAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && amazonHosts.MatchString(strings.ToLower(u.Hostname()))
}

// brandDomain looks for names of advertisers in the domain, unless the niche has
// the same name. A short name must be a part of the domain of its own, because
// "nike" stands in "snikers", too.
func brandDomain(s *Site) []fault {
	host := s.Draft.Website.Domain
	if i := strings.LastIndexByte(host, '.'); i > 0 {
		host = host[:i]
	}
	parts := strings.FieldsFunc(host, func(r rune) bool { return r == '.' || r == '-' })
	host, niche := letters(host), letters(s.Draft.Website.Niche+s.Draft.Plan.Niche)
	names := map[string]bool{}
	for _, p := range s.Draft.Programs {
		names[p.Name] = true
	}
	for _, p := range s.Draft.Pages {
		for _, o := range p.Offers {
			names[o.MerchantName] = true
		}
	}
	var out []fault
	for name := range names {
		n := letters(name)
		if (len(n) >= 6 && strings.Contains(host, n) || n != "" && slices.Contains(parts, n)) && !strings.Contains(niche, n) {
			out = append(out, fault{"", fmt.Sprintf("The domain %s holds the name of the advertiser %s.", s.Draft.Website.Domain, name), "Use another domain."})
		}
	}
	slices.SortFunc(out, func(a, b fault) int { return strings.Compare(a.message, b.message) })
	return out
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
