package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type revisionService interface {
	Restore(ctx context.Context, id domain.WebsiteID, path string, from domain.ReleaseID) (*domain.Run, error)
	Retire(ctx context.Context, id domain.WebsiteID, path, target, reason string) (*domain.Run, error)
	List(ctx context.Context, id domain.WebsiteID) ([]domain.Retirement, error)
	TakeBack(ctx context.Context, id domain.WebsiteID, path string) error
}

type plannedService interface {
	Plan(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) (*domain.PlannedRelease, error)
	List(ctx context.Context, id domain.WebsiteID, states []domain.PlannedState, w domain.Window) ([]domain.PlannedRelease, int, error)
	Cancel(ctx context.Context, id domain.PlannedReleaseID) (*domain.PlannedRelease, error)
}

type retirementBody struct {
	Path    string        `json:"path" doc:"Empty: the whole website"`
	Target  string        `json:"target" doc:"Where visitors are led: a path, or for a whole website the id of another one; empty: they are told that it is gone"`
	Reason  string        `json:"reason"`
	ActorID domain.UserID `json:"actor_id"`
	At      time.Time     `json:"at"`
}

func toRetirement(r *domain.Retirement) retirementBody {
	return retirementBody{r.Path, r.Target, r.Reason, r.ActorID, r.At.UTC()}
}

type plannedBody struct {
	ID        domain.PlannedReleaseID `json:"id"`
	WebsiteID domain.WebsiteID        `json:"website_id"`
	ReleaseID domain.ReleaseID        `json:"release_id"`
	At        time.Time               `json:"at" doc:"When it goes live"`
	State     domain.PlannedState     `json:"state" enum:"waiting,published,refused,cancelled"`
	Detail    string                  `json:"detail" doc:"Why it was refused, or that it was late"`
	ActorID   domain.UserID           `json:"actor_id"`
	CreatedAt time.Time               `json:"created_at"`
	EndedAt   *time.Time              `json:"ended_at"`
}

func toPlanned(p *domain.PlannedRelease) plannedBody {
	return plannedBody{p.ID, p.WebsiteID, p.ReleaseID, p.At.UTC(), p.State, p.Detail, p.ActorID, p.CreatedAt.UTC(), utc(p.EndedAt)}
}

type (
	restoreInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Body struct {
			Path      string           `json:"path" minLength:"1" maxLength:"500" pattern:"^/" doc:"Of the page, such as /guide/"`
			ReleaseID domain.ReleaseID `json:"release_id" minLength:"1" maxLength:"100" doc:"Where the page comes from"`
		}
	}
	retireInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Body struct {
			Path   string `json:"path,omitempty" maxLength:"500" pattern:"^/" doc:"Of the page; left out: the whole website"`
			Target string `json:"target,omitempty" maxLength:"500" doc:"Where visitors are led: a path of the website, or for a whole website the id of another one; left out: 410"`
			Reason string `json:"reason" minLength:"1" maxLength:"1000"`
		}
	}
	takeBackInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Path string           `query:"path" maxLength:"500" doc:"Of the page; left out: the whole website"`
	}
	planReleaseInput struct {
		ID   domain.WebsiteID `path:"website_id"`
		Body struct {
			ReleaseID domain.ReleaseID `json:"release_id" minLength:"1" maxLength:"100"`
			At        time.Time        `json:"at" doc:"When it goes live, at most two years ahead"`
		}
	}
	listPlannedInput struct {
		WebsiteID domain.WebsiteID    `query:"website_id" maxLength:"100" doc:"Only of this website"`
		State     domain.PlannedState `query:"state" enum:"waiting,published,refused,cancelled"`
		Window
	}
	cancelPlannedInput struct {
		ID domain.PlannedReleaseID `path:"planned_id"`
	}
)

func started(run *domain.Run, err error) (*startedOutput, error) {
	if err != nil {
		return nil, err
	}
	return &startedOutput{Base + "/runs/" + string(run.ID), toRun(run)}, nil
}

