package app

import (
	"context"
	"time"

	"empire/internal/agent/opportunity"
	"empire/internal/domain"
	"empire/internal/intelligence/learn"
	"empire/internal/pipeline/shipped"
	"empire/internal/service"
)

// wireMarket builds what scans markets. The services of the catalogue and the agents'
// runtime come before it.
func (a *App) wireMarket(context.Context) error {
	source := marketSource{markets: markets{a.store}, cfg: a.cfg.Market}
	a.runtime.Market = &shipped.Analyst{Source: source, Scanner: opportunity.New()}
	a.Market = service.NewMarket(service.MarketConfig{
		Tx: a.store, Analyst: a.runtime.Market, Series: a.store.Market, Opportunities: a.store.Opportunities, Estimates: a.store.Estimates,
		Audit: a.store.Audit, Emit: a.emit, Now: a.now, Log: a.log,
	})
	a.launch.Freeze = a.Market.FreezeLaunch
	a.Models = service.NewModels(service.ModelsConfig{
		Tx: a.store, Store: a.store.Learned, Train: trainModel, Predict: learn.PredictPacked, Audit: a.store.Audit, Now: a.now,
	})
	return nil
}

// trainModel fits the learning package to the service of models.
func trainModel(p domain.TrainParams, at time.Time) (*service.Trained, error) {
	t, err := learn.Train(p)
	if err != nil {
		return nil, err
	}
	return &service.Trained{
		Model: domain.LearnedModel{Kind: p.Kind, DataHash: t.DataHash, N: t.N, Features: t.Features, Metrics: t.Metrics},
		Pack:  func(version int) ([]byte, error) { return t.Encode(version, at) },
	}, nil
}

// publicationDecided freezes what was believed when a person approved a publication.
func (a *App) publicationDecided(ctx context.Context, approval *domain.Approval, _ domain.Decision, approved bool) (bool, error) {
	if !approved {
		return false, nil
	}
	return false, a.Market.FreezeApproval(ctx, approval)
}
