package sitetest_test

import (
	"strings"

	"empire/internal/domain"
)

// legalPairs are about what the law wants on each site.
var legalPairs = []pair{
	{"L11", "no link to the legal notice", product, func(p plant) { p.imprint("About", "Über") }, func(p plant) { p.imprint("Imprint", "Impressum der Seite") }},
	{"L11", "link without words", product, func(p plant) { p.imprint("→", "→") }, func(p plant) { p.imprint("→ Legal notice", "→ Impressum") }},
	{"L11", "no e-mail address", domain.PageImprint, func(p plant) { p.all("hello@operator.example", "") }, func(p plant) { p.swap("hello@operator.example", "hello@<wbr>operator.example") }},
	{"L11", "no phone number", domain.PageImprint, func(p plant) { p.all("49 30 23125 000", "") }, func(p plant) { p.swap("49 30 23125 000", "49 30\n23125 000") }},
	{"L12", "no link to the privacy page", product, func(p plant) { p.all(p.word(">Privacy<", ">Datenschutz<"), ">Data<") }, func(p plant) {
		p.all(p.word(">Privacy<", ">Datenschutz<"), p.word(">Privacy policy<", ">Datenschutzerklärung<"))
	}},
	{"L12", "no controller", domain.PagePrivacy, func(p plant) { p.all("Muster Verlag GmbH", "we") }, func(p plant) { p.swap("Muster Verlag GmbH", "MUSTER VERLAG GMBH") }},
	{"L22", "comments", product, adds("<form><textarea name=comment></textarea></form>"), adds("<form><input name=q></form>")},
	{"L22", "upload", product, adds("<form><input type=file></form>"), adds("<form><select></select></form>")},
}

// imprint renames the link to the legal notice.
func (p plant) imprint(en, de string) {
	old := p.word(">Legal notice (Impressum)<", ">Impressum<")
	p.all(old, ">"+p.word(en, de)+"<")
}

// technicalPairs are about what a browser loads, keeps and does.
var technicalPairs = []pair{
	{"L4-NAV", "refresh", product, heads(`<meta http-equiv="refresh" content="0;url=https://x.example">`), heads(`<meta name="generator" content="x">`)},
	{"L4-NAV", "script that leaves", product, adds("<script>window.location = '/x/'</script>"), adds("<script>if (window.location == 1) {}</script>")},
	{"L4-NAV", "back button", product, adds("<script>history.pushState({}, '')</script>"), adds("<script>var history_of_coffee = 1</script>")},
	{"L13", "script from elsewhere", product, heads(`<script src="https://cdn.example/a.js"></script>`), heads("<script>var cdn = 'none'</script>")},
	{"L13", "picture from elsewhere", product, adds(`<img alt="" src="https://cdn.example/a.png">`), adds(`<img alt="" src="/share.png">`)},
	{"L13", "fonts", product, heads(`<style>@import url("https://fonts.example/x.css");</style>`), heads(`<style>p{font-family:"fonts.example"}</style>`)},
	{"L13", "frame", product, adds(`<iframe title=x src="https://video.example/1"></iframe>`), adds(`<p>video.example</p>`)},
	{"L13", "preconnect", product, heads(`<link rel="preconnect" href="https://cdn.example">`), heads(`<link rel="author" href="https://operator.example">`)},
	{"L13", "cookie", product, adds("<script>document.cookie = 'a=1'</script>"), adds("<script>document.title = 'cookie recipes'</script>")},
	{"L13", "storage", product, adds("<script>localStorage.setItem('a', 1)</script>"), adds("<script>var storage = 'local'</script>")},
	{"L13", "request", product, adds("<script>fetch('https://stats.example/hit')</script>"), adds("<script>fetch('/e')</script>")},
	{"L13", "handler", product, adds(`<p onclick="sessionStorage.x = 1">x</p>`), adds(`<p onclick="x = 1">x</p>`)},
	{"L20", "picture without text", product, adds(`<img src="/share.png">`), adds(`<img src="/share.png" alt="x">`)},
	{"L20-RIGHTS", "picture without record", "", func(p plant) { p.file("/photo.jpg", "image/jpeg", "x") }, func(p plant) {
		p.file("/photo.jpg", "image/jpeg", "x")
		p.Files[p.files["/photo.jpg"]].Rights = &domain.ImageRights{Source: "https://shop.example/a.jpg", Author: "Shop", License: "Program terms"}
	}},
	{"L20-RIGHTS", "shared picture of others", product, func(p plant) {
		p.swap(p.cut(`og:image" content="`, `"`), `og:image" content="https://shop.example/a.jpg"`)
	},
		func(p plant) {
			p.swap(p.cut(`og:image" content="`, `"`), `og:image" content="https://`+p.Domain+`/share.png?v=2"`)
		}},
}

