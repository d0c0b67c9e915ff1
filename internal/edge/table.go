package edge

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

// preloadLimit bounds reading the manifest of a new release before it is served.
const preloadLimit = 2 * time.Second

// table says which site answers for a host. It is never changed.
type table map[string]*site

// site is one live release of a website. A pointer move makes a new one.
type site struct {
	id        domain.WebsiteID
	tenant    domain.TenantID
	domain    string
	name      string
	language  string
	publisher string // of the operator, for links of AWIN
	release   domain.ReleaseID
	analytics bool
	counters  *hostCounters
	content   atomic.Pointer[content] // nil until the first request
}

// refresh takes over what changed since the last time.
func (s *Server) refresh(ctx context.Context) error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	if err := s.refreshLinks(ctx); err != nil {
		return err
	}
	// Before the list, so that a deletion in between shows the next time.
	deletions, err := s.cfg.Sites.Deletions(ctx)
	if err != nil {
		return fmt.Errorf("count deleted sites: %w", err)
	}
	since, known := s.seq, s.known
	full := known == nil || deletions != s.deletions || !time.Now().Before(s.resyncAt)
	if full {
		since = 0
	}
	changed, err := s.cfg.Sites.ChangedSince(ctx, since)
	if err != nil {
		return fmt.Errorf("list changed sites: %w", err)
	}
	if len(changed) == 0 && !full {
		return nil
	}
	next := make(map[domain.WebsiteID]*site, max(len(known), len(changed)))
	if full {
		s.deletions, s.resyncAt = deletions, time.Now().Add(resyncEvery)
	} else {
		maps.Copy(next, known)
	}
	for i := range changed {
		w := &changed[i]
		s.seq = max(s.seq, w.PointerSeq)
		if w.State != domain.WebsiteLive || w.LiveRelease == "" {
			delete(next, w.ID)
			continue
		}
		next[w.ID] = s.successor(ctx, known[w.ID], w)
	}
	s.known = next
	s.table.Store(newTable(next))
	return nil
}

// successor returns the site that serves w from now on. If its visitors are used to
// quick answers, the new manifest is read before it takes over; one that cannot be
// read does not take over, and is tried again soon.
func (s *Server) successor(ctx context.Context, old *site, w *domain.Website) *site {
	if old != nil && old.release == w.LiveRelease && old.domain == w.Domain && old.name == w.Name && old.analytics != w.NoAnalytics &&
		old.publisher == w.Operator.PublisherID && old.language == w.Language {
		return old
	}
	next := &site{id: w.ID, domain: w.Domain, name: w.Name, language: w.Language, publisher: w.Operator.PublisherID, release: w.LiveRelease, analytics: !w.NoAnalytics, tenant: w.Tenant.OrDefault(), counters: &hostCounters{}}
	if old != nil {
		next.counters = old.counters
	}
	if old == nil || old.content.Load() == nil {
		return next
	}
	ctx, cancel := context.WithTimeout(ctx, preloadLimit)
	defer cancel()
	if _, err := s.contentOf(ctx, next); err != nil {
		s.log.ErrorContext(ctx, "release not served, the one before stays", slog.String("site_id", string(w.ID)),
			slog.String("release_id", string(w.LiveRelease)), slog.Any("err", err))
		s.resyncAt = time.Now().Add(preloadLimit)
		return old
	}
	return next
}

// newTable lists sites by their domain and by NAME.localhost. If one site's domain
// is another's local name, the domain wins.
func newTable(known map[domain.WebsiteID]*site) *table {
	t := make(table, 2*len(known))
	for _, st := range known {
		t[st.name+".localhost"] = st
	}
	for _, st := range known {
		t[st.domain] = st
	}
	return &t
}

// hostKey returns the host name without port, final dot and upper case.
func hostKey(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
