package app

import (
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestAgentsReadTheirTenant: what an agent is asked about a website of another tenant
// than that of its task is answered as if there were none, wherever the name came from.
func TestAgentsReadTheirTenant(t *testing.T) {
	t.Parallel()
	a := &App{store: testkit.DB(t)}
	site := &domain.Website{ID: "site_1", Tenant: "acme", Name: "keys", Domain: "keys.example", State: domain.WebsiteDraft}
	if err := a.store.Websites.Insert(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	for tenant, want := range map[domain.TenantID][2]domain.Code{"acme": {domain.CodeConflict, ""}, "other": {domain.CodeNotFound, domain.CodeNotFound}} {
		ctx := domain.WithScope(t.Context(), domain.WorkScope{Tenant: tenant})
		_, _, draft := a.latestDraft(ctx, site.ID)
		_, stale := a.staleOf(ctx, site.ID)
		if got := [2]domain.Code{domain.CodeOf(draft), domain.CodeOf(stale)}; got != want {
			t.Errorf("%s: draft and stale pages answer %q, want %q", tenant, got, want)
		}
	}
}
