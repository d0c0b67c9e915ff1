package service

import (
	"context"
	"errors"
	"fmt"

	"empire/internal/domain"
)

// Deploy brings a release of a website, the live one without an id, to a target such as
// folder:/srv/sites, and has every file read back there. Only a release that was live
// once can go: a person approved it. After a failure the target serves what it served
// before; the log keeps why.
func (s *Websites) Deploy(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, target string) (*domain.DeployReport, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	site, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.cfg.Carry == nil {
		return nil, domain.Errorf(domain.CodeUnavailable, "This program was built without targets.")
	}
	if release == "" {
		release = site.LiveRelease
	}
	if release == "" {
		return nil, domain.Errorf(domain.CodeConflict, "Website %s has no live release.", id)
	}
	r, err := s.cfg.Releases.Get(ctx, release)
	if err != nil {
		return nil, err
	}
	if r.WebsiteID != site.ID {
		return nil, domain.Errorf(domain.CodeNotFound, "Website %s has no release %s.", id, release)
	}
	if r.PublishedAt == nil {
		return nil, domain.Errorf(domain.CodeConflict, "Release %d of %s was never live: nobody approved it.", r.Number, site.Domain)
	}
	m, err := s.cfg.Manifests.Load(ctx, r.Manifest)
	if err != nil {
		return nil, fmt.Errorf("deploy release %s: %w", r.ID, err)
	}
	report, err := s.cfg.Carry(ctx, target, site, r, m)
	action, detail := "release.deployed", fmt.Sprintf("%s to %s", r.ID, target)
	if err != nil {
		action, detail = "release.deploy_failed", detail+": "+domain.MessageOf(err)
	}
	// What happened is noted even if the caller has gone.
	noted := s.cfg.Tx.InTx(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return s.journal.record(ctx, action, string(site.ID), detail)
	})
	if err := errors.Join(err, noted); err != nil {
		return nil, err
	}
	return report, nil
}
