package service

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"empire/internal/domain"
)

// placesVersion grows when outPlaceOf tells other places apart: what is kept is read again.
const placesVersion = 1

// outPlaceOf returns what classify looks at, so that links with the same place are of the same
// kind: the host, and parameters of networks.
func outPlaceOf(u *url.URL, sponsored bool) string {
	q := u.Query()
	parts := []string{strings.ToLower(u.Hostname()), fmt.Sprint(sponsored, q.Get("tag") != "")}
	for _, name := range []string{"awinmid", "mid", "m", "v"} {
		parts = append(parts, q.Get(name))
	}
	for _, name := range []string{"ued", "p"} {
		host := ""
		if to, err := url.Parse(q.Get(name)); err == nil {
			host = strings.ToLower(to.Hostname())
		}
		parts = append(parts, host)
	}
	return strings.Join(parts, "\x00")
}

// placesOf sums up links by place.
func placesOf(links []domain.PageLink) domain.ReleaseLinks {
	out := domain.ReleaseLinks{Version: placesVersion, Paths: []string{}, Places: []domain.PlaceLinks{}}
	places, paths := map[string]int{}, map[string]int{}
	for _, l := range links {
		u, err := url.Parse(l.Href)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		place := outPlaceOf(u, l.Sponsored)
		i, ok := places[place]
		if !ok {
			i = len(out.Places)
			places[place] = i
			out.Places = append(out.Places, domain.PlaceLinks{Href: l.Href, Sponsored: l.Sponsored, Pages: []int{}})
		}
		p := &out.Places[i]
		p.Count++
		n, ok := paths[l.Path]
		if !ok {
			n = len(out.Paths)
			paths[l.Path] = n
			out.Paths = append(out.Paths, l.Path)
		}
		if len(p.Pages) < maxOutlinkPages && !slices.Contains(p.Pages, n) {
			p.Pages = append(p.Pages, n)
		}
	}
	return out
}

// linksOf returns the links of the live releases of websites: those that are kept, and
// the others from their pages.
func (s *Links) linksOf(ctx context.Context, sites []domain.Website) (map[domain.ReleaseID]domain.ReleaseLinks, error) {
	ids := make([]domain.ReleaseID, len(sites))
	for i := range sites {
		ids[i] = sites[i].LiveRelease
	}
	held := map[domain.ReleaseID]domain.ReleaseLinks{}
	if s.cfg.Kept != nil {
		var err error
		if held, err = s.cfg.Kept.Of(ctx, ids); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		if l, ok := held[id]; ok && l.Version == placesVersion {
			continue
		}
		l, err := s.readLinks(ctx, id)
		if err != nil {
			return nil, err
		}
		held[id] = l
	}
	return held, nil
}

// readLinks reads the links of a release from its pages and keeps them.
func (s *Links) readLinks(ctx context.Context, id domain.ReleaseID) (domain.ReleaseLinks, error) {
	r, err := s.cfg.Websites.cfg.Releases.Get(ctx, id)
	if err != nil {
		return domain.ReleaseLinks{}, err
	}
	list, err := s.cfg.Read(ctx, r)
	if err != nil {
		return domain.ReleaseLinks{}, fmt.Errorf("read links of %s: %w", id, err)
	}
	links := placesOf(list)
	if s.cfg.Kept != nil {
		err = s.cfg.Kept.Put(ctx, id, &links)
	}
	return links, err
}

// CatchUp reads the links of live releases that nothing is kept of, so that nobody waits
// for it, and returns how many.
func (s *Links) CatchUp(ctx context.Context) (int, error) {
	if s.cfg.Kept == nil {
		return 0, nil
	}
	list, err := s.cfg.Kept.Pending(ctx, 1<<20)
	if err != nil {
		return 0, err
	}
	for n, id := range list {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		if _, err := s.readLinks(ctx, id); err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return n, err
		}
	}
	return len(list), nil
}
