package api

import (
	"context"
	"net/http"

	"empire/internal/domain"
)

type releaseDiffer interface {
	Diff(ctx context.Context, id domain.WebsiteID, p domain.DiffParams) (*domain.ReleaseDiff, error)
}

type (
	releaseDiffInput struct {
		ID      domain.WebsiteID `path:"website_id"`
		Release domain.ReleaseID `path:"release_id" maxLength:"100"`
		Against domain.ReleaseID `query:"against" maxLength:"100" doc:"The release to compare with; the one before by number without it"`
		Page    string           `query:"page" maxLength:"500" pattern:"^/" doc:"Path of the only page to compare, such as /guide/"`
	}
	releaseDiffOutput struct{ Body domain.ReleaseDiff }
)

func registerReleaseDiff(a *API, releases releaseDiffer) {
	first, second := 3, 4
	handle(a, operation{
		id: "diff-release", method: http.MethodGet, path: "/websites/{website_id}/releases/{release_id}/diff", tag: "websites", permission: domain.WebsitesRead,
		summary: "Compare a release with an earlier one", problems: []int{http.StatusConflict},
		text: "Pages are compared by block, as they were written; files by their bytes. A first release has nothing to be compared with, which is a conflict.",
		response: domain.ReleaseDiff{
			From: domain.DiffSide{ID: "rel_01k2j9", Number: 1, Manifest: exampleHash, CreatedAt: exampleTime},
			To:   domain.DiffSide{ID: exampleRelease, Number: 2, Manifest: exampleHash, CreatedAt: exampleTime},
			Pages: []domain.PageDiff{{
				Path: "/guide/", Kind: domain.Changed, PageKind: domain.PageGuide, Title: "Mechanical keyboards: a buying guide",
				Blocks: []domain.BlockChange{{Kind: domain.Changed, Type: domain.BlockParagraph, Before: &first, After: &second, Lines: []domain.LineChange{
					{Kind: domain.Removed, Text: "The median price is $89.99."}, {Kind: domain.Added, Text: "The median price is $84.99."},
				}, Reasons: []domain.ChangeReason{{Kind: domain.ReasonEvidence, What: "search_price of row 4711", Before: "49.90", After: "44.90"}}}},
				Fields: []domain.FieldChange{{Name: "title", Before: "Mechanical keyboards", After: "Mechanical keyboards: a buying guide"}},
				Offers: []domain.OfferChange{{
					Slot: "card-1", Before: &domain.OfferSide{Product: "wave-75", Merchant: "Gadget Barn", Price: "$89.99", URL: "https://www.awin1.com/cread.php?awinmid=1"},
					After: &domain.OfferSide{Product: "wave-75", Merchant: "Gadget Barn", Price: "$84.99", URL: "https://www.awin1.com/cread.php?awinmid=1"},
				}},
			}},
			Files: []domain.FileChange{{Path: "/guide/", Kind: domain.Changed, Before: exampleHash, After: exampleHash, Bytes: -12}},
		},
	}, func(ctx context.Context, in *releaseDiffInput) (*releaseDiffOutput, error) {
		d, err := releases.Diff(ctx, in.ID, domain.DiffParams{To: in.Release, Against: in.Against, Page: in.Page})
		if err != nil {
			return nil, err
		}
		d.Pages, d.Files = list(d.Pages), list(d.Files)
		return &releaseDiffOutput{*d}, nil
	})
}
