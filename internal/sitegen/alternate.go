package sitegen

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"empire/internal/domain"
)

// alternate is a link to a language version of a page, of which the page itself is one.
type alternate struct{ Language, Href string }

var languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z]{4})?(-[A-Z]{2}|-[0-9]{3})?$`)

// alternatesOf returns the language versions of a page, itself included, by language,
// and the one for readers of none of them (x-default): the English one, or the page
// itself. A page without others has none: Google wants each version to name all,
// itself too (Search Central, "Tell Google about localized versions of your page").
func (s *site) alternatesOf(p *domain.Page) ([]alternate, error) {
	if len(p.Alternates) == 0 || !p.Indexable {
		return nil, nil
	}
	own := alternate{firstOf(p.Language, s.draft.Website.Language, "en"), s.origin + p.Path()}
	list, rest := []alternate{own}, own
	for _, a := range p.Alternates {
		u, err := url.Parse(a.URL)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return nil, domain.Invalid("alternates", "Alternate %.80q of %s is no https address.", a.URL, p.Path())
		}
		if !languageTag.MatchString(a.Language) || slices.ContainsFunc(list, func(b alternate) bool { return b.Language == a.Language }) {
			return nil, domain.Invalid("alternates", "The alternates of %s name the language %.20q twice, or it is none.", p.Path(), a.Language)
		}
		list = append(list, alternate{a.Language, a.URL})
	}
	slices.SortFunc(list, func(a, b alternate) int { return strings.Compare(a.Language, b.Language) })
	for _, a := range list {
		if a.Language == "en" {
			rest = a
		}
	}
	return append(list, alternate{"x-default", rest.Href}), nil
}
