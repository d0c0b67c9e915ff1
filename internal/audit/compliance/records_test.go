package compliance_test

import (
	"strings"
	"time"

	"empire/internal/domain"
)

// priced puts a price line before a link to the offer's slot.
func priced(price string) func(*site) {
	return func(s *site) {
		s.link = "<p class=price>" + price + "</p>" + strings.Replace(s.link, "<a ", "<a data-slot=a ", 1)
	}
}

func picture(rights *domain.ImageRights) func(*site) {
	return func(s *site) {
		s.files = append(s.files, domain.File{Path: "/photo.jpg", ContentType: "image/jpeg", Body: []byte("x"), Rights: rights})
	}
}

// recordTwins are about what a page says of prices, persons, first places and pictures.
var recordTwins = []twin{
	{"L8-FIRST", "best on the market", text("This is the best keyboard on the market."), text("This is the keyboard with the least weight in the feed.")},
	{"L8-FIRST", "unbeatable", text("Its price is unbeatable."), text("Its price is not unbeatable.")},
	{"L8-FIRST", "German", text("Das ist die beste Tastatur auf dem Markt."), text("Was die beste Tastatur ist, sagen Daten nicht.")},
	{"L8-FIRST", "Testsieger", text("Der Testsieger unter den Tastaturen."), text("Die leichteste der Tastaturen im Feed.")},
	{"L8-FIRST", "without evidence", func(s *site) { s.sentence("It is the best.", "") }, func(s *site) { s.sentence("It is the best.", "c1") }},
	{"L8-PERSON", "author", text("Written by Laura Winter, keyboard expert."), text("Written from feeds and data sheets.")},
	{"L8-PERSON", "I", text("I'm Laura and I love keys."), text("The name Laura stands on one of the boards.")},
	{"L8-PERSON", "profession", text("As an engineer, I know switches."), text("As an engineer would expect, switches differ.")},
	{"L8-PERSON", "German", text("Ich bin Laura und schreibe seit Jahren."), text("Verantwortlich für den Inhalt: Ada Sample")},
	{"L8-PERSON", "operator", text("Written by Laura Sample."), text("Written by Ada Sample.")},
	{"L8-PERSON", "customers", text("Customers love this board."), text("We quote no customers who love or hate a board.")},
	{"L8-PERSON", "stars", text("★★★★★ a dream"), text("★ marks the best of a column")},
	{"L16-LINK", "somebody else's link", func(s *site) {
		s.main += `<a rel=sponsored href="https://www.awin1.com/cread.php?awinmid=1&amp;awinaffid=999">Ad x</a>`
	}, func(s *site) { s.main += s.link }},
	{"L16-LINK", "link of a slot", func(s *site) {
		priced("€37.99")(s)
		s.link = strings.Replace(s.link, "best-a", "best-b", 1)
	}, priced("€37.99")},
	{"L20-RIGHTS", "no record", picture(nil), picture(&domain.ImageRights{Source: "https://shop.example/a.jpg", Author: "Shop", License: "Program terms of 1 March 2026"})},
	{"L20-RIGHTS", "no author", picture(&domain.ImageRights{Source: "https://shop.example/a.jpg", License: "CC-BY-4.0"}),
		picture(&domain.ImageRights{Source: "model", Author: "Ada Sample", License: "own", Generated: true})},
	{"L20-RIGHTS", "share image from elsewhere", func(s *site) { s.head = `<meta property="og:image" content="https://shop.example/a.jpg">` },
		func(s *site) { s.head = `<meta property="og:image" content="https://keys.example/share.png">` }},
	{"L20-RIGHTS", "in the page", func(s *site) { s.main += "<img alt=x src=\"data:image/png;base64," + strings.Repeat("A", 300) + "\">" },
		func(s *site) { s.main += `<img alt="" src="data:image/gif;base64,R0lG">` }},
	{"L24-OFFER", "another price", priced("€36.99"), priced("<b>€37.99</b>")},
	{"L24-OFFER", "price that is not shown", func(s *site) { priced("€37.99")(s); s.offer().PriceText = "" }, priced("View it for 38")},
	{"L24-OLD", "two months", func(s *site) { s.aged(60 * 24 * time.Hour) }, func(s *site) { s.aged(30 * 24 * time.Hour) }},
	{"L24-CURRENCY", "dollars", text("It costs $37.99."), text("It costs €37.99.")},
	{"L24-CURRENCY", "code", text("USD 37.99"), text("USB 3.2")},
	{"L24-FORMER", "crossed out", text("<del>€49.99</del>"), text("<del>cheap</del>")},
	{"L24-FORMER", "list price", text("RRP €49.99"), text("The RRP is not known.")},
	{"L24-FORMER", "German", text("Bisher 49,99 €, heute weniger."), text("Bisher fehlt der Preis, 37,99 € heute.")},
}

// sentence puts a sentence into the draft and on the page.
func (s *site) sentence(text string, claim domain.ClaimID) {
	one := domain.Sentence{Text: text}
	if claim != "" {
		one.Claims = []domain.ClaimID{claim}
	}
	s.best().Blocks = append(s.best().Blocks, domain.Block{Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{one}}})
	s.main += "<p>" + text + "</p>"
}

// aged sets when the price was read, in the draft and on the page.
func (s *site) aged(age time.Duration) {
	then := at.Add(-age)
	s.offer().PriceAt = &then
	s.fine = "<p>€37.99, incl. VAT, as of " + then.Format("2 January 2006") + "</p>"
}
