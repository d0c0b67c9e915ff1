package app

import (
	"context"
	"log/slog"
	"time"

	"empire/internal/domain"
)

// sweepPrices removes changes of prices that are older than they are kept.
func (a *App) sweepPrices(ctx context.Context) {
	if a.cfg.Prices.History <= 0 {
		return
	}
	n, err := a.store.Market.SweepChanges(ctx, a.now().Add(-a.cfg.Prices.History))
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.ErrorContext(ctx, "old changes of prices not removed", slog.Any("err", err))
	case n > 0:
		a.log.InfoContext(ctx, "old changes of prices removed", slog.Int64("count", n))
	}
}

// tellHistories gives the products of a market the history of their price, where enough
// of it was recorded. It becomes a part of the market, so that later imports change
// nothing of a site that is being built.
func (m markets) tellHistories(ctx context.Context, market *domain.Market, at time.Time) error {
	byFeed := map[domain.FeedID][]string{}
	for i := range market.Families {
		if lead := market.Families[i].Lead(); lead.Price != nil {
			byFeed[lead.FeedID] = append(byFeed[lead.FeedID], lead.Key)
		}
	}
	for feed, keys := range byFeed {
		changes, err := m.store.Market.Histories(ctx, feed, keys)
		if err != nil {
			return err
		}
		for i := range market.Families {
			f := &market.Families[i]
			lead := f.Lead()
			if lead.FeedID != feed || lead.Price == nil || len(changes[lead.Key]) == 0 {
				continue
			}
			h := domain.HistoryOf(feed, lead.Key, changes[lead.Key], lead)
			f.History = h.Told(lead.Price.Currency, at)
		}
	}
	return nil
}