// searchPairs are about heads, links and what search engines are told.
var searchPairs = []pair{
	{"UNIQUE-TITLE", "title of the home page", product, func(p plant) { p.swap(p.cut("<title>", "</title>"), plant{p.garden, "/"}.cut("<title>", "</title>")) }, swaps("<title>", "<title>\n")},
	{"UNIQUE-H1", "no headline", product, func(p plant) { h := p.cut("<h1>", "</h1>"); p.swap(h, strings.ReplaceAll(h, "h1>", "h2>")) }, swaps("<h1>", `<h1 id="top">`)},
	{"UNIQUE-DESCRIPTION", "no description", product, swaps(`<meta name="description"`, `<meta name="summary"`), swaps(`<meta name="description"`, `<meta id="d" name="description"`)},
	{"LINK", "dead link", product, adds(`<p><a href="/nowhere/">the other page</a></p>`), adds(`<p><a href="/">the first page</a></p>`)},
	{"LINK", "dead anchor", product, adds(`<p><a href="#nowhere">below here</a></p>`), adds(`<p><a href="#main">the beginning</a></p>`)},
	{"EVIDENCE", "page that nobody wrote", "", func(p plant) { p.file("/extra/", "text/html; charset=utf-8", plant{p.garden, "/"}.body()) }, func(p plant) { p.file("/extra.txt", "text/plain", "extra") }},
	{"SITEMAP", "page that is not in it", "", func(p plant) { m := plant{p.garden, "/sitemap.xml"}; m.swap(m.cut("<url>", "</url>"), "") }, func(p plant) { m := plant{p.garden, "/sitemap.xml"}; m.swap("<url>", "<url><!-- x -->") }},
	{"SEO-LANG", "another language", product, func(p plant) { p.swap(`<html lang="`+p.Language+`"`, `<html lang="fr"`) }, func(p plant) { p.swap(`<html lang="`+p.Language+`"`, `<html lang='`+p.Language+`'`) }},
	{"SEO-CANONICAL", "canonical of another page", product, func(p plant) {
		p.swap(`rel="canonical" href="https://`+p.Domain+p.path, `rel="canonical" href="https://`+p.Domain+"/")
	},
		swaps(`<link rel="canonical"`, `<link id="c" rel="canonical"`)},
	{"SEO-JSONLD-MISMATCH", "price that the page does not show", product, func(p plant) { p.offerSchema("7777.70") }, func(p plant) { p.offerSchema("") }},
	{"SEO-JSONLD-MISMATCH", "name that the page does not show", product, func(p plant) {
		p.head(`<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article","headline":"Cheap sofas for everyone"}</script>`)
	}, func(p plant) {
		p.head(`<script type="application/ld+json">{"@context":"https://schema.org","@type":"WebSite","name":"` + p.Draft.Plan.Title + `","url":"https://` + p.Domain + `/"}</script>`)
	}},
}

// offerSchema adds an offer to the structured data, with the page's price or another.
func (p plant) offerSchema(price string) {
	currency := "EUR"
	if price == "" {
		price = p.page().Offers[0].Price.Decimal()
	}
	p.head(`<script type="application/ld+json">{"@context":"https://schema.org","@type":"Offer","price":"` + price + `","priceCurrency":"` + currency + `"}</script>`)
}
