package api

import (
	"context"
	"net/http"

	"empire/internal/domain"
)

type tagService interface {
	Tags(ctx context.Context, id domain.WebsiteID) ([]string, error)
	SetTags(ctx context.Context, id domain.WebsiteID, tags []string) ([]string, error)
}

type tagsBody struct {
	Tags []string `json:"tags" maxItems:"20" doc:"Small letters, digits and - _ . : within, up to 40 of them"`
}

type setTagsInput struct {
	ID   domain.WebsiteID `path:"website_id"`
	Body tagsBody
}

func registerTags(a *API, s tagService) {
	example := tagsBody{[]string{"de", "winter-2026"}}
	handle(a, operation{
		id: "get-tags", method: http.MethodGet, path: "/websites/{website_id}/tags", tag: "websites", permission: domain.WebsitesRead,
		summary: "Show the tags of a website", text: "Batches select by them.", response: example,
	}, func(ctx context.Context, in *websiteInput) (*output[tagsBody], error) {
		tags, err := s.Tags(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &output[tagsBody]{tagsBody{list(tags)}}, nil
	})
	handle(a, operation{
		id: "set-tags", method: http.MethodPut, path: "/websites/{website_id}/tags", tag: "websites", permission: domain.WebsitesManage,
		summary: "Give a website tags", text: "In the place of those that it has; an empty list takes all away.", request: example, response: example,
	}, func(ctx context.Context, in *setTagsInput) (*output[tagsBody], error) {
		tags, err := s.SetTags(ctx, in.ID, in.Body.Tags)
		if err != nil {
			return nil, err
		}
		return &output[tagsBody]{tagsBody{list(tags)}}, nil
	})
}