func registerRevisions(a *API, s revisionService) {
	edit := exampleRebuildRun
	edit.Pipeline = "edit_website"
	edit.Steps = []stepBody{{Name: "gate", Status: domain.StateQueued}}
	handle(a, operation{
		id: "restore-page", method: http.MethodPost, path: "/websites/{website_id}/restore", tag: "websites", permission: domain.WebsitesManage,
		summary: "Bring one page back from an earlier release", status: http.StatusAccepted, problems: []int{http.StatusConflict},
		text: "Starts an edit_website run: the live release with this page as it was. It passes the gates with the market of the live release, is refused with the reason where one is red, " +
			"and is approved as always.",
		request: map[string]any{"path": "/guide/", "release_id": exampleRelease}, response: edit,
	}, func(ctx context.Context, in *restoreInput) (*startedOutput, error) {
		return started(s.Restore(ctx, in.ID, in.Body.Path, in.Body.ReleaseID))
	})
	handle(a, operation{
		id: "retire", method: http.MethodPost, path: "/websites/{website_id}/retire", tag: "websites", permission: domain.WebsitesManage,
		summary: "Retire a page or a website", status: http.StatusAccepted, problems: []int{http.StatusConflict},
		text: "A page of a product, a comparison or a best-for page goes with the build that is started, and later builds do not bring it back. A website keeps a release that leads every address to " +
			"the pages of another one, or says that they are gone; it is approved as always, and a rollback brings the website back.",
		request: map[string]any{"path": "/old-board/", "target": "/new-board/", "reason": "sold out for good"}, response: exampleRebuildRun,
	}, func(ctx context.Context, in *retireInput) (*startedOutput, error) {
		return started(s.Retire(ctx, in.ID, in.Body.Path, in.Body.Target, in.Body.Reason))
	})
	handle(a, operation{
		id: "list-retirements", method: http.MethodGet, path: "/websites/{website_id}/retirements", tag: "websites", permission: domain.WebsitesRead,
		summary: "List what of a website was retired", text: "By path; the website as a whole comes first.",
		response: []retirementBody{{Path: "/old-board/", Target: "/new-board/", Reason: "sold out for good", ActorID: "user_01k2ja", At: exampleTime}},
	}, func(ctx context.Context, in *websiteInput) (*output[[]retirementBody], error) {
		list, err := s.List(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := make([]retirementBody, len(list))
		for i := range list {
			out[i] = toRetirement(&list[i])
		}
		return &output[[]retirementBody]{out}, nil
	})
	handle(a, operation{
		id: "take-back-retirement", method: http.MethodDelete, path: "/websites/{website_id}/retirements", tag: "websites", permission: domain.WebsitesManage,
		summary: "Forget that a page or a website was retired", status: http.StatusNoContent, text: "The next build may bring it back.",
	}, func(ctx context.Context, in *takeBackInput) (*struct{}, error) {
		return nil, s.TakeBack(ctx, in.ID, in.Path)
	})
}

func registerPlanned(a *API, s plannedService) {
	example := plannedBody{
		ID: "plan_01k2ja", WebsiteID: exampleSite, ReleaseID: exampleRelease, At: exampleTime.Add(time.Hour), State: domain.PlannedWaiting, ActorID: "user_01k2ja", CreatedAt: exampleTime,
	}
	handle(a, operation{
		id: "plan-release", method: http.MethodPost, path: "/websites/{website_id}/planned-releases", tag: "websites", permission: domain.WebsitesManage,
		summary: "Have a release go live at a time", status: http.StatusCreated, problems: []int{http.StatusConflict},
		text:    "A release that was approved before. Whether it may is asked again when its time comes, also of freezes and limits. What no process looked at in time goes live late and says so.",
		request: map[string]any{"release_id": exampleRelease, "at": exampleTime.Add(time.Hour)}, response: example,
	}, func(ctx context.Context, in *planReleaseInput) (*output[plannedBody], error) {
		return answerOf(toPlanned)(s.Plan(ctx, in.ID, in.Body.ReleaseID, in.Body.At))
	})
	handle(a, operation{
		id: "list-planned-releases", method: http.MethodGet, path: "/fleet/planned-releases", tag: "websites", permission: domain.WebsitesRead,
		summary: "List releases that go live at a time, and what became of them", text: "The newest plan first.", problems: []int{http.StatusNotFound}, response: []plannedBody{example},
	}, func(ctx context.Context, in *listPlannedInput) (*listOutput[plannedBody], error) {
		var states []domain.PlannedState
		if in.State != "" {
			states = append(states, in.State)
		}
		items, total, err := s.List(ctx, in.WebsiteID, states, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toPlanned), nil
	})
	handle(a, operation{
		id: "cancel-planned-release", method: http.MethodPost, path: "/fleet/planned-releases/{planned_id}/cancel", tag: "websites", permission: domain.WebsitesManage,
		summary: "Keep a planned release from going live", problems: []int{http.StatusConflict}, response: example,
	}, func(ctx context.Context, in *cancelPlannedInput) (*output[plannedBody], error) {
		return answerOf(toPlanned)(s.Cancel(ctx, in.ID))
	})
}
