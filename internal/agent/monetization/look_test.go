package monetization_test

import (
	"errors"
	"strings"
	"testing"

	"empire/internal/agent/monetization"
	"empire/internal/domain"
)

// TestMerchantPage: the merchant's page of a link is never an address of a network, and
// nothing stays in it that could count as a click.
func TestMerchantPage(t *testing.T) {
	t.Parallel()
	program := &domain.Program{ID: "prog_1", Domains: []string{"shop.example"}}
	row := &domain.Product{MerchantURL: "https://shop.example/p/1?utm_source=awin&color=red", TrackingURL: "https://www.awin1.com/pclick.php?p=1&a=2&m=3"}
	for name, tt := range map[string]struct {
		link    domain.Link
		row     *domain.Product
		program *domain.Program
		page    string
	}{
		"deep link":           {domain.Link{Form: domain.FormDeep, Destination: "https://www.shop.example/k2?awc=1_2&size=3#top"}, nil, program, "https://www.shop.example/k2?size=3"},
		"row of a feed":       {domain.Link{Form: domain.FormClick, Destination: row.TrackingURL}, row, program, "https://shop.example/p/1?color=red"},
		"no row":              {domain.Link{Form: domain.FormClick, Destination: row.TrackingURL}, nil, program, ""},
		"named in the link":   {domain.Link{Form: domain.FormClick, Destination: "https://www.awin1.com/cread.php?awinmid=1&ued=https%3A%2F%2Fshop.example%2Fk3"}, nil, program, "https://shop.example/k3"},
		"a person's own":      {domain.Link{Form: domain.FormClick, Own: true, Destination: "https://www.awin1.com/pclick.php?p=9"}, row, program, ""},
		"network in the row":  {domain.Link{Form: domain.FormClick, Destination: row.TrackingURL}, &domain.Product{TrackingURL: row.TrackingURL, MerchantURL: row.TrackingURL}, nil, ""},
		"network nested":      {domain.Link{Form: domain.FormClick, Destination: "https://www.awin1.com/cread.php?ued=https%3A%2F%2Ftidd.ly%2Fx"}, nil, nil, ""},
		"digistore":           {domain.Link{Form: domain.FormDigistore, Destination: "https://www.digistore24.com/redir/1/anna"}, nil, nil, ""},
		"amazon":              {domain.Link{Form: domain.FormPlain, Destination: "https://www.amazon.de/dp/B1"}, nil, &domain.Program{Domains: []string{"www.amazon.de"}}, ""},
		"plain, unknown host": {domain.Link{Form: domain.FormPlain, Destination: "https://track.example/c?to=shop"}, nil, nil, ""},
		"plain, of a program": {domain.Link{Form: domain.FormPlain, Destination: "https://shop.example/k2?ref=me"}, nil, program, "https://shop.example/k2"},
		"product by number":   {domain.Link{Form: domain.FormDeep, Destination: "https://shop.example/show?pid=7&sid=2&ref=me"}, nil, program, "https://shop.example/show?pid=7&sid=2"},
		"another host":        {domain.Link{Form: domain.FormDeep, Destination: "https://evil.example/"}, nil, program, ""},
		"not the web":         {domain.Link{Form: domain.FormDeep, Destination: "javascript:alert(1)"}, nil, program, ""},
	} {
		page, why := monetization.MerchantPage(&tt.link, tt.row, tt.program)
		if page != tt.page || (page == "") != (why != "") {
			t.Errorf("%s: %q (%s), want %q", name, page, why, tt.page)
		}
	}
}

func product(state string) string {
	return `<html><head><title>K2 keyboard</title><script type="application/ld+json">{"@context":"https://schema.org","@type":"Product","name":"K2","offers":{"@type":"Offer","availability":"https://schema.org/` +
		state + `"}}</script></head><body><main><h1>K2 keyboard</h1><p>` + strings.Repeat("A keyboard with 84 keys and a case of metal. ", 20) + `</p><button>Add to cart</button></main></body></html>`
}

