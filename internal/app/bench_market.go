package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"empire/internal/domain"
	"empire/internal/sample"
)

// addMarket adds feeds, products, links, opportunities, budgets, schedules, users and
// webhooks.
func (b *estateBench) addMarket(ctx context.Context) error {
	b.cfg.Progress("market", 0, 1)
	_, err := b.Market.Scan(ctx, domain.ScanRequest{Topic: sample.Niche, Language: b.site.Language}, func(int, int, string) {})
	if err != nil {
		return fmt.Errorf("look at a market: %w", err)
	}
	for _, add := range []func(context.Context) error{b.addFeeds, b.addLinks, b.addScans, b.addSettings} {
		if err := b.store.InTx(ctx, add); err != nil {
			return err
		}
	}
	return nil
}

const estateFeeds = 8

// addFeeds copies the feed of the first website.
func (b *estateBench) addFeeds(ctx context.Context) error {
	feeds, _, err := b.store.Feeds.List(ctx, domain.Window{Limit: 1})
	if err != nil || len(feeds) == 0 {
		return fmt.Errorf("find the first feed: %w", err)
	}
	products, err := b.store.Products.Walk(ctx, feeds[0].ID, "", 5000)
	if err != nil {
		return err
	}
	for n := range estateFeeds {
		f := feeds[0]
		f.ID, f.Name = domain.FeedID(domain.NewID("feed")), "merchant-"+strconv.Itoa(n)
		if err := b.store.Feeds.Insert(ctx, &f); err != nil {
			return err
		}
		for i := range products {
			products[i].FeedID = f.ID
		}
		if err := b.store.Products.Upsert(ctx, products); err != nil {
			return err
		}
	}
	return nil
}

// addLinks adds two links of each website to the registry.
func (b *estateBench) addLinks(ctx context.Context) error {
	var list []domain.Link
	for i := range b.sites {
		for n := range 2 {
			list = append(list, domain.Link{
				ID: domain.LinkID(domain.NewID("link")), Tenant: domain.DefaultTenant, WebsiteID: b.sites[i].id, Slug: "offer-" + strconv.Itoa(n), Network: domain.NetworkAwin,
				AdvertiserID: strconv.Itoa(1000 + i%8), Merchant: "Merchant " + strconv.Itoa(i%8), Form: domain.FormDeep, Destination: "https://shop.example/p/" + strconv.Itoa(i),
				PublisherID: "1", State: domain.LinkActive, Own: true, CreatedAt: b.now, UpdatedAt: b.now,
			})
		}
	}
	return b.store.Links.Put(ctx, list, nil)
}

// addScans looks at a market and keeps what was found several times.
func (b *estateBench) addScans(ctx context.Context) error {
	lines, _, err := b.store.Opportunities.List(ctx, domain.DefaultTenant, domain.Window{Limit: 1})
	if err != nil || len(lines) == 0 {
		return err
	}
	found, err := b.store.Opportunities.Get(ctx, lines[0].ID)
	if err != nil {
		return err
	}
	for i := range 200 {
		r := *found
		r.ID, r.CreatedAt = domain.OpportunityID(domain.NewID("opp")), b.now.AddDate(0, 0, -i)
		if err := b.store.Opportunities.Insert(ctx, &r); err != nil {
			return err
		}
	}
	return nil
}

// addSettings adds budgets, schedules that are off, users and what webhooks told.
func (b *estateBench) addSettings(ctx context.Context) error {
	for i := range b.sites {
		budget := &domain.Budget{
			ID: domain.BudgetID(domain.NewID("bud")), Tenant: domain.DefaultTenant, Name: fmt.Sprintf("estate %d", i), Scope: domain.BudgetScope{WebsiteID: b.sites[i].id},
			Period: domain.PeriodMonth, Limit: domain.Money{Minor: 5000, Currency: "USD"}, DegradeAt: 80, OnLimit: domain.LimitPause, CreatedAt: b.now, UpdatedAt: b.now,
		}
		if err := b.store.Budgets.Insert(ctx, budget); err != nil {
			return err
		}
	}
	for i := range 60 {
		user := &domain.User{
			ID: domain.UserID(domain.NewID("user")), Email: fmt.Sprintf("reader-%d@estate.example", i), Name: fmt.Sprintf("Reader %d", i), PasswordHash: "-",
			Permissions: []domain.Permission{domain.WebsitesRead}, CreatedAt: b.now, UpdatedAt: b.now,
		}
		schedule := &domain.Schedule{
			ID: domain.ScheduleID(domain.NewID("sched")), Tenant: domain.DefaultTenant, Name: fmt.Sprintf("nightly %d", i), Pipeline: b.run.Pipeline, Params: json.RawMessage(`{}`),
			Cron: "0 4 * * *", Overlap: domain.OverlapSkip, Priority: domain.RunPriority("").OrNormal(), OwnerID: b.admin.UserID, CreatedAt: b.now, UpdatedAt: b.now,
		}
		d := &domain.WebhookDelivery{
			ID: domain.WebhookDeliveryID(domain.NewID("dlv")), Provider: "n8n", Method: "POST", Body: []byte(`{}`), SHA256: domain.NewID("x"), Size: 2, ReceivedAt: b.now,
		}
		event := domain.WebhookEvent{
			ID: domain.WebhookEventID(domain.NewID("hook")), DeliveryID: d.ID, Provider: d.Provider, EventID: strconv.Itoa(i), Type: "done", State: domain.WebhookProcessed,
			Attempts: 1, ReceivedAt: b.now, ProcessedAt: &b.now,
		}
		if err := b.store.Users.Insert(ctx, user); err != nil {
			return err
		}
		if err := b.store.Schedules.Insert(ctx, schedule); err != nil {
			return err
		}
		if _, err := b.store.Webhooks.Insert(ctx, d, []domain.WebhookEvent{event}); err != nil {
			return err
		}
	}
	return nil
}
