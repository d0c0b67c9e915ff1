package main

import (
	"context"

	"empire/client"
	"empire/internal/domain"
)

// Duplicates implements portfolio. Without a server pages that were not read yet are
// read now.
func (l local) Duplicates(ctx context.Context, threshold float64, w domain.Window) (*client.Duplicates, error) {
	if _, err := l.a.Duplicates.CatchUp(ctx); err != nil {
		return nil, err
	}
	return view(viewDuplicates)(l.a.Duplicates.List(ctx, threshold, w))
}

// Duplicates implements portfolio.
func (r *remote) Duplicates(ctx context.Context, threshold float64, w domain.Window) (*client.Duplicates, error) {
	d, err := r.api.ListDuplicates(ctx, client.ListDuplicatesParams{Threshold: threshold, Limit: w.Limit, Offset: w.Offset})
	return answered(r, d, err)
}

func viewDuplicates(r *domain.DuplicateReport) client.Duplicates {
	return client.Duplicates{
		Threshold: r.Threshold, Websites: int64(r.Websites), Pages: int64(r.Pages), Pending: int64(r.Pending), Compared: int64(r.Compared), Pairs: int64(r.Pairs),
		MedianSimilarity: r.Median, Sampled: int64(r.Sampled), Total: int64(r.Total),
		Clusters: views(r.Clusters, func(c *domain.DuplicateCluster) client.DuplicateCluster {
			return client.DuplicateCluster{Highest: c.Highest, Members: views(c.Members, viewDuplicateMember)}
		}),
		Doorways: views(r.Doorways, func(d *domain.Doorway) client.Doorway {
			return client.Doorway{
				WebsiteID: string(d.WebsiteID), Domain: d.Domain, OtherID: string(d.OtherID), OtherDomain: d.Other, Niche: d.Niche, Outline: d.Outline, Targets: d.Targets,
			}
		}),
	}
}

func viewDuplicateMember(m *domain.DuplicateMember) client.DuplicateMember {
	return client.DuplicateMember{
		WebsiteID: string(m.WebsiteID), Domain: m.Domain, PageID: string(m.PageID), Path: m.Path, Title: m.Title, Evidence: int64(m.Evidence), Since: m.Since.UTC(),
		Similarity: m.Similarity, Proposal: client.DuplicateMemberProposal(m.Proposal),
	}
}
