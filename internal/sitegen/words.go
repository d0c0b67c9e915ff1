package sitegen

import (
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// words are the theme's own texts in one language. They hold no figures.
type words struct {
	Lang, Locale                               string
	Skip, Menu, MainNav, Crumbs, Home          string
	OnThisPage, Updated, HowWeCompare          string
	Ad, AdLead, AdText, AdMore                 string
	Button, ButtonShort, AsOf, Till, Offer     string
	TaxIncluded, TaxAdded, TaxUnknown          string
	NotStated, BestColumn, BestRow             string
	Property, Pros, Cons, ReadNext             string
	Explore, StartGuide, SeeAll                string
	Basics, Best, Comparisons, Products, Legal string
	Imprint, Privacy, Disclosure               string
	Sample                                     string
	NotFoundTitle, NotFoundText, BackHome      string
	Prices, Note, Aisles                       string
	Tools, Order, AsListed, All                string
	Ascending, Descending                      string
	Search, SearchText, SearchFor              string
	Found, FoundNone                           string // # stands for a number, which a script fills in
	LowerFrom, LowerAt, SoldOut                string
	months                                     [12]string
}

var english = &words{
	Lang: "en", Locale: "en_US",
	Skip: "Skip to content", Menu: "Menu", MainNav: "Main menu", Crumbs: "You are here", Home: "Home",
	OnThisPage: "On this page", Updated: "Updated", HowWeCompare: "How we compare",
	Ad: "Ad", AdLead: "Advertising:",
	AdText: "this page contains affiliate links, marked “Ad”. If you buy through them, we may earn a commission.",
	AdMore: "How this site earns money",
	Button: "View at", ButtonShort: "View", AsOf: "as of", Till: "to", Offer: "Offer",
	TaxIncluded: "incl. VAT, plus shipping", TaxAdded: "plus sales tax and shipping where they apply", TaxUnknown: "taxes and shipping as the merchant states them",
	NotStated: "not stated", BestColumn: "best in its column", BestRow: "best in its row",
	Property: "Property", Pros: "Speaks for it", Cons: "Speaks against it", ReadNext: "Read next",
	Explore: "Explore the site", StartGuide: "Read the buying guide", SeeAll: "See all pages",
	Basics: "Basics", Best: "Best for", Comparisons: "Comparisons", Products: "Products",
	Legal:   "Legal",
	Imprint: "Legal notice (Impressum)", Privacy: "Privacy", Disclosure: "Advertising disclosure",
	Sample:        "Demonstration site with sample operator data.",
	NotFoundTitle: "Page not found", NotFoundText: "There is no page at this address. It may have been moved or removed.", BackHome: "Go to the home page",
	Prices: "Prices", Note: "Note", Aisles: "Selections at a glance",
	LowerFrom: "from", LowerAt: "at", SoldOut: "out of stock there, says the feed",
	Tools: "Sort and filter", Order: "Order", AsListed: "as listed", All: "all", Ascending: "ascending", Descending: "descending",
	Search: "Search", SearchText: "All pages of this site are listed below.", SearchFor: "Words to look for",
	Found: "Pages found: #", FoundNone: "No page holds all of these words.",
	months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

var german = &words{
	Lang: "de", Locale: "de_DE",
	Skip: "Zum Inhalt springen", Menu: "Menü", MainNav: "Hauptmenü", Crumbs: "Sie sind hier", Home: "Startseite",
	OnThisPage: "Auf dieser Seite", Updated: "Aktualisiert am", HowWeCompare: "So vergleichen wir",
	Ad: "Anzeige", AdLead: "Werbung:",
	AdText: "Diese Seite enthält Affiliate-Links, gekennzeichnet mit „Anzeige“. Kaufen Sie darüber ein, erhalten wir unter Umständen eine Provision.",
	AdMore: "Wie sich diese Website finanziert",
	Button: "Zum Angebot bei", ButtonShort: "Ansehen", AsOf: "Stand", Till: "bis", Offer: "Angebot",
	TaxIncluded: "inkl. MwSt., zzgl. Versand", TaxAdded: "ggf. zzgl. Steuern und Versand", TaxUnknown: "Steuern und Versand laut Händler",
	NotStated: "keine Angabe", BestColumn: "bester Wert der Spalte", BestRow: "bester Wert der Zeile",
	Property: "Eigenschaft", Pros: "Das spricht dafür", Cons: "Das spricht dagegen", ReadNext: "Weiterlesen",
	Explore: "Alle Seiten im Überblick", StartGuide: "Zur Kaufberatung", SeeAll: "Alle Seiten ansehen",
	Basics: "Grundlagen", Best: "Nach Merkmal", Comparisons: "Vergleiche", Products: "Produkte",
	Legal:   "Rechtliches",
	Imprint: "Impressum", Privacy: "Datenschutz", Disclosure: "Werbehinweis",
	Sample:        "Demonstrationsseite mit Beispieldaten des Betreibers.",
	NotFoundTitle: "Seite nicht gefunden", NotFoundText: "Unter dieser Adresse gibt es keine Seite. Vielleicht wurde sie verschoben oder entfernt.", BackHome: "Zur Startseite",
	Prices: "Preise", Note: "Hinweis", Aisles: "Auswahl auf einen Blick",
	LowerFrom: "ab", LowerAt: "bei", SoldOut: "dort laut Feed nicht vorrätig",
	Tools: "Sortieren und filtern", Order: "Reihenfolge", AsListed: "wie aufgeführt", All: "alle", Ascending: "aufsteigend", Descending: "absteigend",
	Search: "Suche", SearchText: "Unten stehen alle Seiten dieser Website.", SearchFor: "Gesuchte Wörter",
	Found: "Gefundene Seiten: #", FoundNone: "Keine Seite enthält alle diese Wörter.",
	months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
}

// wordsFor returns the words of a language tag; English where there are none.
func wordsFor(tag string) *words {
	if base, _, _ := strings.Cut(strings.ToLower(tag), "-"); base == "de" {
		return german
	}
	return english
}

// guideText is what the button to the guide says. In German it takes the name that the
// page has in the menu.
func (w *words) guideText(label string) string {
	if w.Lang == "de" && (strings.HasSuffix(label, "hilfe") || strings.HasSuffix(label, "beratung")) && !strings.Contains(label, " ") {
		return "Zur " + label
	}
	return w.StartGuide
}

// date formats the day of t in UTC.
func (w *words) date(t time.Time) string {
	t = t.UTC()
	day := strconv.Itoa(t.Day())
	if w.Lang == "de" {
		day += "."
	}
	return day + " " + w.months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// tax says what a price of that currency includes. Consumer prices in euros and
// pounds hold value added tax by law (PAngV § 3, Directive 98/6/EC); in dollars
// they do not.
func (w *words) tax(m *domain.Money) string {
	switch m.Currency {
	case "EUR", "GBP":
		return w.TaxIncluded
	case "USD", "CAD":
		return w.TaxAdded
	default:
		return w.TaxUnknown
	}
}

// FormatDate returns the day of t as the theme prints it in a language, for
// checks that must know every figure on a page.
func FormatDate(language string, t time.Time) string { return wordsFor(language).date(t) }
