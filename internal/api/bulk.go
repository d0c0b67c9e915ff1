package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

type bulkService interface {
	Bulk(ctx context.Context, action domain.BulkAction, ids []domain.WebsiteID) ([]domain.BulkResult, error)
}

type bulkResultBody struct {
	ID     domain.WebsiteID `json:"id"`
	Status int              `json:"status" minimum:"200" maximum:"599" doc:"What the request for this website alone would have answered: 200 or 202 if it was done, else the status of a problem and nothing was changed"`
	RunID  *domain.RunID    `json:"run_id" doc:"The run of a rebuild"`
	Error  *bulkFaultBody   `json:"error,omitempty" doc:"Why it was not done; absent if it was"`
}

type bulkFaultBody struct {
	Code   domain.Code `json:"code"`
	Detail string      `json:"detail" doc:"What went wrong, for a person"`
}

type (
	bulkInput struct {
		Body struct {
			Action domain.BulkAction  `json:"action" enum:"publish,rollback,archive,rebuild" doc:"publish makes the newest approved release live, rollback the one before the live one"`
			IDs    []domain.WebsiteID `json:"ids" minItems:"1" maxItems:"1000" uniqueItems:"true" doc:"The websites"`
		}
	}
	bulkOutput struct{ Body []bulkResultBody }
)

// Resolve implements huma.Resolver: no website is named twice.
func (in *bulkInput) Resolve(huma.Context) []error {
	seen := map[domain.WebsiteID]bool{}
	for i, id := range in.Body.IDs {
		if seen[id] {
			return []error{&huma.ErrorDetail{Location: fmt.Sprintf("body.ids[%d]", i), Message: "it is named twice"}}
		}
		seen[id] = true
	}
	return nil
}

func registerBulk(a *API, sites bulkService) {
	op := operation{
		id: "bulk-websites", method: http.MethodPost, path: "/websites/bulk", tag: "websites", permission: domain.WebsitesManage,
		summary: "Do one thing to many websites",
		text: "Each website is changed whole or not at all, one after the other. The answer is 200 with one result for each id, in their order, " +
			"even if all of them failed. For websites that a filter selects, and to follow what is done, start a batch.",
		request: map[string]any{"action": "publish", "ids": []domain.WebsiteID{exampleSite, "site_01k2jb"}},
		response: []bulkResultBody{
			{ID: exampleSite, Status: http.StatusOK},
			{ID: "site_01k2jb", Status: http.StatusConflict, Error: &bulkFaultBody{domain.CodeConflict, "Website site_01k2jb has no approved release."}},
		},
	}
	handle(a, op, func(ctx context.Context, in *bulkInput) (*bulkOutput, error) {
		results, err := sites.Bulk(ctx, in.Body.Action, in.Body.IDs)
		if err != nil {
			return nil, err
		}
		out := &bulkOutput{Body: make([]bulkResultBody, len(results))}
		for i, r := range results {
			out.Body[i] = a.toBulkResult(ctx, op.id, r)
		}
		return out, nil
	})
}

func (a *API) toBulkResult(ctx context.Context, operation string, r domain.BulkResult) bulkResultBody {
	b := bulkResultBody{ID: r.ID, Status: http.StatusOK}
	if r.RunID != "" {
		b.Status, b.RunID = http.StatusAccepted, &r.RunID
	}
	if r.Err == nil {
		return b
	}
	b.Error = &bulkFaultBody{codeOf(r.Err), domain.MessageOf(r.Err)}
	b.Status = StatusOf(r.Err)
	if p, ok := errors.AsType[*Problem](a.fail(ctx, operation, r.Err)); ok {
		b.Error.Detail = p.Detail
	}
	return b
}
