package app

import (
	"context"

	"empire/internal/agent/opportunity"
	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
	"empire/internal/service"
)

// wireMarket builds what scans markets. The services of the catalogue and the agents'
// runtime come before it.
func (a *App) wireMarket(context.Context) error {
	source := marketSource{markets: markets{a.store}, cfg: a.cfg.Market}
	a.runtime.Market = &shipped.Analyst{Source: source, Scanner: opportunity.New()}
	a.Market = service.NewMarket(service.MarketConfig{
		Tx: a.store, Analyst: a.runtime.Market, Series: a.store.Market, Keywords: a.store.Keywords, Opportunities: a.store.Opportunities, Estimates: a.store.Estimates,
		Audit: a.store.Audit, Emit: a.emit, Now: a.now, Log: a.log,
	})
	a.launch.Freeze = a.Market.FreezeLaunch
	return nil
}

// publicationDecided freezes what was believed when a person approved a publication.
func (a *App) publicationDecided(ctx context.Context, approval *domain.Approval, _ domain.Decision, approved bool) (bool, error) {
	if !approved {
		return false, nil
	}
	return false, a.Market.FreezeApproval(ctx, approval)
}
