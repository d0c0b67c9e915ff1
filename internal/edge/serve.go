package edge

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// Headers of every answer. Pages are static: they may run scripts and load styles
// and images of their own site alone. The referrer keeps the host, because
// affiliate networks check it.
var (
	contentSecurityPolicy = []string{"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
		"script-src 'self'; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"}
	noSniff        = []string{"nosniff"}
	referrerPolicy = []string{"strict-origin-when-cross-origin"}
	openerPolicy   = []string{"same-origin"}

	varyEncoding = []string{"Accept-Encoding"}
	acceptRanges = []string{"bytes"}
	textPlain    = []string{"text/plain; charset=utf-8"}
	textHTML     = []string{"text/html; charset=utf-8"}
	allowed      = []string{"GET, HEAD"}
	noStore      = []string{"no-store"}
	retrySeconds = []string{strconv.Itoa(int(retryAfter.Seconds()))}
)

// ServeHTTP answers for the site that the Host names.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	a := s.serve(w, r)
	s.record(r, w.Header(), a, start, time.Since(start))
}

// serve answers a request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) served {
	h := w.Header()
	h["Content-Security-Policy"] = contentSecurityPolicy
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = referrerPolicy
	h["Cross-Origin-Opener-Policy"] = openerPolicy
	t := s.table.Load()
	if t == nil {
		return served{status: unavailable(w, r)}
	}
	host := hostKey(r.Host)
	if label, ok := strings.CutSuffix(host, previewSuffix); ok {
		return served{status: s.servePreview(w, r, label)}
	}
	st := (*t)[host]
	if s.cfg.Certificates != nil {
		if status := s.secure(w, r, host, st); status != 0 {
			return served{site: st, status: status}
		}
	}
	if st == nil {
		return served{status: plainText(w, r, http.StatusMisdirectedRequest, "This server does not serve the requested host.\n")}
	}
	status, page := s.serveSite(w, r, host, st)
	return served{st, status, page}
}

func (s *Server) serveSite(w http.ResponseWriter, r *http.Request, host string, st *site) (status int, page bool) {
	if r.URL.Path == beaconPath {
		return s.serveBeacon(w, r, host, st), false
	}
	if s.cfg.Links != nil && strings.HasPrefix(r.URL.Path, domain.GoPrefix) {
		return s.serveLink(w, r, host, st), false
	}
	if !readOnly(r) {
		return refuseMethod(w, r), false
	}
	if s.isKeyFile(r.URL.Path, host) {
		return plainText(w, r, http.StatusOK, s.cfg.KeyFile(host)), false
	}
	c, err := s.contentOf(r.Context(), st)
	if err != nil {
		return s.fault(w, r, string(st.release), err), false
	}
	if s.cfg.Debug {
		w.Header()["X-Release"] = c.release[:]
	}
	return s.answer(w, r, c)
}

// answer serves the requested path of a release. It reports whether that is a page which
// the visitor has now.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c *content) (status int, page bool) {
	e := c.lookup(r)
	switch {
	case e != nil && e.moved:
		return redirect(w, r, e), false
	case e != nil:
	case c.movedTo(r) != nil:
		return redirect(w, r, c.movedTo(r)), false
	case c.notFound != nil:
		e = c.notFound
	default:
		return plainText(w, r, http.StatusNotFound, "There is no such page.\n"), false
	}
	status, err := s.send(w, r, e)
	if err != nil {
		return s.fault(w, r, c.release[0], err), false
	}
	return status, e.page && (status == http.StatusOK || status == http.StatusNotModified)
}

