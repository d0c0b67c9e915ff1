package edge

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// views takes the pages that were sent. It never waits.
type views interface {
	Sent(h *domain.Hit)
	// Addresses reports whether Sent looks at addresses.
	Addresses() bool
}

// accessLog takes the requests that were answered.
type accessLog interface{ Log(e *domain.AccessEntry) }

// SetLog makes the server write down the requests that end from now on; nil: none.
func (s *Server) SetLog(log accessLog) {
	if log == nil {
		s.access.Store(nil)
		return
	}
	s.access.Store(&log)
}

// served is what became of a request.
type served struct {
	site   *site // nil: the host has none, or is that of a preview
	status int
	page   bool // a page of the site was sent, or the visitor has it
}

// record counts a request and writes it down.
func (s *Server) record(r *http.Request, h http.Header, a served, start time.Time, took time.Duration) {
	s.counters.observe(a.status, took)
	size := bodySize(r.Method, a.status, h)
	if a.site != nil {
		a.site.counters.observe(a.status, size, took)
		if a.page && s.cfg.Views != nil && a.site.analytics && r.Method == http.MethodGet {
			hit := domain.Hit{
				At: start.UTC(), WebsiteID: a.site.id, Source: domain.SourceServer, Kind: domain.HitView, Path: r.URL.Path,
				Agent: r.Header.Get("User-Agent"), Local: strings.HasSuffix(hostKey(r.Host), ".localhost"),
			}
			if s.cfg.Views.Addresses() {
				hit.IP = s.clientIP(r)
			}
			s.cfg.Views.Sent(&hit)
		}
	}
	if log := s.access.Load(); log != nil {
		(*log).Log(&domain.AccessEntry{
			At: start, Host: hostKey(r.Host), IP: s.clientIP(r), Method: r.Method, URI: r.RequestURI, Proto: r.Proto, Status: a.status, Bytes: int64(size),
			Referrer: r.Header.Get("Referer"), Agent: r.Header.Get("User-Agent"), Took: took, TLS: r.TLS != nil,
		})
	}
}

// bodySize returns how many bytes of a body were sent.
func bodySize(method string, status int, h http.Header) uint64 {
	length := h["Content-Length"]
	if len(length) != 1 || method == http.MethodHead || status == http.StatusNotModified {
		return 0
	}
	n, err := strconv.ParseUint(length[0], 10, 63)
	if err != nil {
		return 0
	}
	return n
}