// TestJudge: dead pages are told from walls and from pages that are well, in German and
// in English.
func TestJudge(t *testing.T) {
	t.Parallel()
	long := "<p>" + strings.Repeat("Eine Tastatur mit 84 Tasten und einem Gehäuse aus Metall. ", 20) + "</p>"
	html := func(title, body string) string {
		return "<html><head><title>" + title + "</title></head><body><main><h1>" + title + "</h1>" + body + "</main></body></html>"
	}
	const at = "https://shop.example/keyboards/k2"
	for name, tt := range map[string]struct {
		probe *domain.PageProbe
		err   error
		want  domain.LookState
	}{
		"well":                    {&domain.PageProbe{Status: 200, Body: []byte(product("InStock"))}, nil, domain.LookOK},
		"404":                     {&domain.PageProbe{Status: 404}, nil, domain.LookGone},
		"410":                     {&domain.PageProbe{Status: 410}, nil, domain.LookGone},
		"403":                     {&domain.PageProbe{Status: 403}, nil, domain.LookUnknown},
		"429":                     {&domain.PageProbe{Status: 429}, nil, domain.LookUnknown},
		"503":                     {&domain.PageProbe{Status: 503}, nil, domain.LookUnknown},
		"401":                     {&domain.PageProbe{Status: 401}, nil, domain.LookUnknown},
		"timeout":                 {nil, &domain.FetchError{Reason: domain.FetchTimeout}, domain.LookUnknown},
		"too large":               {nil, &domain.FetchError{Reason: domain.FetchTooLarge}, domain.LookUnknown},
		"robots":                  {nil, &domain.FetchError{Reason: domain.FetchRobots}, domain.LookUnknown},
		"maze":                    {nil, &domain.FetchError{Reason: domain.FetchRedirects}, domain.LookUnknown},
		"another error":           {nil, errors.New("boom"), domain.LookUnknown},
		"soft 404, English":       {&domain.PageProbe{Status: 200, Body: []byte(html("Page not found", "<p>Sorry.</p>"))}, nil, domain.LookSoft},
		"soft 404, German":        {&domain.PageProbe{Status: 200, Body: []byte(html("Seite nicht gefunden", "<p>Leider.</p>"))}, nil, domain.LookSoft},
		"no longer there":         {&domain.PageProbe{Status: 200, Body: []byte(html("K2", "<p>Dieser Artikel ist leider nicht mehr verfügbar.</p>"))}, nil, domain.LookSoft},
		"start page":              {&domain.PageProbe{Status: 200, FinalURL: "https://shop.example/", Hops: []int{302}, Body: []byte(html("Shop", long))}, nil, domain.LookSoft},
		"start page of a country": {&domain.PageProbe{Status: 200, FinalURL: "https://www.shop.example/de/", Hops: []int{301}, Body: []byte(html("Shop", long))}, nil, domain.LookSoft},
		"category":                {&domain.PageProbe{Status: 200, FinalURL: "https://shop.example/keyboards/", Hops: []int{301}, Body: []byte(html("Keyboards", long))}, nil, domain.LookSoft},
		"error page":              {&domain.PageProbe{Status: 200, FinalURL: "https://shop.example/404.html", Hops: []int{302}, Body: []byte(html("Ups", long))}, nil, domain.LookSoft},
		"moved":                   {&domain.PageProbe{Status: 200, FinalURL: "https://shop.example/k2-keyboard", Hops: []int{301}, Body: []byte(product("InStock"))}, nil, domain.LookMoved},
		"www only":                {&domain.PageProbe{Status: 200, FinalURL: "https://www.shop.example/keyboards/k2/", Hops: []int{301}, Body: []byte(product("InStock"))}, nil, domain.LookOK},
		"for now elsewhere":       {&domain.PageProbe{Status: 200, FinalURL: "https://shop.example/k2-keyboard", Hops: []int{302}, Body: []byte(product("InStock"))}, nil, domain.LookOK},
		"sold out":                {&domain.PageProbe{Status: 200, Body: []byte(product("OutOfStock"))}, nil, domain.LookSoldOut},
		"discontinued":            {&domain.PageProbe{Status: 200, Body: []byte(product("Discontinued"))}, nil, domain.LookSoldOut},
		"sold out, German":        {&domain.PageProbe{Status: 200, Body: []byte(html("K2", long+"<p>Derzeit nicht lieferbar</p>"))}, nil, domain.LookSoldOut},
		"sold out, English":       {&domain.PageProbe{Status: 200, Body: []byte(html("K2", long+"<p>Sold out</p>"))}, nil, domain.LookSoldOut},
		"one variant sold out":    {&domain.PageProbe{Status: 200, Body: []byte(html("K2", long+"<p>Rot: ausverkauft</p><button>In den Warenkorb</button>"))}, nil, domain.LookOK},
		"stock beside phrases":    {&domain.PageProbe{Status: 200, Body: []byte(strings.Replace(product("InStock"), "</main>", "<p>The old model is no longer available.</p></main>", 1))}, nil, domain.LookOK},
		"related is sold out": {&domain.PageProbe{Status: 200, Body: []byte(`<title>K2</title><script type="application/ld+json">{"@type":"Product","offers":{"availability":"InStock"},"isRelatedTo":{"@type":"Product","offers":{"availability":"OutOfStock"}}}</script>` + long)},
			nil, domain.LookOK},
		"microdata":        {&domain.PageProbe{Status: 200, Body: []byte(`<title>K2</title><div itemscope itemtype="https://schema.org/Product"><div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><link itemprop="availability" href="https://schema.org/SoldOut"></div></div>` + long)}, nil, domain.LookSoldOut},
		"open graph":       {&domain.PageProbe{Status: 200, Body: []byte(`<title>K2</title><meta property="product:availability" content="out of stock">` + long)}, nil, domain.LookSoldOut},
		"wall":             {&domain.PageProbe{Status: 200, Body: []byte(html("Just a moment...", "<p>Checking your browser</p>"))}, nil, domain.LookUnknown},
		"wall by script":   {&domain.PageProbe{Status: 200, Body: []byte(html("shop.example", `<script src="/cdn-cgi/challenge-platform/x.js"></script><p>Bitte warten</p>`))}, nil, domain.LookUnknown},
		"only scripts":     {&domain.PageProbe{Status: 200, Body: []byte(`<title>K2</title><script>render()</script>`)}, nil, domain.LookUnknown},
		"nothing":          {&domain.PageProbe{Status: 200}, nil, domain.LookUnknown},
		"a text about 404": {&domain.PageProbe{Status: 200, Body: []byte(html("K2, 404 g", product("InStock")))}, nil, domain.LookOK},
	} {
		if tt.probe != nil {
			tt.probe.URL = at
			if tt.probe.FinalURL == "" {
				tt.probe.FinalURL = at
			}
			tt.probe.ContentType = "text/html; charset=utf-8"
		}
		if got := monetization.Judge(tt.probe, tt.err); got.State != tt.want {
			t.Errorf("%s: %s (%s), want %s", name, got.State, got.Reason, tt.want)
		}
	}
}
