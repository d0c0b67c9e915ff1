package compliance

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"empire/internal/audit"
	"empire/internal/domain"
)

// Labels that readers understand as advertising; both parts must be there.
var (
	labelPattern  = regexp.MustCompile(`(?i)\b(advertis(ing|ement)|anzeigen?|werbung|werbelinks?)\b`)
	payPattern    = regexp.MustCompile(`(?i)\b(commission|paid|provision|vergütung)`)
	markerPattern = regexp.MustCompile(`(?i)(^|[^\p{L}])(ad|advertisement|advertising|anzeige|werbung|sponsored)($|[^\p{L}])`)
)

func advertising(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		first := true
		for _, l := range p.Links {
			if !s.affiliate(l.Href) {
				continue
			}
			if first {
				above := p.Text[:l.Before]
				if !labelPattern.MatchString(above) || !payPattern.MatchString(above) {
					out = append(out, fault{p.Path, "No advertising label with the reason stands above the first affiliate link.", "Show the disclosure above it."})
				}
				first = false
			}
			if !markerPattern.MatchString(l.Text) {
				out = append(out, fault{p.Path, fmt.Sprintf("Affiliate link %.40q is not marked as advertising.", strings.TrimSpace(l.Text)), "Mark the link itself."})
			}
		}
	}
	return out
}

func subIDs(s *Site) []fault {
	var out []fault
	seen := map[string]string{}
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
		}
	}
	return out
}

func carriesSubID(o domain.Offer) bool {
	u, err := url.Parse(o.URL)
	if err != nil {
		return false
	}
	for _, values := range u.Query() {
		for _, v := range values {
			if v == o.SubID {
				return true
			}
		}
	}
	return false
}

func legalNotice(s *Site) []fault {
	var out []fault
	if missing := s.Draft.Website.Operator.Missing(); len(missing) > 0 {
		out = append(out, fault{"", "Operator settings are incomplete: " + strings.Join(missing, ", ") + ".", "Set operator.* in the configuration."})
	}
	out = append(out, linkedFromEverywhere(s, domain.PageImprint, "impressum")...)
	if p := s.page(domain.PageImprint); p != nil {
		o := s.Draft.Website.Operator
		for _, f := range []struct{ name, value string }{
			{"name", o.Name}, {"street", o.Street}, {"city", o.City}, {"e-mail address", o.Email}, {"responsible person", o.Responsible},
		} {
			if !strings.Contains(squash(p.Text), squash(f.value)) {
				out = append(out, fault{p.Path, "The legal notice does not show the operator's " + f.name + ".", "Show it."})
			}
		}
	}
	return out
}

func privacyPage(s *Site) []fault { return linkedFromEverywhere(s, domain.PagePrivacy, "") }

// linkedFromEverywhere checks that the page of that kind exists and that every page
// links to it; name, if set, must be part of the link's text.
func linkedFromEverywhere(s *Site, kind domain.PageKind, name string) []fault {
	target := s.page(kind)
	if target == nil {
		return []fault{{"", fmt.Sprintf("The site has no %s page.", kind), "Add the page."}}
	}
	var out []fault
	for _, p := range s.Pages {
		found := false
		for _, l := range p.Links {
			if l.Href == target.Path && strings.Contains(strings.ToLower(l.Text), name) {
				found = true
				break
			}
		}
		if !found {
			out = append(out, fault{p.Path, fmt.Sprintf("The page does not link to the %s page by name.", kind), "Link it in the footer."})
		}
	}
	return out
}

// page returns the built page of that kind, or nil.
func (s *Site) page(kind domain.PageKind) *audit.Page {
	for i := range s.Draft.Pages {
		if s.Draft.Pages[i].Kind != kind {
			continue
		}
		for _, p := range s.Pages {
			if p.Path == s.Draft.Pages[i].Path() {
				return p
			}
		}
	}
	return nil
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

var storagePattern = regexp.MustCompile(`(?i)document\.cookie|localStorage|sessionStorage|indexedDB`)

func thirdParties(s *Site) []fault {
	var out []fault
	for _, p := range s.Pages {
		for _, r := range p.Resources {
			u, err := url.Parse(r)
			if err != nil || u.Host != "" && !strings.EqualFold(u.Hostname(), s.Draft.Website.Domain) {
				out = append(out, fault{p.Path, fmt.Sprintf("The page loads %.80q from elsewhere.", r), "Serve it from the site itself."})
			}
		}
		for _, script := range p.Scripts {
			if m := storagePattern.FindString(script); m != "" {
				out = append(out, fault{p.Path, "A script stores something on the device: " + m + ".", "Remove it or ask for consent first."})
			}
		}
	}
	return out
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

func priceDates(s *Site) []fault {
	var out []fault
	for _, p := range s.Draft.Pages {
		for _, o := range p.Offers {
			if o.PriceText == "" {
				continue
			}
			if o.Price == nil || o.Price.Validate() != nil || o.PriceAt == nil || o.PriceAt.IsZero() {
				out = append(out, fault{p.Path(), fmt.Sprintf("The price in slot %s lacks its currency or its date.", o.Slot), "Leave out the price or give both."})
			}
		}
	}
	return out
}
