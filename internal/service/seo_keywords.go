package service

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"empire/internal/domain"
)

// Bounds of a keyword map.
const (
	topResults = 5 // of a search whose results are compared
	// sameResults is the share of pages that two searches must both find to be one.
	sameResults = 0.6
	nearResult  = 3   // rank up to which a page competes with the one that is searched for
	maxSearched = 200 // pages of a website whose keywords are searched for
	// retireKeywords is the share of a website's keywords that others have better: then
	// the website is to go.
	retireKeywords = 0.5
	// weakEvidence is the share of the evidence of the page that stays below which a page
	// for the same intent is merged into it.
	weakEvidence = 0.5
)

// Conflicts returns a window of the keywords for which pages of the tenant compete,
// within a website and between several, with what to do; and how many there are.
func (s *SEO) Conflicts(ctx context.Context, w domain.Window) ([]domain.KeywordConflict, int, error) {
	p, err := domain.Require(ctx, domain.IntelligenceUse)
	if err != nil {
		return nil, 0, err
	}
	all, err := s.conflicts(ctx, p.Tenant.OrDefault())
	if err != nil {
		return nil, 0, err
	}
	from := min(max(w.Offset, 0), len(all))
	limit := cmp.Or(w.Limit, 50)
	return all[from:min(from+limit, len(all))], len(all), nil
}

// Keywords returns what the pages of a website are for, and for what they compete with
// one another and with those of other websites of the tenant: by keyword, and by what a
// search for their keyword finds.
func (s *SEO) Keywords(ctx context.Context, id domain.WebsiteID) (*domain.KeywordMap, error) {
	site, err := s.cfg.Websites.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.MapOf(ctx, site)
}

// MapOf is Keywords for the work of agents, without a principal.
func (s *SEO) MapOf(ctx context.Context, site *domain.Website) (*domain.KeywordMap, error) {
	pages, err := s.cfg.Store.Keywords(ctx, site.ID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(pages, func(a, b domain.KeywordPage) int { return cmp.Compare(a.Path, b.Path) })
	all, err := s.conflicts(ctx, site.Tenant.OrDefault())
	if err != nil {
		return nil, err
	}
	m := &domain.KeywordMap{Pages: pages, Conflicts: []domain.KeywordConflict{}}
	known := map[string]bool{}
	for _, c := range all {
		if !slices.ContainsFunc(c.Pages, func(p domain.KeywordClaim) bool { return p.WebsiteID == site.ID }) {
			continue
		}
		m.Conflicts = append(m.Conflicts, c)
		for i := range c.Pages {
			for j := range c.Pages {
				known[pairKey(&c.Pages[i].KeywordPage, &c.Pages[j].KeywordPage)] = true
			}
		}
	}
	found, err := s.byResults(ctx, site, pages, known)
	m.Conflicts = append(m.Conflicts, found...)
	return m, err
}

func pairKey(a, b *domain.KeywordPage) string {
	x, y := string(a.WebsiteID)+a.Path, string(b.WebsiteID)+b.Path
	return min(x, y) + "\x00" + max(x, y)
}

// Taken returns the keywords that pages of other websites of the tenant are for, in the
// language of a website. A step calls it, so it needs no principal.
func (s *SEO) Taken(ctx context.Context, site *domain.Website) ([]domain.TakenKeyword, error) {
	list, err := s.cfg.Store.TakenKeywords(ctx, site.Tenant.OrDefault(), site.Language, site.ID)
	out := make([]domain.TakenKeyword, 0, len(list))
	for i := range list {
		out = append(out, domain.TakenKeyword{Key: list[i].Key, Keyword: list[i].Keyword, Domain: list[i].Domain, Path: list[i].Path})
	}
	return out, err
}

// conflicts returns the keywords that several pages of a tenant are for: those between
// websites first, then those with the most pages.
func (s *SEO) conflicts(ctx context.Context, tenant domain.TenantID) ([]domain.KeywordConflict, error) {
	shared, err := s.cfg.Store.SharedKeywords(ctx, tenant)
	if err != nil {
		return nil, err
	}
	counts, err := s.cfg.Store.CountKeywords(ctx, tenant)
	if err != nil {
		return nil, err
	}
	groups := map[string][]domain.KeywordPage{}
	for i := range shared {
		key := shared[i].Language + "\x00" + shared[i].Key
		groups[key] = append(groups[key], shared[i])
	}
	lost := map[domain.WebsiteID]int{}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		slices.SortFunc(groups[key], func(a, b domain.KeywordPage) int { return a.Before(&b) })
		for _, p := range groups[key][1:] {
			if p.WebsiteID != groups[key][0].WebsiteID {
				lost[p.WebsiteID]++
			}
		}
	}
	out := make([]domain.KeywordConflict, 0, len(groups))
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		c := conflictOf(groups[key], domain.ConflictKeyword, 1)
		for i := range c.Pages {
			p := &c.Pages[i]
			if n := counts[p.WebsiteID]; i > 0 && n > 0 && float64(lost[p.WebsiteID]) > retireKeywords*float64(n) {
				p.Proposal, p.Why = domain.KeywordRetire, fmt.Sprintf("Other websites have %d of the %d keywords of its website with more evidence.", lost[p.WebsiteID], n)
			}
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b domain.KeywordConflict) int {
		if a.Between != b.Between {
			if a.Between {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(len(b.Pages), len(a.Pages)), cmp.Compare(a.Keyword, b.Keyword))
	})
	return out, nil
}

