package main

import (
	"context"

	"empire/client"
	"empire/internal/domain"
)

type linkKeeper interface {
	Links(ctx context.Context, f domain.LinkFilter, w domain.Window) ([]linkView, int, error)
	Link(ctx context.Context, id domain.LinkID) (*linkView, error)
	LinkHistory(ctx context.Context, id domain.LinkID) ([]linkChangeView, error)
	CreateLink(ctx context.Context, p domain.LinkParams) (*linkView, error)
	UpdateLink(ctx context.Context, id domain.LinkID, p domain.LinkPatch) (*linkView, error)
	ImportLinks(ctx context.Context, list []domain.LinkParams) (domain.LinkImport, error)
	Outlinks(ctx context.Context, website domain.WebsiteID, all bool, w domain.Window) ([]domain.Outlink, int, error)
	PriceHistory(ctx context.Context, feed domain.FeedID, key string) (*priceHistoryView, error)
}

func viewLink(l *domain.Link, err error) (*linkView, error) {
	if err != nil {
		return nil, err
	}
	return &linkView{
		l.ID, l.WebsiteID, l.Slug, l.ProgramID, l.Network, l.AdvertiserID, l.Merchant, l.Form, l.Destination, l.PublisherID, l.Way, l.State, l.Note, l.Own, l.RowKey,
		l.CreatedAt.UTC(), l.UpdatedAt.UTC(),
	}, nil
}

// Links implements portfolio.
func (l local) Links(ctx context.Context, f domain.LinkFilter, w domain.Window) ([]linkView, int, error) {
	list, total, err := l.a.Links.List(ctx, f, w)
	if err != nil {
		return nil, 0, err
	}
	out := make([]linkView, 0, len(list))
	for i := range list {
		v, _ := viewLink(&list[i], nil)
		out = append(out, *v)
	}
	return out, total, nil
}

// Link implements portfolio.
func (l local) Link(ctx context.Context, id domain.LinkID) (*linkView, error) {
	return viewLink(l.a.Links.Get(ctx, id))
}

// LinkHistory implements portfolio.
func (l local) LinkHistory(ctx context.Context, id domain.LinkID) ([]linkChangeView, error) {
	list, err := l.a.Links.History(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]linkChangeView, len(list))
	for i := range list {
		out[i] = linkChangeView{At: list[i].At.UTC(), Field: list[i].Field, Before: list[i].Before, After: list[i].After}
		if list[i].Actor != "" {
			out[i].ActorID = &list[i].Actor
		}
	}
	return out, nil
}

// CreateLink implements portfolio.
func (l local) CreateLink(ctx context.Context, p domain.LinkParams) (*linkView, error) {
	return viewLink(l.a.Links.Create(ctx, p))
}

// UpdateLink implements portfolio.
func (l local) UpdateLink(ctx context.Context, id domain.LinkID, p domain.LinkPatch) (*linkView, error) {
	return viewLink(l.a.Links.Update(ctx, id, p))
}

// ImportLinks implements portfolio.
func (l local) ImportLinks(ctx context.Context, list []domain.LinkParams) (domain.LinkImport, error) {
	return l.a.Links.Import(ctx, list)
}

// Outlinks implements portfolio.
func (l local) Outlinks(ctx context.Context, website domain.WebsiteID, all bool, w domain.Window) ([]domain.Outlink, int, error) {
	return l.a.Links.Outlinks(ctx, website, all, w)
}

// PriceHistory implements portfolio.
func (l local) PriceHistory(ctx context.Context, feed domain.FeedID, key string) (*priceHistoryView, error) {
	h, err := l.a.Catalogue.History(ctx, feed, key)
	if err != nil {
		return nil, err
	}
	v := &priceHistoryView{FeedID: feed, Key: key, Since: h.Points[0].At.UTC()}
	for _, p := range h.Points {
		v.Points = append(v.Points, pricePointView{p.At.UTC(), p.Price, p.InStock, p.Gone})
	}
	return v, nil
}

