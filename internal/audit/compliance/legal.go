package compliance

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"empire/internal/audit"
	"empire/internal/domain"
)

// Names under which readers look for the pages that the law wants. The BGH takes
// "Impressum" and "Kontakt" as known (I ZR 228/03); English readers know others.
var (
	imprintName = regexp.MustCompile(`(?i)impressum|anbieterkennzeichnung|\b(imprint|legal notice)\b`)
	privacyName = regexp.MustCompile(`(?i)datenschutz|\bprivacy\b`)
	rightsWords = regexp.MustCompile(`(?i)\b(Art\.? ?1[5-9]|Artikel 1[5-9]|Article 1[5-9]|right of access|right to access|Auskunftsrecht|Recht auf Auskunft)`)
)

func legalNotice(s *Site) []fault {
	var out []fault
	o := s.Draft.Website.Operator.In(s.Draft.Website.Language)
	if missing := o.Missing(); len(missing) > 0 {
		out = append(out, fault{"", "Operator settings are incomplete: " + strings.Join(missing, ", ") + ".", "Set operator.* in the configuration."})
	}
	out = append(out, linkedFromEverywhere(s, domain.PageImprint, imprintName)...)
	if p := s.page(domain.PageImprint); p != nil {
		text := strings.ToLower(squash(p.Text))
		for _, f := range []struct{ name, value string }{
			{"name", o.Name}, {"street", o.Street}, {"postal code", o.PostalCode}, {"city", o.City}, {"country", o.Country}, {"e-mail address", o.Email},
			{"phone number", o.Phone}, {"contact page", o.ContactURL}, {"register", o.Register}, {"VAT ID", o.VATID}, {"responsible person", o.Responsible},
		} {
			if !strings.Contains(text, strings.ToLower(squash(f.value))) {
				out = append(out, fault{p.Path, "The legal notice does not show the operator's " + f.name + ".", "Show it."})
			}
		}
	}
	return out
}

// privacyPage wants the controller and the rights of Art. 13(1)(a) and (2)(b).
func privacyPage(s *Site) []fault {
	out := linkedFromEverywhere(s, domain.PagePrivacy, privacyName)
	p := s.page(domain.PagePrivacy)
	if p == nil {
		return out
	}
	text, o := strings.ToLower(squash(p.Text)), s.Draft.Website.Operator.In(s.Draft.Website.Language)
	for _, f := range []struct{ name, value string }{{"name", o.Name}, {"e-mail address", o.Email}} {
		if !strings.Contains(text, strings.ToLower(squash(f.value))) {
			out = append(out, fault{p.Path, "The privacy page does not show the controller's " + f.name + ".", "Show it."})
		}
	}
	if !rightsWords.MatchString(text) {
		out = append(out, fault{p.Path, "The privacy page does not name the readers' rights.", "Name the rights of GDPR Art. 15 to 21."})
	}
	return out
}

// linkedFromEverywhere checks that the page of that kind exists and that every page
// links to it with visible text that says its name.
func linkedFromEverywhere(s *Site, kind domain.PageKind, name *regexp.Regexp) []fault {
	target := s.page(kind)
	if target == nil {
		return []fault{{"", fmt.Sprintf("The site has no %s page.", kind), "Add the page."}}
	}
	var out []fault
	for _, p := range s.Pages {
		found := false
		for _, l := range p.Links {
			found = found || s.leadsTo(l, target) && name.MatchString(l.Visible)
		}
		if !found {
			out = append(out, fault{p.Path, fmt.Sprintf("The page does not link to the %s page by name.", kind), "Link it in the footer."})
		}
	}
	return out
}

func (s *Site) leadsTo(l audit.Link, target *audit.Page) bool {
	u, err := url.Parse(l.Href)
	if err != nil || u.Host != "" && !strings.EqualFold(u.Hostname(), s.Draft.Website.Domain) {
		return false
	}
	return u.Path == target.Path
}
