package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type healingService interface {
	List(ctx context.Context, f domain.HealthFilter, w domain.Window) ([]domain.LinkHealth, int, error)
	Check(ctx context.Context, id domain.LinkID) (*domain.LinkHealth, error)
	Swaps(ctx context.Context, state domain.SwapState, w domain.Window) ([]domain.LinkSwap, int, error)
	Undo(ctx context.Context, id domain.SwapID) (*domain.LinkSwap, error)
}

type linkHealthBody struct {
	LinkID       domain.LinkID    `json:"link_id"`
	URL          string           `json:"url" doc:"The merchant's page; empty: there is none that may be asked"`
	State        domain.LookState `json:"state" doc:"Of the last look: ok, moved, gone, soft_404, sold_out, program_closed, unknown, unchecked; empty: there was none yet"`
	Reason       string           `json:"reason"`
	Status       int              `json:"status" doc:"Of the merchant's answer; 0: there was none"`
	FinalURL     string           `json:"final_url"`
	Looks        int              `json:"looks"`
	Unknown      int              `json:"unknown" doc:"Looks in a row that learned nothing: they never make a link dead"`
	Failing      int              `json:"failing" doc:"Failing looks in a row"`
	FailingSince *time.Time       `json:"failing_since"`
	Dead         bool             `json:"dead"`
	DeadAs       domain.LookState `json:"dead_as" doc:"What it died of"`
	CheckedAt    *time.Time       `json:"checked_at"`
	NextAt       time.Time        `json:"next_at"`
	NoSwap       string           `json:"no_swap" doc:"Why nothing was proposed for a dead link"`
}

type linkSwapBody struct {
	ID         domain.SwapID    `json:"id"`
	LinkID     domain.LinkID    `json:"link_id"`
	Merchant   string           `json:"merchant"`
	Product    string           `json:"product"`
	Why        domain.LookState `json:"why"`
	ToLinkID   domain.LinkID    `json:"to_link_id"`
	ToMerchant string           `json:"to_merchant"`
	ToProduct  string           `json:"to_product"`
	Same       bool             `json:"same_product"`
	Reason     string           `json:"reason"`
	WebsiteID  domain.WebsiteID `json:"website_id" doc:"Whose market was searched"`
	State      domain.SwapState `json:"state" enum:"proposed,applied,rejected,undone"`
	Automatic  bool             `json:"automatic" doc:"The policy lets it be applied without a person"`
	RunID      domain.RunID     `json:"run_id"`
	CreatedAt  time.Time        `json:"created_at"`
	EndedAt    *time.Time       `json:"ended_at" doc:"When it left the state proposed, or was taken back"`
}

type (
	healthInput struct {
		Window
		State domain.LookState `query:"state" enum:"ok,moved,gone,soft_404,sold_out,program_closed,unknown,unchecked"`
		Dead  bool             `query:"dead" doc:"Dead ones alone"`
	}
	swapsInput struct {
		Window
		State domain.SwapState `query:"state" enum:"proposed,applied,rejected,undone"`
	}
	swapInput struct {
		ID domain.SwapID `path:"swap_id"`
	}
	linkHealthOutput struct{ Body linkHealthBody }
	linkSwapOutput   struct{ Body linkSwapBody }
)

var (
	exampleHealth = linkHealthBody{
		LinkID: "link_01k2ja", URL: "https://shop.example/k2", State: domain.LookGone, Reason: "the merchant answers 404", Status: 404, FinalURL: "https://shop.example/k2",
		Looks: 9, Failing: 3, FailingSince: &exampleTime, Dead: true, DeadAs: domain.LookGone, CheckedAt: &exampleTime, NextAt: exampleTime,
	}
	exampleSwap = linkSwapBody{
		ID: "swap_01k2ja", LinkID: "link_01k2ja", Merchant: "Example Shop", Product: "K2 keyboard", Why: domain.LookGone, ToLinkID: "link_01k2jb", ToMerchant: "Other Shop",
		ToProduct: "K2 keyboard", Same: true, Reason: "the only merchant that can be linked", WebsiteID: "site_01k2ja", State: domain.SwapApplied, RunID: "run_01k2ja",
		CreatedAt: exampleTime, EndedAt: &exampleTime,
	}
)

func registerHealing(a *API, s healingService) {
	handle(a, operation{
		id: "list-link-health", method: http.MethodGet, path: "/links/health", tag: "links", permission: domain.WebsitesRead, summary: "List what is known of where links lead",
		text:     "The merchants' own pages are looked at, never an address of a network. Only several failing looks over time make a link dead; refusals, walls against programs and faults are `unknown`.",
		response: []linkHealthBody{exampleHealth},
	}, func(ctx context.Context, in *healthInput) (*listOutput[linkHealthBody], error) {
		items, total, err := s.List(ctx, domain.HealthFilter{State: in.State, Dead: in.Dead}, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toLinkHealth), nil
	})
	handle(a, operation{
		id: "check-link", method: http.MethodPost, path: "/links/{link_id}/check", tag: "links", permission: domain.WebsitesManage, summary: "Look now where a link leads",
		text: "A second look within `links.check.again` is taken and not counted.", problems: []int{http.StatusNotFound}, response: exampleHealth,
	}, func(ctx context.Context, in *linkInput) (*linkHealthOutput, error) {
		h, err := s.Check(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &linkHealthOutput{toLinkHealth(h)}, nil
	})
	handle(a, operation{
		id: "list-link-swaps", method: http.MethodGet, path: "/links/swaps", tag: "links", permission: domain.WebsitesRead, summary: "List other offers in the place of dead links",
		text: "The last first. One that is proposed waits for the approval of its run.", response: []linkSwapBody{exampleSwap},
	}, func(ctx context.Context, in *swapsInput) (*listOutput[linkSwapBody], error) {
		items, total, err := s.Swaps(ctx, in.State, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toLinkSwap), nil
	})
	handle(a, operation{
		id: "undo-link-swap", method: http.MethodPost, path: "/links/swaps/{swap_id}/undo", tag: "links", permission: domain.WebsitesManage, summary: "Take a replacement back",
		text:     "The link leads where it led before, at once, and is not replaced again until it was found well.",
		problems: []int{http.StatusNotFound, http.StatusConflict}, response: exampleSwap,
	}, func(ctx context.Context, in *swapInput) (*linkSwapOutput, error) {
		w, err := s.Undo(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &linkSwapOutput{toLinkSwap(w)}, nil
	})
}

func toLinkHealth(h *domain.LinkHealth) linkHealthBody {
	return linkHealthBody{
		h.LinkID, h.URL, h.State, h.Reason, h.Status, h.FinalURL, h.Looks, h.Unknown, h.Failing, utc(h.FailingSince), h.Dead, h.DeadAs, utc(h.CheckedAt), h.NextAt.UTC(), h.NoSwap,
	}
}

func toLinkSwap(w *domain.LinkSwap) linkSwapBody {
	return linkSwapBody{
		w.ID, w.LinkID, w.Merchant, w.Product, w.Why, w.To.ID, w.To.Merchant, w.ToProduct, w.Same, w.Reason, w.WebsiteID, w.State, w.Automatic, w.RunID,
		w.CreatedAt.UTC(), utc(w.EndedAt),
	}
}
