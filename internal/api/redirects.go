package api

import (
	"context"
	"net/http"

	"empire/internal/domain"
)

type redirectService interface {
	List(ctx context.Context, id domain.WebsiteID) ([]domain.RedirectState, error)
	Set(ctx context.Context, id domain.WebsiteID, path, target string) (*domain.RedirectState, error)
	Delete(ctx context.Context, id domain.WebsiteID, path string) error
}

type (
	setRedirectInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Body struct {
			Path   string `json:"path" minLength:"2" maxLength:"500" pattern:"^/" doc:"The old path, such as /old-guide/"`
			Target string `json:"target" minLength:"1" maxLength:"2000" pattern:"^(/|https://)" doc:"A path of the website, or an https address elsewhere"`
		}
	}
	deleteRedirectInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Path string           `query:"path" required:"true" minLength:"2" maxLength:"500" pattern:"^/" doc:"The old path"`
	}
	redirectOutput  struct{ Body domain.RedirectState }
	redirectsOutput struct{ Body []domain.RedirectState }
)

func registerRedirects(a *API, redirects redirectService) {
	example := domain.RedirectState{Path: "/old-guide/", Target: "/guide/", Own: true, LiveTarget: "/guide/"}
	handle(a, operation{
		id: "list-redirects", method: http.MethodGet, path: "/websites/{website_id}/redirects", tag: "websites", permission: domain.WebsitesRead,
		summary: "List the redirects of a website", text: "Those of its live release, and those that an operator set. By path.",
		response: []domain.RedirectState{example},
	}, func(ctx context.Context, in *websiteInput) (*redirectsOutput, error) {
		items, err := redirects.List(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &redirectsOutput{list(items)}, nil
	})
	handle(a, operation{
		id: "set-redirect", method: http.MethodPut, path: "/websites/{website_id}/redirects", tag: "websites", permission: domain.WebsitesManage,
		summary: "Lead visitors of an old path elsewhere", problems: []int{http.StatusConflict},
		text:    "It goes live with the next release. A path that is a page of that release is not redirected.",
		request: map[string]any{"path": "/old-guide/", "target": "/guide/"}, response: example,
	}, func(ctx context.Context, in *setRedirectInput) (*redirectOutput, error) {
		r, err := redirects.Set(ctx, in.ID, in.Body.Path, in.Body.Target)
		if err != nil {
			return nil, err
		}
		return &redirectOutput{*r}, nil
	})
	handle(a, operation{
		id: "delete-redirect", method: http.MethodDelete, path: "/websites/{website_id}/redirects", tag: "websites", permission: domain.WebsitesManage,
		summary: "Forget what was set for an old path", status: http.StatusNoContent,
		text: "Where the path leads from the next release on is found anew.",
	}, func(ctx context.Context, in *deleteRedirectInput) (*struct{}, error) {
		return nil, redirects.Delete(ctx, in.ID, in.Path)
	})
}
