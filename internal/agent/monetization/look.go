package monetization

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/extract"
)

// MerchantPage returns the page of the merchant that a link leads to, to be looked at
// without its network: a deep link's destination, the page that a click link names, or
// that of the feed's row. What could count as a click is taken out of it. An empty page
// comes with the reason why there is none: no address of a network is ever returned,
// nor one whose host is not known to be the merchant's.
func MerchantPage(l *domain.Link, row *domain.Product, program *domain.Program) (page, why string) {
	for _, raw := range candidatesOf(l, row) {
		u, err := url.Parse(strings.TrimSpace(raw))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
			continue
		}
		host := u.Hostname()
		if domain.NetworkHost(host) != "" {
			continue
		}
		if domain.AmazonHost(host) {
			why = "Amazon does not allow programs to read its pages"
			continue
		}
		known := program != nil && domain.AllowedHost(host, program.Domains)
		if l.Form == domain.FormPlain && !known {
			why = cmp.Or(why, "nobody says that host "+host+" is the merchant's: asking it could be a click")
			continue
		}
		if program != nil && len(program.Domains) > 0 && !known {
			why = cmp.Or(why, "host "+host+" is not one of the program's domains")
			continue
		}
		u.RawQuery, u.Fragment = withoutTracking(u.RawQuery), ""
		return u.String(), ""
	}
	return "", cmp.Or(why, "no page of the merchant is known")
}

func candidatesOf(l *domain.Link, row *domain.Product) []string {
	var out []string
	switch l.Form {
	case domain.FormDeep, domain.FormPlain:
		out = append(out, l.Destination)
	case domain.FormClick:
		if u, err := url.Parse(l.Destination); err == nil {
			q := u.Query()
			out = append(out, q.Get("ued"), q.Get("p"))
		}
	}
	// A person's own destination is not that of the row.
	if row != nil && (!l.Own || l.Form == domain.FormClick && l.Destination == row.TrackingURL) {
		out = append(out, row.MerchantURL)
	}
	return out
}

// tracking are parameters that say where a visitor came from; merchants count by them.
// pid and sid are not among them: in most shops they name the product.
var tracking = map[string]bool{
	"awc": true, "awinaffid": true, "awinmid": true, "clickref": true, "sv1": true, "sv_campaign_id": true, "source": true, "ref": true, "refid": true, "aff": true, "affid": true, "affiliate": true,
	"affiliate_id": true, "partner": true, "partnerid": true, "partner_id": true, "subid": true, "tag": true, "gclid": true, "fbclid": true, "msclkid": true, "campaign": true,
}

