package compliance

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"empire/internal/audit"
)

var historyPattern = regexp.MustCompile(`(?i)\b(window|document|top|self|parent)\.location(\.href)?\s*=[^=]|(^|[^\w.])location(\.href)?\s*=[^=]|\blocation\.(replace|assign)\s*\(` +
	`|\bhistory\.(pushState|replaceState|go|back|forward)\s*\(|\b(on)?popstate\b|\b(on)?beforeunload\b`)

// navigation finds pages that move the reader elsewhere or trap the back button.
func navigation(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, target := range p.Redirects {
			out = append(out, fault{p.Path, fmt.Sprintf("The page sends readers elsewhere: %.80q.", target), "Remove the refresh."})
		}
		for _, script := range s.scripts(p) {
			if m := historyPattern.FindString(script); m != "" {
				out = append(out, fault{p.Path, fmt.Sprintf("A script changes where the reader is: %.60q.", m), "Leave navigation to the reader."})
			}
		}
	}
	return out
}

// scripts returns the inline scripts of a page and the site's own script files that
// it loads.
func (s *Site) scripts(p *audit.Page) []string {
	out := slices.Clone(p.Scripts)
	for _, f := range s.Files {
		if strings.Contains(f.ContentType, "javascript") && slices.Contains(p.Resources, f.Path) {
			out = append(out, string(f.Body))
		}
	}
	return out
}

var (
	storagePattern = regexp.MustCompile(`(?i)\bdocument\s*(\.|\[\s*["'])\s*cookie|\bcookieStore\b|\blocalStorage\b|\bsessionStorage\b|\bindexedDB\b|\bcaches\s*\.\s*open\b|serviceWorker\s*\.\s*register`)
	addressPattern = regexp.MustCompile(`(?i)(?:https?:|wss?:|["'` + "`" + `])//[a-z0-9.-]+\.[a-z]{2,}`)
)

// namespaces are addresses that name something and are never loaded.
var namespaces = []string{"www.w3.org", "schema.org", "www.schema.org"}

func thirdParties(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, r := range p.Resources {
			if s.foreign(r) {
				out = append(out, fault{p.Path, fmt.Sprintf("The page loads %.80q from elsewhere.", r), "Serve it from the site itself."})
			}
		}
		for _, script := range s.scripts(p) {
			if m := storagePattern.FindString(script); m != "" {
				out = append(out, fault{p.Path, "A script stores something on the device: " + m + ".", "Remove it or ask for consent first."})
			}
			for _, m := range addressPattern.FindAllString(script, -1) {
				host := m[strings.Index(m, "//")+2:]
				if !slices.Contains(namespaces, strings.ToLower(host)) && s.foreign("//"+host) {
					out = append(out, fault{p.Path, fmt.Sprintf("A script names the host %.60q.", host), "Serve what it needs from the site itself."})
					break
				}
			}
		}
	}
	for _, f := range s.Files {
		if strings.HasPrefix(f.ContentType, "text/css") || strings.HasPrefix(f.ContentType, "image/svg") {
			for _, r := range audit.CSSResources(string(f.Body)) {
				if s.foreign(r) {
					out = append(out, fault{f.Path, fmt.Sprintf("The file loads %.80q from elsewhere.", r), "Serve it from the site itself."})
				}
			}
		}
	}
	return out
}

// foreign reports whether a browser would ask another host for an address.
func (s *Site) foreign(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	switch strings.ToLower(u.Scheme) {
	case "data", "blob", "about", "javascript":
		return false
	case "", "http", "https", "ws", "wss":
		return (u.Host != "" || u.Scheme != "") && !strings.EqualFold(u.Hostname(), s.Draft.Website.Domain)
	default:
		return true
	}
}

func images(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, i := range p.Images {
			if !i.HasAlt {
				out = append(out, fault{p.Path, fmt.Sprintf("Image %.60q has no alternative text.", i.Src), "Add an alt attribute."})
			}
		}
	}
	return out
}

// userContent refuses fields for free text and files: a site that takes content
// from readers needs a contact point, terms and a way to report.
func userContent(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, kind := range p.Fields {
			if kind == "textarea" || kind == "file" {
				out = append(out, fault{p.Path, fmt.Sprintf("A form takes content from readers (%s).", kind), "Remove the field."})
			}
		}
	}
	return out
}

var taxWords = regexp.MustCompile(`(?i)\b(VAT|sales tax|tax|taxes|MwSt|USt|Mehrwertsteuer|Umsatzsteuer|Steuern?)\b`)

// priceDates looks at offers with a price: the draft knows currency and time, and
// the page that shows the price says what it includes and when it was read.
func priceDates(s *Site) []fault {
	var out []fault
	for i := range s.Draft.Pages {
		p := &s.Draft.Pages[i]
		built := s.built(p)
		for _, o := range p.Offers {
			switch {
			case o.PriceText == "":
			case o.Price == nil || o.Price.Validate() != nil || o.PriceAt == nil || o.PriceAt.IsZero():
				out = append(out, fault{p.Path(), fmt.Sprintf("The price in slot %s lacks its currency or its date.", o.Slot), "Leave out the price or give both."})
			case built == nil || !strings.Contains(built.Text, o.PriceText):
			case !taxWords.MatchString(built.Text):
				out = append(out, fault{p.Path(), "The page shows prices and does not say whether they include tax.", "Add the note on tax."})
			case !saysDay(built.Text, *o.PriceAt):
				out = append(out, fault{p.Path(), fmt.Sprintf("The page shows the price in slot %s without its day.", o.Slot), "Add the day."})
			}
		}
	}
	return out
}

var germanMonths = [...]string{
	"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember",
}

// saysDay reports whether text names the day of t in one of the usual forms.
func saysDay(text string, t time.Time) bool {
	t = t.UTC()
	text = squash(text)
	for _, layout := range []string{"2 January 2006", "January 2, 2006", "02.01.2006", "2.1.2006", time.DateOnly} {
		if strings.Contains(text, t.Format(layout)) {
			return true
		}
	}
	return strings.Contains(text, fmt.Sprintf("%d. %s %d", t.Day(), germanMonths[t.Month()-1], t.Year()))
}
