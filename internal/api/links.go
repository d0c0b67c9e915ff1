package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type linkService interface {
	List(ctx context.Context, f domain.LinkFilter, w domain.Window) ([]domain.Link, int, error)
	Get(ctx context.Context, id domain.LinkID) (*domain.Link, error)
	History(ctx context.Context, id domain.LinkID) ([]domain.LinkChange, error)
	Create(ctx context.Context, p domain.LinkParams) (*domain.Link, error)
	Update(ctx context.Context, id domain.LinkID, p domain.LinkPatch) (*domain.Link, error)
	Import(ctx context.Context, list []domain.LinkParams) (domain.LinkImport, error)
	Outlinks(ctx context.Context, website domain.WebsiteID, all bool, w domain.Window) ([]domain.Outlink, int, error)
}

type linkBody struct {
	ID           domain.LinkID    `json:"id"`
	WebsiteID    domain.WebsiteID `json:"website_id" doc:"Empty: of all websites"`
	Slug         string           `json:"slug" doc:"Its name in /go/SLUG; it never changes"`
	ProgramID    domain.ProgramID `json:"program_id"`
	Network      string           `json:"network"`
	AdvertiserID string           `json:"advertiser_id"`
	Merchant     string           `json:"merchant"`
	Form         domain.LinkForm  `json:"form" enum:"awin,awin_click,digistore24,plain" doc:"How the address is made of the destination"`
	Destination  string           `json:"destination"`
	PublisherID  string           `json:"publisher_id" doc:"Who is paid; empty: the publisher of the website's operator"`
	Way          domain.LinkWay   `json:"way" doc:"direct or redirect; empty: as the program says, then as links.way says"`
	State        domain.LinkState `json:"state" enum:"active,paused,dead,closed"`
	Note         string           `json:"note"`
	Own          bool             `json:"own" doc:"A person decided where it leads: imports leave that alone"`
	RowKey       string           `json:"row_key" doc:"Of the feed row that it stands for"`
	CreatedAt    time.Time        `json:"created_at"`
	UpdatedAt    time.Time        `json:"updated_at"`
}

type linkChangeBody struct {
	At      time.Time      `json:"at"`
	ActorID *domain.UserID `json:"actor_id" doc:"Null: an import or a run"`
	Field   string         `json:"field"`
	Before  string         `json:"before"`
	After   string         `json:"after"`
}

// newLinkBody is a link that is wanted.
type newLinkBody struct {
	WebsiteID    domain.WebsiteID `json:"website_id,omitempty" maxLength:"100" doc:"Of all websites if left out"`
	Slug         string           `json:"slug,omitempty" maxLength:"64" pattern:"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" doc:"One is made if left out"`
	ProgramID    domain.ProgramID `json:"program_id,omitempty" maxLength:"100" doc:"Says network, advertiser and merchant"`
	Network      string           `json:"network,omitempty" maxLength:"40"`
	AdvertiserID string           `json:"advertiser_id,omitempty" maxLength:"40"`
	Merchant     string           `json:"merchant,omitempty" maxLength:"200"`
	Form         domain.LinkForm  `json:"form,omitempty" enum:"awin,awin_click,digistore24,plain" doc:"Guessed from the destination if left out"`
	Destination  string           `json:"destination" minLength:"1" maxLength:"2000" doc:"Page of the merchant, address of the network, or product of Digistore24"`
	PublisherID  string           `json:"publisher_id,omitempty" maxLength:"127"`
	Way          domain.LinkWay   `json:"way,omitempty" enum:"direct,redirect"`
	State        domain.LinkState `json:"state,omitempty" enum:"active,paused,dead,closed"`
	Note         string           `json:"note,omitempty" maxLength:"2000"`
	RowKey       string           `json:"row_key,omitempty" maxLength:"200" doc:"Of a feed row: pages take this link for it"`
}

