package service

import (
	"context"
	"sync"

	"empire/internal/domain"
)

const (
	memoTenants  = 16     // whose websites are held
	memoWebsites = 50_000 // of a tenant; more are read each time
)

// versionedWebsites are websites with a number that grows with every change of one.
type versionedWebsites interface {
	websiteWalker
	Version(ctx context.Context) (int64, error)
}

type heldWebsites struct {
	version int64
	list    []domain.Website // not changed
}

// websiteMemo holds the websites of tenants, and reads them again when one has changed,
// whoever changed it: the version is asked for each time, and before the websites.
type websiteMemo struct {
	mu   sync.Mutex // guards held
	held map[domain.TenantID]heldWebsites
}

// each calls fn with each website of a tenant in the order of ids. Fn must not change it.
func (m *websiteMemo) each(ctx context.Context, sites versionedWebsites, tenant domain.TenantID, fn func(*domain.Website) error) error {
	version, err := sites.Version(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	h, ok := m.held[tenant]
	m.mu.Unlock()
	if !ok || h.version != version {
		h = heldWebsites{version: version}
		err := eachWebsite(ctx, sites, tenant, func(w *domain.Website) error {
			h.list = append(h.list, *w)
			return nil
		})
		if err != nil {
			return err
		}
		m.put(tenant, h)
	}
	for i := range h.list {
		if err := fn(&h.list[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *websiteMemo) put(tenant domain.TenantID, h heldWebsites) {
	if len(h.list) > memoWebsites {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.held[tenant]; m.held == nil || !ok && len(m.held) >= memoTenants {
		m.held = map[domain.TenantID]heldWebsites{}
	}
	m.held[tenant] = h
}
