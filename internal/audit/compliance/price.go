package compliance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"empire/internal/audit"
)

// MaxPriceAge is how old a price may be that a page shows, whatever the settings say.
const MaxPriceAge = 31 * 24 * time.Hour

// amountLine is a line that is an amount of money and nothing else.
var amountLine = regexp.MustCompile(`^(?:[€$£¥]|EUR|USD|GBP|CHF)?\s?\d[\d.,’']*\s?(?:[€$£¥]|EUR|USD|GBP|CHF)?$`)

// offerPrices wants beside each link to an offer the price of just this offer, and no
// price where the offer has none, such as one that is too old.
func offerPrices(s *Site) []fault {
	var out []fault
	for i := range s.Draft.Pages {
		p := &s.Draft.Pages[i]
		built := s.built(p)
		if built == nil {
			continue
		}
		prices := map[string]string{}
		for _, o := range p.Offers {
			prices[o.Slot] = squash(o.PriceText)
		}
		for _, l := range built.Links {
			want, known := prices[l.Slot]
			line := lastLine(built, l)
			if !known || !amountLine.MatchString(line) || line == want {
				continue
			}
			if want == "" {
				want = "none"
			}
			out = append(out, fault{built.Path, fmt.Sprintf("The price beside the offer in slot %s is %s; that of the offer is %s.", l.Slot, line, want), "Show the price of the offer."})
		}
	}
	return out
}

// lastLine is the last line of text that stands before a link.
func lastLine(p *audit.Page, l audit.Link) string {
	lines := strings.Split(strings.TrimRight(p.Text[:l.Before], " \n\t"), "\n")
	return squash(lines[len(lines)-1])
}

// oldPrices looks at when the prices of offers were read.
func oldPrices(s *Site) []fault {
	var out []fault
	for _, p := range s.Draft.Pages {
		for _, o := range p.Offers {
			if o.PriceText != "" && o.PriceAt != nil && s.Draft.BuiltAt.Sub(*o.PriceAt) > MaxPriceAge {
				out = append(out, fault{p.Path(), fmt.Sprintf("The price in slot %s was read on %s.", o.Slot, o.PriceAt.UTC().Format(time.DateOnly)), "Read the feed again or leave the price out."})
			}
		}
	}
	return out
}

var (
	signBefore = regexp.MustCompile(`([€$£¥]|\b(?:EUR|USD|GBP|CHF)\b)\s?\d`)
	signAfter  = regexp.MustCompile(`\d\s?([€$£¥]|(?:EUR|USD|GBP|CHF)\b)`)
)

// currencies returns the signs of money in a text.
func currencies(text string) map[string]bool {
	out := map[string]bool{}
	for _, re := range []*regexp.Regexp{signBefore, signAfter} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			out[m[1]] = true
		}
	}
	return out
}

// otherCurrency finds amounts in a currency that no text of the site has.
func otherCurrency(s *Site) []fault {
	known := map[string]bool{}
	add := func(text string) {
		for sign := range currencies(text) {
			known[sign] = true
		}
	}
	for i := range s.Draft.Pages {
		p := &s.Draft.Pages[i]
		add(strings.Join([]string{p.PlainText(), p.Title, p.Description, p.Heading, p.Summary, p.NavLabel}, "\n"))
		for _, o := range p.Offers {
			add(o.PriceText)
		}
	}
	var out []fault
	for _, p := range s.Pages {
		for sign := range currencies(strings.Join([]string{p.Title, p.Description, p.Text, strings.Join(p.Labels, "\n")}, "\n")) {
			if len(known) > 0 && !known[sign] {
				out = append(out, fault{p.Path, fmt.Sprintf("The page names amounts in %s; no price of the site is in that currency.", sign), "Show prices in the currency in which they are asked."})
			}
		}
	}
	slices.SortFunc(out, func(a, b fault) int { return strings.Compare(a.page+a.message, b.page+b.message) })
	return out
}

const money = `(?:[€$£]\s?\d|\d[\d.,]*\s?(?:€|EUR|USD))`

var formerPattern = regexp.MustCompile(`(?i)\b(?:RRP|MSRP|UVP|list price|listenpreis|previously|formerly|bisher|früher|ehemals|vorher)\b:?\s(?:only |nur )?` + money +
	`|\bwas ` + money + `\S*,? (?:is )?now\b|\b(?:\d+ ?%|prozent) (?:off|reduziert|billiger als bisher)\b`)

// formerPrices finds prices that are crossed out or called former ones: the law wants
// the lowest of the last 30 days there, which nobody has recorded.
func formerPrices(s *Site) []fault {
	const fix = "Show today's price alone."
	var out []fault
	for _, p := range s.Pages {
		found := formerPattern.FindString(squash(p.Text))
		for _, struck := range p.Struck {
			if strings.ContainsAny(struck, "0123456789") {
				found = struck
			}
		}
		if found != "" {
			out = append(out, fault{p.Path, fmt.Sprintf("The page compares with a former price (%.60q) that has no record.", found), fix})
		}
	}
	return out
}

// offerLinks wants every link of an affiliate network to be one of the page's offers,
// unchanged: another address earns for somebody else or is counted nowhere.
func offerLinks(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		bySlot, all := map[string]string{}, map[string]bool{}
		for i := range s.Draft.Pages {
			if d := &s.Draft.Pages[i]; d.Path() == p.Path {
				for _, o := range d.Offers {
					bySlot[o.Slot], all[o.URL] = o.URL, true
				}
			}
		}
		for _, l := range p.Links {
			want, slot := bySlot[l.Slot]
			switch {
			case slot && l.Slot != "" && l.Href != want && !strings.HasPrefix(l.Href, "/go/"):
				out = append(out, fault{p.Path, fmt.Sprintf("The link in slot %s leads to %.80q, which is not its offer.", l.Slot, l.Href), "Link the offer."})
			case !slot && !all[l.Href] && networkLink(l.Href):
				out = append(out, fault{p.Path, fmt.Sprintf("The link to %.80q belongs to no offer of the page.", l.Href), "Place an offer or remove the link."})
			}
		}
	}
	return out
}

// maxSpacer is the length of an address of the kind data: that holds no picture yet.
const maxSpacer = 200

// pictureRights wants a record for each picture of the site, and no picture that is
// taken from elsewhere for shared links.
func pictureRights(s *Site) []fault {
	var out []fault
	for _, f := range s.Files {
		if !strings.HasPrefix(f.ContentType, "image/") {
			continue
		}
		if missing := f.Rights.Missing(); len(missing) > 0 {
			out = append(out, fault{f.Path, "The picture has no record of its rights: " + strings.Join(missing, ", ") + ".", "Name source, author and license, or leave it out."})
		}
	}
	for _, p := range s.Pages {
		if p.ShareImage != "" && s.foreign(p.ShareImage) {
			out = append(out, fault{p.Path, fmt.Sprintf("The picture for shared links is taken from elsewhere: %.80q.", p.ShareImage), "Use the site's own card."})
		}
		for _, i := range p.Images {
			if strings.HasPrefix(i.Src, "data:") && len(i.Src) > maxSpacer {
				out = append(out, fault{p.Path, "A picture is written into the page and has no record of its rights.", "Keep it as a file with a record."})
			}
		}
	}
	return out
}
