package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type duplicateService interface {
	List(ctx context.Context, threshold float64, w domain.Window) (*domain.DuplicateReport, error)
}

type duplicateMemberBody struct {
	WebsiteID  domain.WebsiteID         `json:"website_id"`
	Domain     string                   `json:"domain"`
	PageID     domain.PageID            `json:"page_id"`
	Path       string                   `json:"path"`
	Title      string                   `json:"title"`
	Evidence   int                      `json:"evidence" doc:"Different rows, spans and computations that the page rests on"`
	Since      time.Time                `json:"since" doc:"Live without a gap"`
	Similarity float64                  `json:"similarity" minimum:"0" maximum:"1" doc:"With the page that stays; 1 for itself"`
	Proposal   domain.DuplicateProposal `json:"proposal" enum:"keep,merge,retire" doc:"keep: it stays; merge: into the page that stays; retire: its whole website, of which most pages are said elsewhere"`
}

type duplicateClusterBody struct {
	Highest float64               `json:"highest" doc:"Similarity of two of its pages"`
	Members []duplicateMemberBody `json:"members" doc:"The page that should stay comes first: it rests on more evidence, or is older"`
}

type doorwayBody struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Domain    string           `json:"domain"`
	OtherID   domain.WebsiteID `json:"other_id"`
	Other     string           `json:"other_domain"`
	Niche     float64          `json:"niche" doc:"Share of words or of products, whichever is greater"`
	Outline   float64          `json:"outline" doc:"Share of forms of pages"`
	Targets   float64          `json:"targets" doc:"Share of programs and merchants that links lead to"`
}

type duplicatesBody struct {
	Threshold float64                `json:"threshold"`
	Websites  int                    `json:"websites" doc:"Live ones that were compared"`
	Pages     int                    `json:"pages"`
	Pending   int                    `json:"pending" doc:"Live websites whose pages are not read yet"`
	Compared  int                    `json:"compared" doc:"Pairs of pages that were held against each other"`
	Pairs     int                    `json:"pairs" doc:"Near-duplicates among them"`
	Median    float64                `json:"median_similarity" doc:"Of pages of one kind on different websites, over a sample"`
	Sampled   int                    `json:"sampled" doc:"Pairs of that sample"`
	Total     int                    `json:"total" doc:"Clusters in all"`
	Clusters  []duplicateClusterBody `json:"clusters"`
	Doorways  []doorwayBody          `json:"doorways" doc:"Pairs of websites that lead the same visitors to the same targets; at most 200"`
}

func toDuplicates(r *domain.DuplicateReport) duplicatesBody {
	b := duplicatesBody{
		Threshold: r.Threshold, Websites: r.Websites, Pages: r.Pages, Pending: r.Pending, Compared: r.Compared, Pairs: r.Pairs, Median: r.Median, Sampled: r.Sampled,
		Total: r.Total, Clusters: make([]duplicateClusterBody, len(r.Clusters)), Doorways: make([]doorwayBody, len(r.Doorways)),
	}
	for i := range r.Clusters {
		c := &r.Clusters[i]
		b.Clusters[i] = duplicateClusterBody{Highest: c.Highest, Members: make([]duplicateMemberBody, len(c.Members))}
		for j := range c.Members {
			m := &c.Members[j]
			b.Clusters[i].Members[j] = duplicateMemberBody{m.WebsiteID, m.Domain, m.PageID, m.Path, m.Title, m.Evidence, m.Since.UTC(), m.Similarity, m.Proposal}
		}
	}
	for i := range r.Doorways {
		b.Doorways[i] = doorwayBody(r.Doorways[i])
	}
	return b
}

type duplicatesInput struct {
	Window
	Threshold float64 `query:"threshold" minimum:"0.45" maximum:"1" doc:"Similarity from which on pages are near-duplicates; left out: that of the configuration"`
}

func registerDuplicates(a *API, s duplicateService) {
	handle(a, operation{
		id: "list-duplicates", method: http.MethodGet, path: "/intelligence/duplicates", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Find pages of different websites that say much the same",
		text: "Similarity is that of the sets of five-word shingles of main texts (Jaccard). Clusters are listed with the largest first, each with the page that " +
			"should stay and what to do with the others. Archived websites are left out.",
		response: duplicatesBody{
			Threshold: 0.5, Websites: 12, Pages: 480, Compared: 9, Pairs: 1, Median: 0.04, Sampled: 1000, Total: 1,
			Clusters: []duplicateClusterBody{{Highest: 0.82, Members: []duplicateMemberBody{
				{exampleSite, "keyboards.example", "page_01k2ja", "/guide/", "Keyboards: a guide", 41, exampleTime, 1, domain.ProposeKeep},
				{"site_01k2jb", "keys.example", "page_01k2jb", "/guide/", "Keys: a guide", 12, exampleTime, 0.82, domain.ProposeMerge},
			}}},
			Doorways: []doorwayBody{{exampleSite, "keyboards.example", "site_01k2jb", "keys.example", 1, 0.8, 1}},
		},
	}, func(ctx context.Context, in *duplicatesInput) (*output[duplicatesBody], error) {
		r, err := s.List(ctx, in.Threshold, in.Window.domain())
		return answerOf(toDuplicates)(r, err)
	})
}