type (
	listLinksInput struct {
		Window
		WebsiteID domain.WebsiteID `query:"website_id" maxLength:"100" doc:"Those of a website, with those of all websites"`
		State     domain.LinkState `query:"state" enum:"active,paused,dead,closed"`
		Network   string           `query:"network" maxLength:"40"`
		Query     string           `query:"query" maxLength:"200" doc:"Words of merchant, slug, destination or row"`
	}
	linkInput struct {
		ID domain.LinkID `path:"link_id"`
	}
	createLinkInput struct{ Body newLinkBody }
	updateLinkInput struct {
		ID   domain.LinkID `path:"link_id"`
		Body struct {
			ProgramID    *domain.ProgramID `json:"program_id,omitempty" maxLength:"100"`
			Network      *string           `json:"network,omitempty" maxLength:"40"`
			AdvertiserID *string           `json:"advertiser_id,omitempty" maxLength:"40"`
			Merchant     *string           `json:"merchant,omitempty" minLength:"1" maxLength:"200"`
			Form         *domain.LinkForm  `json:"form,omitempty" enum:"awin,awin_click,digistore24,plain"`
			Destination  *string           `json:"destination,omitempty" minLength:"1" maxLength:"2000"`
			PublisherID  *string           `json:"publisher_id,omitempty" maxLength:"127"`
			Way          *domain.LinkWay   `json:"way,omitempty" pattern:"^(direct|redirect)?$"`
			State        *domain.LinkState `json:"state,omitempty" enum:"active,paused,dead,closed"`
			Note         *string           `json:"note,omitempty" maxLength:"2000"`
		}
	}
	importLinksInput struct {
		Body struct {
			Links []newLinkBody `json:"links" minItems:"1" maxItems:"1000"`
		}
	}
	outlinksInput struct {
		Window
		WebsiteID domain.WebsiteID `query:"website_id" maxLength:"100" doc:"One website; else limit and offset choose the websites to look at"`
		All       bool             `query:"all" doc:"Also links that earn"`
	}
	linkOutput        struct{ Body linkBody }
	createdLinkOutput struct {
		Location string `header:"Location" doc:"Where the link is"`
		Body     linkBody
	}
	linkHistoryOutput struct{ Body []linkChangeBody }
	linkImportOutput  struct{ Body domain.LinkImport }
	outlinksOutput    struct {
		Total int `header:"X-Total-Count" doc:"How many websites there are to look at"`
		Body  []domain.Outlink
	}
)

var exampleLink = linkBody{
	ID: "link_01k2ja", Slug: "k2", ProgramID: "prog_01k2ja", Network: "awin", AdvertiserID: "4242", Merchant: "Example Shop", Form: domain.FormDeep,
	Destination: "https://shop.example/k2", State: domain.LinkActive, Own: true, CreatedAt: exampleTime, UpdatedAt: exampleTime,
}

func registerLinks(a *API, links linkService) {
	registerLinkReading(a, links)
	handle(a, operation{
		id: "create-link", method: http.MethodPost, path: "/links", tag: "links", permission: domain.WebsitesManage, summary: "Add a link",
		text: "Its program must be joined and open, and pay for the host that it leads to.", status: http.StatusCreated, problems: []int{http.StatusConflict, http.StatusNotFound},
		request: map[string]any{"program_id": "prog_01k2ja", "destination": "https://shop.example/k2", "slug": "k2"}, response: exampleLink,
	}, func(ctx context.Context, in *createLinkInput) (*createdLinkOutput, error) {
		l, err := links.Create(ctx, in.Body.params())
		if err != nil {
			return nil, err
		}
		return &createdLinkOutput{Base + "/links/" + string(l.ID), toLink(l)}, nil
	})
	handle(a, operation{
		id: "import-links", method: http.MethodPost, path: "/links/import", tag: "links", permission: domain.WebsitesManage, summary: "Add or change many links",
		text:     "A link with the same slug, or that leads to the same place, is changed. What cannot be used is left out and named; `line` is the number of the entry, from 1.",
		problems: []int{http.StatusConflict},
		request:  map[string]any{"links": []any{map[string]any{"merchant": "Example Shop", "destination": "https://shop.example/k2", "slug": "k2"}}}, response: domain.LinkImport{Read: 2, Created: 1, Problems: []domain.RowProblem{{Line: 2, Reason: "unusable", Detail: "The destination is unusable."}}},
	}, func(ctx context.Context, in *importLinksInput) (*linkImportOutput, error) {
		list := make([]domain.LinkParams, len(in.Body.Links))
		for i := range list {
			list[i] = in.Body.Links[i].params()
		}
		r, err := links.Import(ctx, list)
		if err != nil {
			return nil, err
		}
		return &linkImportOutput{r}, nil
	})
	handle(a, operation{
		id: "update-link", method: http.MethodPatch, path: "/links/{link_id}", tag: "links", permission: domain.WebsitesManage, summary: "Change a link",
		text:    "What is not given stays. Pages with `/go/…` lead to the new place at once, others from their next build on.",
		request: map[string]any{"state": "paused", "note": "sold out until May"}, response: exampleLink,
	}, func(ctx context.Context, in *updateLinkInput) (*linkOutput, error) {
		b := &in.Body
		l, err := links.Update(ctx, in.ID, domain.LinkPatch{
			ProgramID: b.ProgramID, Network: b.Network, AdvertiserID: b.AdvertiserID, Merchant: b.Merchant, Form: b.Form, Destination: b.Destination,
			PublisherID: b.PublisherID, Way: b.Way, State: b.State, Note: b.Note,
		})
		if err != nil {
			return nil, err
		}
		return &linkOutput{toLink(l)}, nil
	})
}

