package app

import (
	"context"

	"empire/internal/audit/gate"
	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
	"empire/internal/release"
	"empire/internal/service"
)

// artifacts keeps markets and drafts as compressed JSON blobs.
type artifacts struct {
	blobs *blob.Dir
}

// PutMarket stores a market and returns its SHA-256.
func (a artifacts) PutMarket(ctx context.Context, m *domain.Market) (string, error) {
	return blob.PutJSON(ctx, a.blobs, m)
}

// Market reads a stored market.
func (a artifacts) Market(ctx context.Context, sha string) (*domain.Market, error) {
	var m domain.Market
	return &m, blob.GetJSON(ctx, a.blobs, sha, &m)
}

// PutDraft stores a draft and returns its SHA-256.
func (a artifacts) PutDraft(ctx context.Context, d *domain.Draft) (string, error) {
	return blob.PutJSON(ctx, a.blobs, d)
}

// Draft reads a stored draft.
func (a artifacts) Draft(ctx context.Context, sha string) (*domain.Draft, error) {
	var d domain.Draft
	return &d, blob.GetJSON(ctx, a.blobs, sha, &d)
}

// gates runs all release gates.
type gates struct {
	snapshot  gate.Snapshot
	portfolio func(ctx context.Context, d *domain.Draft) (*domain.PortfolioCheck, error) // nil: nothing is compared
	with      domain.BuiltWith
}

// Check fits gate.Check to the pipeline.
func (g gates) Check(ctx context.Context, d *domain.Draft, m *domain.Market, files []domain.File) (shipped.GateResult, error) {
	r, err := gate.Check(ctx, d, m, files, g.snapshot)
	if err != nil {
		return shipped.GateResult{}, err
	}
	if g.portfolio != nil {
		c, err := g.portfolio(ctx, d)
		if err != nil {
			return shipped.GateResult{}, err
		}
		r.Gates = append(r.Gates, gate.Portfolio(c))
	}
	return shipped.GateResult{
		Pages: r.Pages, Products: r.Products, Claims: r.Claims, Grounded: r.Grounded, SEOScore: r.SEOScore, Gates: r.Gates, BuiltWith: g.with,
	}, nil
}

// sites fits service.Websites to the pipeline.
type sites struct {
	*service.Websites
	store websiteGetter
}

type websiteGetter interface {
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
}

// Get reads a website for a step: the run has its rights, not a principal.
func (s sites) Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	return s.store.Get(ctx, id)
}

// OpenApproval asks a person about a release candidate.
func (s sites) OpenApproval(ctx context.Context, run *domain.Run, step string, g shipped.GateResult) error {
	return s.Websites.OpenApproval(ctx, run, step, candidate(g))
}

// Publish makes an approved release candidate live.
func (s sites) Publish(ctx context.Context, id domain.ReleaseID, run *domain.Run, g shipped.GateResult, a shipped.ApproveResult, d *domain.Draft) error {
	return s.PublishCandidate(ctx, id, run, candidate(g), a.ApprovalID, d)
}

func candidate(g shipped.GateResult) service.Candidate {
	return service.Candidate{
		Draft: g.Draft, Manifest: g.Manifest, Files: g.Files, Bytes: g.Bytes, Pages: g.Pages, Products: g.Products,
		Claims: g.Claims, Grounded: g.Grounded, SEOScore: g.SEOScore, Gates: g.Gates, BuiltWith: g.BuiltWith,
	}
}

// releases fits the release builder to the pipeline.
type releases struct {
	builder *release.Builder
}

// Build stores files and returns the SHA-256 of their manifest and their size.
func (r releases) Build(ctx context.Context, host string, files []domain.File) (string, int64, error) {
	sha, m, err := r.builder.Build(ctx, host, files)
	if err != nil {
		return "", 0, err
	}
	total := int64(0)
	for _, e := range m.Entries {
		total += e.Size
	}
	return sha, total, nil
}
