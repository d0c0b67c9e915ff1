package edge

import (
	"container/list"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"empire/internal/domain"
)

// previewSuffix ends the host of every preview. Browsers resolve all names under
// localhost to this machine (RFC 6761 §6.3).
const previewSuffix = ".preview.localhost"

// maxPreviews bounds how many previews are kept in memory.
const maxPreviews = 32

// Headers of previews. They are for one person before a decision: no search engine
// and no cache keeps them, and a merchant does not learn their address.
var (
	noIndex    = []string{"noindex, nofollow"}
	noReferrer = []string{"no-referrer"}
)

// PreviewHost returns the host at which a server shows the release with the given
// manifest, whether it is published or not: the SHA-256 in two labels, because a
// label has at most 63 characters. Nobody can guess it, so knowing it is the right
// to look. It returns "" for what is not a SHA-256 in lower-case hexadecimal.
func PreviewHost(manifest string) string {
	if len(manifest) != 64 || strings.Trim(manifest, "0123456789abcdef") != "" {
		return ""
	}
	return manifest[:32] + "." + manifest[32:] + previewSuffix
}

// manifestOf is the inverse of PreviewHost without its suffix.
func manifestOf(label string) (sha string, ok bool) {
	sha = strings.Replace(label, ".", "", 1)
	if PreviewHost(sha) != label+previewSuffix {
		return "", false
	}
	return sha, true
}

// servePreview answers for a host that ends in previewSuffix.
func (s *Server) servePreview(w http.ResponseWriter, r *http.Request, label string) int {
	h := w.Header()
	h["X-Robots-Tag"] = noIndex
	h["Referrer-Policy"] = noReferrer
	h["Cache-Control"] = noStore
	if r.Method == http.MethodPost && r.URL.Path == beaconPath { // looking at a preview is no visit
		w.WriteHeader(http.StatusNoContent)
		return http.StatusNoContent
	}
	if !readOnly(r) {
		return refuseMethod(w, r)
	}
	sha, ok := manifestOf(label)
	if !ok {
		return noPreview(w, r)
	}
	c, err := s.previewOf(r.Context(), sha)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return noPreview(w, r)
	case err != nil:
		return s.fault(w, r, "preview "+sha[:12], err)
	}
	status, _ := s.answer(w, r, c) // looking at a preview is no visit
	return status
}

func noPreview(w http.ResponseWriter, r *http.Request) int {
	return plainText(w, r, http.StatusNotFound, "There is no such preview.\n")
}

// previewOf returns the manifest with the given SHA-256, ready to serve.
func (s *Server) previewOf(ctx context.Context, sha string) (*content, error) {
	if c := s.previews.get(sha); c != nil {
		return c, nil
	}
	c, err := s.once(ctx, sha, func(ctx context.Context) (*content, error) {
		m, err := s.cfg.Manifests.Load(ctx, sha)
		if err != nil {
			return nil, err
		}
		c := newContent(domain.ReleaseID("preview "+sha[:12]), &m)
		for _, e := range c.entries {
			e.cacheControl, e.moveControl = noStore, noStore
		}
		s.previews.put(sha, c)
		return c, nil
	})
	if err != nil {
		return nil, fmt.Errorf("load preview %s: %w", sha, err)
	}
	return c, nil
}

// previews keeps what was asked for last. The zero value is ready for use.
type previews struct {
	mu    sync.Mutex
	order list.List // of preview; the one asked for last is in front
	bySHA map[string]*list.Element
}

type preview struct {
	sha     string
	content *content
}

// get returns the preview, or nil.
func (p *previews) get(sha string) *content {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.bySHA[sha]
	if e == nil {
		return nil
	}
	p.order.MoveToFront(e)
	return e.Value.(preview).content
}

// put keeps a preview and drops the one that nobody asked for longest.
func (p *previews) put(sha string, c *content) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bySHA == nil {
		p.bySHA = map[string]*list.Element{}
	}
	if p.bySHA[sha] != nil {
		return // it never changes
	}
	p.bySHA[sha] = p.order.PushFront(preview{sha, c})
	if p.order.Len() > maxPreviews {
		oldest := p.order.Back()
		delete(p.bySHA, p.order.Remove(oldest).(preview).sha)
	}
}

func (p *previews) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.order.Len()
}