func registerLinkReading(a *API, links linkService) {
	handle(a, operation{
		id: "list-links", method: http.MethodGet, path: "/links", tag: "links", permission: domain.WebsitesRead, summary: "List links", text: "The last changed first.",
		problems: []int{http.StatusNotFound}, response: []linkBody{exampleLink},
	}, func(ctx context.Context, in *listLinksInput) (*listOutput[linkBody], error) {
		items, total, err := links.List(ctx, domain.LinkFilter{WebsiteID: in.WebsiteID, State: in.State, Network: in.Network, Query: in.Query}, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toLink), nil
	})
	handle(a, operation{
		id: "list-outlinks", method: http.MethodGet, path: "/links/outlinks", tag: "links", permission: domain.WebsitesRead, summary: "List the places that pages link to without earning",
		text:     "Reads the live pages of a website, or of a window of all websites. First those whose merchant has a program that is joined, then those whose program is not joined or closed, then places of which no program is known.",
		problems: []int{http.StatusNotFound},
		response: []domain.Outlink{{
			WebsiteID: "site_01k2ja", Domain: "keyboards.example", Kind: domain.OutlinkUnused, Host: "shop.example", Network: "awin", ProgramID: "prog_01k2ja", Program: "Example Shop",
			Count: 3, Pages: []string{"/guide/"}, Example: "https://shop.example/k2",
		}},
	}, func(ctx context.Context, in *outlinksInput) (*outlinksOutput, error) {
		items, total, err := links.Outlinks(ctx, in.WebsiteID, in.All, in.domain())
		if err != nil {
			return nil, err
		}
		return &outlinksOutput{total, list(items)}, nil
	})
	handle(a, operation{
		id: "get-link", method: http.MethodGet, path: "/links/{link_id}", tag: "links", permission: domain.WebsitesRead, summary: "Show a link", response: exampleLink,
	}, func(ctx context.Context, in *linkInput) (*linkOutput, error) {
		l, err := links.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &linkOutput{toLink(l)}, nil
	})
	handle(a, operation{
		id: "get-link-history", method: http.MethodGet, path: "/links/{link_id}/history", tag: "links", permission: domain.WebsitesRead, summary: "Show what changed of a link",
		text: "The last first, at most 100 entries.", response: []linkChangeBody{{At: exampleTime, Field: "state", Before: "active", After: "paused"}},
	}, func(ctx context.Context, in *linkInput) (*linkHistoryOutput, error) {
		items, err := links.History(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := make([]linkChangeBody, len(items))
		for i, c := range items {
			out[i] = linkChangeBody{At: c.At.UTC(), Field: c.Field, Before: c.Before, After: c.After}
			if c.Actor != "" {
				out[i].ActorID = &items[i].Actor
			}
		}
		return &linkHistoryOutput{out}, nil
	})
}

func (b *newLinkBody) params() domain.LinkParams {
	return domain.LinkParams{
		WebsiteID: b.WebsiteID, Slug: b.Slug, ProgramID: b.ProgramID, Network: b.Network, AdvertiserID: b.AdvertiserID, Merchant: b.Merchant, Form: b.Form,
		Destination: b.Destination, PublisherID: b.PublisherID, Way: b.Way, State: b.State, Note: b.Note, RowKey: b.RowKey,
	}
}

func toLink(l *domain.Link) linkBody {
	return linkBody{
		l.ID, l.WebsiteID, l.Slug, l.ProgramID, l.Network, l.AdvertiserID, l.Merchant, l.Form, l.Destination, l.PublisherID, l.Way, l.State, l.Note, l.Own, l.RowKey,
		l.CreatedAt.UTC(), l.UpdatedAt.UTC(),
	}
}
