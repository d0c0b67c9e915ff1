package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type pageService interface {
	Pages(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Page, int, error)
	Page(ctx context.Context, id domain.WebsiteID, pageID domain.PageID) (*domain.Page, []domain.Evidence, error)
}

// PageInfoBody shows a page without its content.
type PageInfoBody struct {
	ID          domain.PageID    `json:"id"`
	WebsiteID   domain.WebsiteID `json:"website_id"`
	Kind        domain.PageKind  `json:"kind"`
	Path        string           `json:"path"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	Heading     string           `json:"heading"`
	Language    string           `json:"language"`
	Indexable   bool             `json:"indexable"`
	Writer      string           `json:"writer" doc:"Who wrote it: data/1, or a model"`
	ClaimCount  int              `json:"claim_count"`
	OfferCount  int              `json:"offer_count"`
	UpdatedAt   time.Time        `json:"updated_at"`
}

type pageBody struct {
	PageInfoBody
	Keywords []string          `json:"keywords"`
	Products []string          `json:"products" doc:"Family keys, the most important first"`
	Blocks   []domain.Block    `json:"blocks" doc:"The content in reading order"`
	Offers   []domain.Offer    `json:"offers" doc:"Affiliate links by slot"`
	Claims   []domain.Claim    `json:"claims" doc:"Every fact of the page, with the evidence that carries it"`
	Evidence []domain.Evidence `json:"evidence" doc:"What the claims rest on, with the inputs of computations"`
}

type (
	listPagesInput struct {
		Window
		ID domain.WebsiteID `path:"website_id"`
	}
	pageInput struct {
		ID     domain.WebsiteID `path:"website_id"`
		PageID domain.PageID    `path:"page_id"`
	}
	pageOutput struct{ Body pageBody }
)

var (
	examplePageInfo = PageInfoBody{
		ID: "page_01k2ja", WebsiteID: "site_01k2ja", Kind: domain.PageGuide, Path: "/guide/", Title: "Mechanical keyboard buying guide",
		Description: "What 824 keyboards cost and how they differ.", Heading: "How to choose a mechanical keyboard", Language: "en",
		Indexable: true, Writer: "data/1", ClaimCount: 1, UpdatedAt: exampleTime,
	}
	examplePage = pageBody{
		PageInfoBody: examplePageInfo, Keywords: []string{}, Products: []string{}, Offers: []domain.Offer{},
		Blocks: []domain.Block{{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{
			{Text: "Half of them cost less than $59.99.", Claims: []domain.ClaimID{"c1"}},
		}}}},
		Claims: []domain.Claim{{ID: "c1", Text: "$59.99", Evidence: []domain.EvidenceID{"ev_0123456789abcdef01234567"}}},
		Evidence: []domain.Evidence{{
			ID: "ev_0123456789abcdef01234567", Kind: domain.EvidenceComputation, Formula: "median",
			Inputs: []domain.EvidenceID{"ev_76543210fedcba9876543210"}, Result: 5999, Value: "59.99", Note: "median price of 824 keyboards",
		}},
	}
)

func registerPages(a *API, pages pageService) {
	handle(a, operation{
		id: "list-pages", method: http.MethodGet, path: "/websites/{website_id}/pages", tag: "websites", permission: domain.WebsitesRead,
		summary: "List the pages of a website", response: []PageInfoBody{examplePageInfo},
	}, func(ctx context.Context, in *listPagesInput) (*listOutput[PageInfoBody], error) {
		items, total, err := pages.Pages(ctx, in.ID, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toPageInfo), nil
	})
	handle(a, operation{
		id: "get-page", method: http.MethodGet, path: "/websites/{website_id}/pages/{page_id}", tag: "websites", permission: domain.WebsitesRead,
		summary: "Show a page with its claims and evidence", response: examplePage,
	}, func(ctx context.Context, in *pageInput) (*pageOutput, error) {
		page, evidence, err := pages.Page(ctx, in.ID, in.PageID)
		if err != nil {
			return nil, err
		}
		return &pageOutput{pageBody{
			PageInfoBody: toPageInfo(page), Keywords: list(page.Keywords), Products: list(page.Products), Blocks: list(page.Blocks),
			Offers: list(page.Offers), Claims: list(page.Claims), Evidence: list(evidence),
		}}, nil
	})
}

func toPageInfo(p *domain.Page) PageInfoBody {
	return PageInfoBody{
		ID: p.ID, WebsiteID: p.WebsiteID, Kind: p.Kind, Path: p.Path(), Title: p.Title, Description: p.Description, Heading: p.Heading,
		Language: p.Language, Indexable: p.Indexable, Writer: p.Writer, ClaimCount: len(p.Claims), OfferCount: len(p.Offers), UpdatedAt: p.UpdatedAt.UTC(),
	}
}
