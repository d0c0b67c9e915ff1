package service

import (
	"context"
	"encoding/json"
	"fmt"

	"empire/internal/domain"
)

// Review returns what an approval of the kind ApprovePublish is about: the pages of the
// candidate with the evidence of their claims, and what differs from the release that
// is live now. An approval of another kind is CodeConflict; one of another tenant does
// not exist.
func (s *Websites) Review(ctx context.Context, id domain.ApprovalID) (*domain.Review, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	a, err := s.cfg.Approvals.Get(ctx, id)
	if a, err = visible(ctx, a, err, "Approval", string(id)); err != nil {
		return nil, err
	}
	var p approvalPayload
	if a.Kind != domain.ApprovePublish || json.Unmarshal(a.Payload, &p) != nil || p.Draft == "" {
		return nil, domain.Errorf(domain.CodeConflict, "Approval %s is not about pages.", id)
	}
	site, err := s.Get(ctx, a.WebsiteID)
	if err != nil {
		return nil, err
	}
	var next domain.ReleaseContent
	if next.Manifest, err = s.cfg.Manifests.Load(ctx, p.Manifest); err != nil {
		return nil, fmt.Errorf("read candidate of approval %s: %w", id, err)
	}
	if next.Draft, err = s.cfg.Drafts.Draft(ctx, p.Draft); err != nil {
		return nil, fmt.Errorf("read draft of approval %s: %w", id, err)
	}
	out := &domain.Review{Pages: next.Draft.Pages, Evidence: next.Draft.Evidence}
	if site.LiveRelease == "" {
		return out, nil
	}
	live, err := s.release(ctx, site, site.LiveRelease)
	if err != nil {
		return nil, err
	}
	held, err := s.content(ctx, live)
	if err != nil {
		return nil, err
	}
	out.Diff = &domain.ReleaseDiff{From: sideOf(live), To: domain.DiffSide{Manifest: p.Manifest, CreatedAt: a.CreatedAt.UTC()}}
	out.Diff.Pages, out.Diff.Files = s.cfg.Compare(held, next)
	return out, nil
}