// conflictOf makes a conflict of pages; the one that stays comes first.
func conflictOf(pages []domain.KeywordPage, reason domain.ConflictReason, overlap float64) domain.KeywordConflict {
	best := &pages[0]
	c := domain.KeywordConflict{Keyword: best.Keyword, Reason: reason, Overlap: overlap}
	for i := range pages {
		p := domain.KeywordClaim{KeywordPage: pages[i]}
		c.Between = c.Between || p.WebsiteID != best.WebsiteID
		switch {
		case i == 0:
			p.Proposal, p.Why = domain.KeywordKeep, fmt.Sprintf("It rests on the most evidence (%d), or is the oldest of several such.", p.Evidence)
		case p.Intent != best.Intent:
			p.Proposal, p.Why = domain.KeywordDifferentiate, fmt.Sprintf("It answers another intent: %s, not %s.", p.Intent, best.Intent)
		case float64(p.Evidence) < weakEvidence*float64(best.Evidence):
			p.Proposal, p.Why = domain.KeywordMerge, fmt.Sprintf("It answers the same intent with less evidence: %d against %d.", p.Evidence, best.Evidence)
		case p.WebsiteID == best.WebsiteID && p.Kind == best.Kind:
			p.Proposal, p.Why = domain.KeywordMerge, "It is of the same kind on the same website."
		default:
			p.Proposal, p.Why = domain.KeywordDifferentiate, "It rests on evidence of its own; a narrower keyword would be its own, too."
		}
		c.Pages = append(c.Pages, p)
	}
	return c
}

// byResults searches for the keywords of a website and returns pages that compete for
// the same results: each is near the top of a search for the keyword of the other, and
// both searches find mostly the same pages. Pages about one product each are left out:
// who searches for one by name wants that one.
func (s *SEO) byResults(ctx context.Context, site *domain.Website, pages []domain.KeywordPage, known map[string]bool) ([]domain.KeywordConflict, error) {
	if s.cfg.Search == nil {
		return nil, nil
	}
	l := &resultLook{s: s, tenant: site.Tenant.OrDefault(), found: map[string][]string{}, sites: map[domain.WebsiteID]map[domain.PageID]*domain.KeywordPage{}}
	var out []domain.KeywordConflict
	for i := range pages[:min(len(pages), maxSearched)] {
		p := &pages[i]
		if p.Keyword == "" || p.Intent == domain.IntentBuy {
			continue
		}
		mine, err := l.results(ctx, p.Keyword)
		if err != nil {
			return out, err
		}
		for _, hit := range mine[:min(nearResult, len(mine))] {
			q, err := l.page(ctx, hit)
			if err != nil {
				return out, err
			}
			if q == nil || q.Keyword == "" || q.Intent == domain.IntentBuy || q.Language != p.Language || q.WebsiteID == p.WebsiteID && q.Path == p.Path || known[pairKey(p, q)] {
				continue
			}
			theirs, err := l.results(ctx, q.Keyword)
			if err != nil {
				return out, err
			}
			share, self := overlapOf(mine, theirs), string(p.WebsiteID)+" "+string(p.PageID)
			if share >= sameResults && slices.Contains(theirs[:min(nearResult, len(theirs))], self) {
				known[pairKey(p, q)] = true
				pair := []domain.KeywordPage{*p, *q}
				slices.SortFunc(pair, func(a, b domain.KeywordPage) int { return a.Before(&b) })
				out = append(out, conflictOf(pair, domain.ConflictResults, share))
			}
		}
	}
	return out, nil
}

// resultLook keeps what was searched for and looked up.
type resultLook struct {
	s      *SEO
	tenant domain.TenantID
	found  map[string][]string // by keyword: website and page, the best first
	sites  map[domain.WebsiteID]map[domain.PageID]*domain.KeywordPage
}

func (l *resultLook) results(ctx context.Context, keyword string) ([]string, error) {
	if list, ok := l.found[keyword]; ok {
		return list, nil
	}
	a, err := l.s.cfg.Search(ctx, []domain.TenantID{l.tenant}, domain.SearchQuery{Text: keyword, Kinds: []domain.SearchKind{domain.SearchPage}, Limit: topResults})
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, len(a.Hits))
	for _, h := range a.Hits {
		list = append(list, string(h.Document.WebsiteID)+" "+h.Document.Ref)
	}
	l.found[keyword] = list
	return list, nil
}

// page returns the page of a hit, or nil for one whose keyword is not noted.
func (l *resultLook) page(ctx context.Context, hit string) (*domain.KeywordPage, error) {
	var id domain.WebsiteID
	var page domain.PageID
	if _, err := fmt.Sscan(hit, &id, &page); err != nil {
		return nil, nil //nolint:nilerr,nilnil // it is no page
	}
	if l.sites[id] == nil {
		list, err := l.s.cfg.Store.Keywords(ctx, id)
		if err != nil {
			return nil, err
		}
		l.sites[id] = make(map[domain.PageID]*domain.KeywordPage, len(list))
		for i := range list {
			l.sites[id][list[i].PageID] = &list[i]
		}
	}
	return l.sites[id][page], nil
}

// overlapOf returns the share of what two lists hold together that both hold.
func overlapOf(a, b []string) float64 {
	shared := 0
	for _, x := range a {
		if slices.Contains(b, x) {
			shared++
		}
	}
	if n := len(a) + len(b) - shared; n > 0 {
		return float64(shared) / float64(n)
	}
	return 0
}