func withoutTracking(query string) string {
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(strings.ToLower(pair), "=")
		if pair != "" && !tracking[key] && !strings.HasPrefix(key, "utm_") {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// Judge says what a look at a merchant's page found. err is that of the probe. What may
// be a wall against programs, or a fault that passes, is unknown, never a dead page.
func Judge(probe *domain.PageProbe, err error) domain.LinkLook {
	l := domain.LinkLook{State: domain.LookUnknown}
	if probe != nil {
		l.FinalURL, l.Status = probe.FinalURL, probe.Status
	}
	if err != nil {
		l.Reason = "the page was not read"
		if e, ok := errors.AsType[*domain.FetchError](err); ok {
			l.Reason = reasonOf(e)
		}
		return l
	}
	switch {
	case probe.Status == http.StatusNotFound || probe.Status == http.StatusGone:
		l.State, l.Reason = domain.LookGone, fmt.Sprintf("the merchant answers %d", probe.Status)
		return l
	case probe.Status < 200 || probe.Status > 299:
		l.Reason = fmt.Sprintf("the merchant answers %d", probe.Status)
		return l
	}
	l.State, l.Reason = read(probe)
	return l
}

func reasonOf(e *domain.FetchError) string {
	switch e.Reason {
	case domain.FetchForeign:
		return "the page leads to another host, which is not asked"
	case domain.FetchRobots, domain.FetchDelay, domain.FetchReserved:
		return "the merchant asks programs to stay away (" + string(e.Reason) + ")"
	default:
		return "the page was not read (" + string(e.Reason) + ")"
	}
}

// read judges a page that was sent with 2xx.
func read(p *domain.PageProbe) (domain.LookState, string) {
	page := extract.Parse(p.Body, p.ContentType)
	text := strings.ToLower(page.Text())
	title := strings.ToLower(page.Metadata(nil).Title)
	head := title + "\n" + firstWords(text, 40)
	if wall.MatchString(title) || wallBody.Match(p.Body[:min(len(p.Body), 64<<10)]) && len(text) < 2000 {
		return domain.LookUnknown, "the page asks whether its reader is a person"
	}
	stock, said := availability(page)
	switch {
	case notFound.MatchString(title) && !stock, notFound.MatchString(head) && !said, notFound.MatchString(text) && len(text) < 1500 && !said:
		return domain.LookSoft, "the page says that there is none"
	}
	if why := elsewhere(p); why != "" && !said {
		return domain.LookSoft, why
	}
	switch {
	case said && !stock:
		return domain.LookSoldOut, "the page's structured data say that it cannot be bought"
	case said:
	case soldOutText.MatchString(text) && !buy.Match(bytes.ToLower(p.Body)):
		return domain.LookSoldOut, "the page says that it cannot be bought, and has nothing to buy it with"
	case len(strings.TrimSpace(text)) == 0:
		return domain.LookUnknown, "the page has no text without its scripts"
	}
	if len(p.Hops) > 0 && !slices.ContainsFunc(p.Hops, func(s int) bool { return s != http.StatusMovedPermanently && s != http.StatusPermanentRedirect }) && !sameAddress(p.URL, p.FinalURL) {
		return domain.LookMoved, "the merchant moved the page for good"
	}
	return domain.LookOK, ""
}

func firstWords(s string, n int) string {
	words := strings.Fields(s)
	return strings.Join(words[:min(n, len(words))], " ")
}

var (
	notFound = regexp.MustCompile(`\b((error|fehler) 404|404 (error|fehler)|page not found|not found|(page|product|item|article) (was |is |could |can)?(not|no longer)( be)? (found|available|exist|exists)|no longer available|doesn.t exist|does not exist|` +
		`seite (wurde )?(leider )?nicht gefunden|seite existiert nicht|(artikel|produkt) (wurde |ist |konnte )?(leider )?nicht (mehr )?(gefunden|vorhanden|verfügbar|im sortiment)|existiert (leider )?nicht( mehr)?|^404$|nicht mehr (verfügbar|erhältlich|im sortiment))`)
	soldOutText = regexp.MustCompile(`\b(sold out|out of stock|currently unavailable|temporarily unavailable|not in stock|ausverkauft|nicht (mehr )?(lieferbar|auf lager|vorrätig)|zur ?zeit nicht (lieferbar|verfügbar)|derzeit nicht (lieferbar|verfügbar)|momentan nicht (lieferbar|verfügbar)|aktuell nicht (lieferbar|verfügbar))`)
	buy         = regexp.MustCompile(`\b(add to (cart|basket|bag)|buy now|in den (waren|einkaufs)korb|in den korb|jetzt (kaufen|bestellen)|zum warenkorb hinzufügen)`)
	wall        = regexp.MustCompile(`just a moment|attention required|access denied|pardon our interruption|are you (a )?(human|robot)|verify you are human|security check|zugriff verweigert|captcha|sicherheitsprüfung|bist du ein mensch|sind sie ein mensch`)
	wallBody    = regexp.MustCompile(`(?i)(cf-chl|cf-turnstile|challenge-platform|g-recaptcha|h-captcha|px-captcha|datadome|_incapsula_|perimeterx|captcha)`)
)

// elsewhere says that the start page or a category came instead of a page, if so.
func elsewhere(p *domain.PageProbe) string {
	if len(p.Hops) == 0 {
		return ""
	}
	from, err1 := url.Parse(p.URL)
	to, err2 := url.Parse(p.FinalURL)
	if err1 != nil || err2 != nil {
		return ""
	}
	a, b := path.Clean("/"+from.Path), path.Clean("/"+to.Path)
	switch {
	case a == "/" || a == b:
		return ""
	case startPage.MatchString(b):
		return "the merchant leads to its start page instead"
	case errorPage.MatchString(b):
		return "the merchant leads to its error page"
	case strings.HasPrefix(a, b+"/"):
		return "the merchant leads to a category instead"
	case categoryPage.MatchString(b) && !categoryPage.MatchString(a):
		return "the merchant leads to a category or a search instead"
	}
	return ""
}

var (
	startPage    = regexp.MustCompile(`(?i)^/([a-z]{2}([-_][a-z]{2})?)?(/?(index|home|start)(\.[a-z]+)?)?$`)
	errorPage    = regexp.MustCompile(`(?i)/(404|error|fehler|not-?found|nicht-gefunden)([/.]|$)`)
	categoryPage = regexp.MustCompile(`(?i)/(c|cat|category|categories|kategorie|kategorien|collections|search|suche|sortiment)(/[^/]+)?/?$`)
)

func sameAddress(a, b string) bool {
	trim := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	return trim(a) == trim(b)
}

// availability reads schema.org and Open Graph: whether anything that the page offers
// can be bought, and whether it says so at all.
func availability(page *extract.Page) (stock, said bool) {
	note := func(value string) {
		value = strings.ToLower(value[strings.LastIndexAny(value, "/:#")+1:])
		switch strings.NewReplacer(" ", "", "_", "", "-", "").Replace(value) {
		case "instock", "limitedavailability", "onlineonly", "presale", "preorder", "backorder", "madetoorder", "availablefororder", "instoreonly", "reserved":
			stock, said = true, true
		case "outofstock", "soldout", "discontinued", "oos":
			said = true
		}
	}
	s := page.Structured(nil)
	for _, o := range s.JSONLD {
		walk(o, 0, note)
	}
	for _, items := range [][]*extract.Item{s.Microdata, s.RDFa} {
		for _, it := range items {
			walk(it.JSON(false), 0, note)
		}
	}
	for _, p := range s.OpenGraph {
		if p.Name == "product:availability" || p.Name == "og:availability" {
			note(p.Content)
		}
	}
	return stock, said
}

// walk calls note with each availability of an offer; products that a page only names
// beside its own (isRelatedTo, itemListElement, …) are left out.
func walk(v any, depth int, note func(string)) {
	if depth > 12 {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			walk(e, depth+1, note)
		}
	case map[string]any:
		for key, e := range v {
			switch key {
			case "isRelatedTo", "isSimilarTo", "isAccessoryOrSparePartFor", "itemListElement", "isConsumableFor", "mentions":
			case "availability":
				for _, one := range append(listOf(e), e) {
					switch one := one.(type) {
					case string:
						note(one)
					case map[string]any:
						id, _ := one["@id"].(string)
						note(id)
					}
				}
			default:
				walk(e, depth+1, note)
			}
		}
	}
}

func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}