// Links implements portfolio.
func (r *remote) Links(ctx context.Context, f domain.LinkFilter, w domain.Window) ([]linkView, int, error) {
	list, err := r.api.ListLinks(ctx, client.ListLinksParams{
		Limit: w.Limit, Offset: w.Offset, WebsiteID: string(f.WebsiteID), State: string(f.State), Network: f.Network, Query: f.Query,
	})
	return window[linkView](r, list, err)
}

// Link implements portfolio.
func (r *remote) Link(ctx context.Context, id domain.LinkID) (*linkView, error) {
	answer, err := r.api.GetLink(ctx, string(id))
	return shown[linkView](r, answer, err)
}

// LinkHistory implements portfolio.
func (r *remote) LinkHistory(ctx context.Context, id domain.LinkID) ([]linkChangeView, error) {
	answer, err := r.api.GetLinkHistory(ctx, string(id))
	list, err := shown[[]linkChangeView](r, &answer, err)
	if err != nil {
		return nil, err
	}
	return *list, nil
}

func newLink(p domain.LinkParams) client.NewLink {
	return client.NewLink{
		WebsiteID: string(p.WebsiteID), Slug: p.Slug, ProgramID: string(p.ProgramID), Network: p.Network, AdvertiserID: p.AdvertiserID, Merchant: p.Merchant,
		Form: client.NewLinkForm(p.Form), Destination: p.Destination, PublisherID: p.PublisherID, Way: client.NewLinkWay(p.Way),
		State: client.NewLinkState(p.State), Note: p.Note, RowKey: p.RowKey,
	}
}

// CreateLink implements portfolio.
func (r *remote) CreateLink(ctx context.Context, p domain.LinkParams) (*linkView, error) {
	answer, err := r.api.CreateLink(ctx, newLink(p))
	return shown[linkView](r, answer, err)
}

// UpdateLink implements portfolio.
func (r *remote) UpdateLink(ctx context.Context, id domain.LinkID, p domain.LinkPatch) (*linkView, error) {
	answer, err := r.api.UpdateLink(ctx, string(id), client.UpdateLinkInput{
		ProgramID: (*string)(p.ProgramID), Network: p.Network, AdvertiserID: p.AdvertiserID, Merchant: p.Merchant, Form: (*client.UpdateLinkInputForm)(p.Form),
		Destination: p.Destination, PublisherID: p.PublisherID, Way: (*string)(p.Way), State: (*client.UpdateLinkInputState)(p.State), Note: p.Note,
	})
	return shown[linkView](r, answer, err)
}

// ImportLinks implements portfolio.
func (r *remote) ImportLinks(ctx context.Context, list []domain.LinkParams) (domain.LinkImport, error) {
	in := client.ImportLinksInput{Links: make([]client.NewLink, len(list))}
	for i := range list {
		in.Links[i] = newLink(list[i])
	}
	answer, err := r.api.ImportLinks(ctx, in)
	v, err := shown[domain.LinkImport](r, answer, err)
	if err != nil {
		return domain.LinkImport{}, err
	}
	return *v, nil
}

// Outlinks implements portfolio.
func (r *remote) Outlinks(ctx context.Context, website domain.WebsiteID, all bool, w domain.Window) ([]domain.Outlink, int, error) {
	list, err := r.api.ListOutlinks(ctx, client.ListOutlinksParams{Limit: w.Limit, Offset: w.Offset, WebsiteID: string(website), All: all})
	return window[domain.Outlink](r, list, err)
}

// PriceHistory implements portfolio.
func (r *remote) PriceHistory(ctx context.Context, feed domain.FeedID, key string) (*priceHistoryView, error) {
	answer, err := r.api.GetPriceHistory(ctx, client.GetPriceHistoryParams{FeedID: string(feed), Key: key})
	return shown[priceHistoryView](r, answer, err)
}
