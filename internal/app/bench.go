package app

import (
	"context"
	"fmt"
	"time"

	"empire/internal/domain"
)

// AddBenchWebsites stores n draft websites to measure with. They belong to the
// administrator; their rows have about the size of real ones.
func (a *App) AddBenchWebsites(ctx context.Context, n int) error {
	at := a.now().UTC().Truncate(time.Second)
	return a.store.InTx(ctx, func(ctx context.Context) error {
		if err := a.store.Websites.InOrder(ctx); err != nil {
			return err
		}
		for i := range n {
			name := fmt.Sprintf("keyboards-%04d", i)
			w := &domain.Website{
				ID: domain.WebsiteID(domain.NewID("site")), Tenant: domain.DefaultTenant, Name: name, Domain: name + ".example",
				Niche: "mechanical keyboards", Language: "en", Title: "Mechanical keyboards compared", State: domain.WebsiteDraft,
				OwnerID: a.admin.UserID, CreatedAt: at, UpdatedAt: at,
			}
			if err := a.store.Websites.Insert(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}