func readOnly(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

func refuseMethod(w http.ResponseWriter, r *http.Request) int {
	w.Header()["Allow"] = allowed
	return plainText(w, r, http.StatusMethodNotAllowed, "Only GET and HEAD are allowed here.\n")
}

// lookup returns the entry of exactly the requested path, or nil. Paths are never
// cleaned: a path with empty, dot or dot-dot segments, or with an encoded slash,
// is in no manifest, and so it is not found.
func (c *content) lookup(r *http.Request) *entry {
	if disguised(r.URL.RawPath) {
		return nil
	}
	return c.entries[r.URL.Path]
}

// movedTo returns the entry of the requested path with a final slash, or nil.
func (c *content) movedTo(r *http.Request) *entry {
	p := r.URL.Path
	if p == "" || strings.HasSuffix(p, "/") || disguised(r.URL.RawPath) {
		return nil
	}
	return c.entries[p+"/"]
}

// disguised reports whether a path as it was sent hides a separator or a control
// character: such an address would be a second one for the same page.
func disguised(raw string) bool {
	for i := 0; i+2 < len(raw); i++ {
		if raw[i] != '%' {
			continue
		}
		switch hi, lo := raw[i+1], raw[i+2]|0x20; {
		case hi == '0' || hi == '1', // control characters
			hi == '2' && (lo == 'f' || lo == 'e'), // slash, dot
			hi == '5' && lo == 'c',                // backslash
			hi == '7' && lo == 'f':
			return true
		}
	}
	return false
}

// send answers with an entry. An error means that nothing was sent yet.
func (s *Server) send(w http.ResponseWriter, r *http.Request, e *entry) (int, error) {
	h := w.Header()
	h["Cache-Control"] = e.cacheControl
	coding := negotiate(e, r.Header["Accept-Encoding"])
	if e.varies {
		h["Vary"] = varyEncoding
	}
	ok := e.status == http.StatusOK
	partial := ok && r.Method == http.MethodGet && r.Header.Get("Range") != ""
	if partial {
		coding = plain // ranges are of the plain bytes
	}
	f := e.forms[coding]
	if ok {
		h["Etag"] = f.etag[:]
		if coding == plain {
			h["Accept-Ranges"] = acceptRanges
		}
		if !partial && matches(r.Header["If-None-Match"], f.etag[0]) {
			w.WriteHeader(http.StatusNotModified)
			return http.StatusNotModified, nil
		}
	}
	var body []byte
	if r.Method == http.MethodGet {
		var err error
		if body, err = s.bytesOf(r.Context(), f); err != nil {
			return 0, err
		}
	}
	h["Content-Type"] = e.contentType[:]
	if partial {
		return sendPart(w, r, body), nil
	}
	if enc := codingHeader[coding]; enc != nil {
		h["Content-Encoding"] = enc
	}
	h["Content-Length"] = []string{strconv.FormatInt(f.size, 10)}
	w.WriteHeader(e.status)
	_, _ = w.Write(body) // the visitor may be gone
	return e.status, nil
}

// sendPart answers a request with a Range, which may still turn out to be for the
// whole, unchanged or impossible.
func sendPart(w http.ResponseWriter, r *http.Request, body []byte) int {
	rec := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	http.ServeContent(rec, r, "", time.Time{}, bytes.NewReader(body))
	return rec.status
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// redirect sends the visitor to an entry of the same site with the same query.
func redirect(w http.ResponseWriter, r *http.Request, e *entry) int {
	path := e.location[0]
	if r.URL.RawQuery != "" {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + r.URL.RawQuery
	}
	h := w.Header()
	h["Location"] = []string{path}
	h["Cache-Control"] = e.moveControl
	return plainText(w, r, http.StatusMovedPermanently, "The page has moved.\n")
}

// fault answers when a release cannot be read, which is ours to mend.
func (s *Server) fault(w http.ResponseWriter, r *http.Request, release string, err error) int {
	if !errors.Is(err, context.Canceled) { // the visitor left
		s.log.ErrorContext(r.Context(), "page not served", slog.String("release_id", release), slog.Any("err", err))
	}
	return unavailable(w, r)
}

func unavailable(w http.ResponseWriter, r *http.Request) int {
	h := w.Header()
	for _, name := range []string{"Etag", "Accept-Ranges", "Vary", "Content-Encoding"} {
		delete(h, name)
	}
	h["Retry-After"] = retrySeconds
	h["Cache-Control"] = noStore
	return plainText(w, r, http.StatusServiceUnavailable, "The page cannot be shown right now. Please try again.\n")
}

func plainText(w http.ResponseWriter, r *http.Request, status int, text string) int {
	return write(w, r, status, textPlain, text)
}

func writeHTML(w http.ResponseWriter, r *http.Request, status int, text string) int {
	return write(w, r, status, textHTML, text)
}

func write(w http.ResponseWriter, r *http.Request, status int, contentType []string, text string) int {
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(text))
	}
	return status
}
