package service

import (
	"context"
	"time"

	"empire/internal/domain"
)

// estimateOf is what an opportunity says, as it is frozen. The hash is over all that
// the model read: the inputs of all parts, the research and the revenue's inputs.
func estimateOf(o *domain.Opportunity, at time.Time) (*domain.MarketEstimate, error) {
	e := &domain.MarketEstimate{
		ID: domain.EstimateID(domain.NewID("est")), Topic: o.Topic, Model: domain.OpportunityModel, ModelVersion: domain.OpportunityModelVersion, Confidence: o.ConfidenceScore,
		Revenue: o.EstimatedRevenue, RevenueReason: o.RevenueReason, Calibration: domain.Uncalibrated, CreatedAt: at,
	}
	if o.Score != nil {
		e.Score, e.Model, e.ModelVersion = *o.Score, o.Score.Model, o.Score.Version
	}
	inputs := map[string]any{"model": e.Model, "version": e.ModelVersion, "research": o.Research}
	for _, p := range e.Score.Parts {
		inputs["part."+p.Name] = p.Inputs
	}
	for _, p := range o.ConfidenceParts {
		inputs["confidence."+p.Name] = p.Inputs
	}
	if o.EstimatedRevenue != nil {
		inputs["revenue"] = o.EstimatedRevenue.Inputs
	}
	var err error
	e.InputsHash, err = stateHash(inputs)
	return e, err
}

// FreezeLaunch freezes what the scan of a run said when its website was begun. It runs
// in the transaction that finishes the scan; a repeated step changes nothing.
func (s *Market) FreezeLaunch(ctx context.Context, run *domain.Run, o *domain.Opportunity) error {
	e, err := estimateOf(o, s.journal.stamp())
	if err != nil {
		return err
	}
	e.Tenant, e.Kind, e.Subject, e.RunID, e.WebsiteID = run.Tenant.OrDefault(), domain.EstimateLaunch, string(run.ID), run.ID, run.WebsiteID
	fresh, err := s.cfg.Estimates.Freeze(ctx, e)
	if err != nil || !fresh {
		return err
	}
	return s.journal.changedFor(ctx, e.Tenant, "estimate.frozen", string(e.ID), string(e.Kind), nil, e)
}

// FreezeApproval freezes, when a person approves the website of a run, what that run's
// launch estimate said. A run without one, older than the program that freezes them,
// has none.
func (s *Market) FreezeApproval(ctx context.Context, a *domain.Approval) error {
	launch, err := s.cfg.Estimates.About(ctx, domain.EstimateLaunch, string(a.RunID))
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	e := *launch
	e.ID, e.Kind, e.Subject, e.CreatedAt = domain.EstimateID(domain.NewID("est")), domain.EstimateApproval, string(a.ID), s.journal.stamp()
	fresh, err := s.cfg.Estimates.Freeze(ctx, &e)
	if err != nil || !fresh {
		return err
	}
	return s.journal.changedFor(ctx, e.Tenant, "estimate.frozen", string(e.ID), string(e.Kind), nil, &e)
}

// Estimates returns a window of the tenant's frozen estimates, the newest first.
func (s *Market) Estimates(ctx context.Context, f domain.EstimateFilter, w domain.Window) ([]domain.MarketEstimate, int, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, 0, err
	}
	f.Tenant = scope(ctx)
	return s.cfg.Estimates.List(ctx, f, w)
}

// Estimate returns one frozen estimate.
func (s *Market) Estimate(ctx context.Context, id domain.EstimateID) (*domain.MarketEstimate, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	e, err := s.cfg.Estimates.Get(ctx, id)
	return visible(ctx, e, err, "Estimate", string(id))
}
