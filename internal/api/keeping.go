package api

import (
	"context"
	"encoding/json"
	"net/http"

	"empire/internal/domain"
)

// siteKeeper keeps the records of websites.
type siteKeeper interface {
	Register(ctx context.Context, p domain.RegisterParams) (*domain.Website, error)
	Update(ctx context.Context, id domain.WebsiteID, p domain.WebsitePatch) (*domain.Website, error)
	Delete(ctx context.Context, id domain.WebsiteID) error
}

type websitePatchBody struct {
	Title    *string              `json:"title,omitempty" minLength:"1" maxLength:"200"`
	Niche    *string              `json:"niche,omitempty" minLength:"1" maxLength:"100" doc:"Takes effect with the next rebuild"`
	State    *domain.WebsiteState `json:"state,omitempty" enum:"draft,live,archived" doc:"archived takes the website off the web; live or draft brings an archived one back: live if it has a live release, else draft"`
	FeedIDs  *[]domain.FeedID     `json:"feed_ids,omitempty" maxItems:"100" doc:"Feeds that it is made from; empty means all"`
	Operator *operatorPatchBody   `json:"operator,omitempty" doc:"Fields that are left out stay as they are"`

	Analytics *bool `json:"analytics,omitempty" doc:"Whether its pages count visits and clicks; takes effect with the next rebuild"`

	PagePolicy *domain.PagePolicy `json:"page_policy,omitempty" enum:"hold_site,hold_page,inherit" doc:"What a page that a gate refuses means: nothing is published, or the page stays a draft; inherit: as content.failing_page says. Takes effect with the next rebuild"`
}

type operatorPatchBody struct {
	Name        *string `json:"name,omitempty" maxLength:"200"`
	Street      *string `json:"street,omitempty" maxLength:"200"`
	PostalCode  *string `json:"postal_code,omitempty" maxLength:"20"`
	City        *string `json:"city,omitempty" maxLength:"200"`
	Country     *string `json:"country,omitempty" maxLength:"100"`
	Email       *string `json:"email,omitempty" maxLength:"254"`
	Phone       *string `json:"phone,omitempty" maxLength:"100"`
	ContactURL  *string `json:"contact_url,omitempty" maxLength:"500"`
	Register    *string `json:"register,omitempty" maxLength:"200" doc:"Commercial register and number, if any"`
	VATID       *string `json:"vat_id,omitempty" maxLength:"50"`
	Responsible *string `json:"responsible,omitempty" maxLength:"200" doc:"Who is responsible for editorial content"`
	PublisherID *string `json:"publisher_id,omitempty" maxLength:"50" doc:"AWIN publisher id for links that are built"`
	Sample      *bool   `json:"sample,omitempty" doc:"Demonstration data, marked as such on every legal page"`
}

type (
	createWebsiteInput struct {
		Body struct {
			Name     string `json:"name,omitempty" minLength:"1" maxLength:"63" pattern:"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" patternDescription:"host label" doc:"Host label, unique; made from the domain without it"`
			Domain   string `json:"domain" minLength:"1" maxLength:"253" doc:"Host name of the website, unique; international names as punycode"`
			Niche    string `json:"niche" minLength:"1" maxLength:"100" doc:"What the website is about, in the words of a buyer"`
			Language string `json:"language,omitempty" enum:"en,de" default:"en"`
			Title    string `json:"title,omitempty" maxLength:"200"`
		}
	}
	createdWebsiteOutput struct {
		Location string `header:"Location" doc:"Where the website is"`
		ETag     string `header:"ETag" doc:"Names this state of the website, for If-Match"`
		Body     WebsiteDetailBody
	}
	updateWebsiteInput struct {
		ID      domain.WebsiteID `path:"website_id"`
		IfMatch string           `header:"If-Match" maxLength:"1000" doc:"The ETag of the state that the change is made to; another state is refused with 412"`
		Body    websitePatchBody
	}
)

func registerKeeping(a *API, sites siteKeeper) {
	handle(a, operation{
		id: "create-website", method: http.MethodPost, path: "/websites", tag: "websites", permission: domain.WebsitesManage,
		summary: "Add a website", text: "Nothing is built; POST /websites/{website_id}/rebuild does that. A domain or name that is taken is a conflict.",
		status: http.StatusCreated, problems: []int{http.StatusConflict}, response: exampleDraft,
		request: map[string]any{"domain": "keyboards.example", "niche": "mechanical keyboards", "language": "en", "title": "Mechanical keyboards compared"},
	}, func(ctx context.Context, in *createWebsiteInput) (*createdWebsiteOutput, error) {
		b := in.Body
		site, err := sites.Register(ctx, domain.RegisterParams{Name: b.Name, Domain: b.Domain, Niche: b.Niche, Language: b.Language, Title: b.Title})
		if err != nil {
			return nil, err
		}
		d := toDetail(site)
		return &createdWebsiteOutput{Base + "/websites/" + string(site.ID), d.ETag, d.Body}, nil
	})
	handle(a, operation{
		id: "update-website", method: http.MethodPatch, path: "/websites/{website_id}", tag: "websites", permission: domain.WebsitesManage,
		summary: "Change a website", text: "Fields that are left out stay as they are. With If-Match, a website that has changed meanwhile is left alone (412). " +
			"A state that does not follow from the present one, or a website that is being built and is to be archived, is a conflict.",
		problems: []int{http.StatusConflict, http.StatusPreconditionFailed}, response: exampleDetail,
		request: map[string]any{"title": "Mechanical keyboards compared", "operator": map[string]any{"phone": "+49 30 1234567"}},
	}, func(ctx context.Context, in *updateWebsiteInput) (*websiteDetailOutput, error) {
		p, err := in.patch()
		if err != nil {
			return nil, err
		}
		site, err := sites.Update(ctx, in.ID, p)
		if err != nil {
			return nil, err
		}
		return toDetail(site), nil
	})
	handle(a, operation{
		id: "delete-website", method: http.MethodDelete, path: "/websites/{website_id}", tag: "websites", permission: domain.WebsitesManage,
		summary: "Delete a website with its pages and releases", status: http.StatusNoContent, problems: []int{http.StatusConflict},
		text: "For good. A live website is a conflict: archive it first. So is one that is being built. Its runs, approvals and entries in the audit log stay.",
	}, func(ctx context.Context, in *websiteInput) (*struct{}, error) {
		return nil, sites.Delete(ctx, in.ID)
	})
}

var exampleDraft = func() WebsiteDetailBody {
	d := exampleDetail
	d.State, d.LiveRelease = domain.WebsiteDraft, nil
	return d
}()

func (in *updateWebsiteInput) patch() (domain.WebsitePatch, error) {
	b := in.Body
	p := domain.WebsitePatch{Title: b.Title, Niche: b.Niche, State: b.State, FeedIDs: b.FeedIDs, Analytics: b.Analytics, PagePolicy: b.PagePolicy, Seqs: parseIfMatch(in.IfMatch)}
	if b.PagePolicy != nil && *b.PagePolicy == inherited {
		p.PagePolicy = new(domain.PagePolicy(""))
	}
	if b.Operator == nil {
		return p, nil
	}
	var err error
	p.Operator, err = json.Marshal(b.Operator)
	return p, err
}
