package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// priceOf shows an amount, or nothing if there is none.
func priceOf(m *domain.Money) cell {
	if m == nil {
		return cell{}
	}
	return text(m.Format("en"))
}

func stockOf(p *bool) cell {
	switch {
	case p == nil:
		return cell{}
	case *p:
		return state("in stock")
	}
	return state("sold out")
}

func productPath(p *domain.Product) string {
	return "/products/" + url.PathEscape(string(p.FeedID)) + "/" + url.PathEscape(p.Key)
}

func (d *Dashboard) productList(r *http.Request) (view, error) {
	q := r.URL.Query()
	feed, query := domain.FeedID(q.Get("feed")), strings.TrimSpace(q.Get("q"))
	list, total, err := d.c.Work.Catalogue.Products(r.Context(), feed, query, windowOf(r))
	g := &grid{Columns: []column{{Label: "Product"}, {Label: "Price", Num: true}, {Label: "Stock"}, {Label: "Merchant", Wide: true}, {Label: "Brand", Wide: true}, {Label: "Read", Wide: true}}}
	for i := range list {
		p := &list[i]
		g.add(cell{Text: p.Name, Link: productPath(p), Sub: p.Category}, priceOf(p.Price), stockOf(p.InStock), text(p.MerchantName), text(p.Brand), when(p.ReadAt))
	}
	search := searchForm(r, "Search products", "Words of the name.")
	if feeds, failed := d.c.Work.Catalogue.Feeds(r.Context()); failed == nil {
		search.Fields = append(search.Fields, field{Name: "feed", Label: "Feed", Kind: "select", Options: feedOptions(feeds, feed)})
	}
	p := d.listed(r, panel{ID: "list", Filter: search, Grid: g}, len(list), total, err, query != "" || feed != "", empty{
		Text: "Products appear here once a feed was imported.", Action: &anchor{Label: "To the feeds", Address: "/feeds"},
	})
	if total > 0 {
		p.Note = plural(total, "product", "products")
	}
	return show("products", sheet{Title: "Products & feeds", Tabs: feedTabs(r), Panels: []panel{p}})
}

func feedOptions(feeds []domain.Feed, chosen domain.FeedID) []option {
	out := []option{{"", "All feeds", chosen == ""}}
	for i := range feeds {
		out = append(out, option{string(feeds[i].ID), feeds[i].Name, feeds[i].ID == chosen})
	}
	return out
}

// productPage shows how the price and the stock of one product changed.
func (d *Dashboard) productPage(r *http.Request) (view, error) {
	h, err := d.c.Work.Catalogue.History(r.Context(), domain.FeedID(r.PathValue("feed")), r.PathValue("key"))
	if err != nil {
		return view{}, err
	}
	g := &grid{Columns: []column{{Label: "Since"}, {Label: "Price", Num: true}, {Label: "Stock"}}}
	for i := len(h.Points) - 1; i >= 0; i-- {
		p := &h.Points[i]
		stock := stockOf(p.InStock)
		if p.Gone {
			stock = state("gone")
		}
		g.add(when(p.At), priceOf(p.Price), stock)
	}
	return show("products", sheet{
		Crumbs: []anchor{{Label: "Products", Address: "/products"}}, Title: "Product " + h.Key,
		Panels: []panel{{ID: "history", Title: "Price and stock", Note: plural(len(h.Points), "state", "states") + " as imports saw them, the newest first.", Grid: g}},
	})
}

// percent writes a share from 0 to 1.
func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 0, 64) + " %" }
