package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// idempotency keeps the answers to requests that carry an Idempotency-Key.
type idempotency interface {
	// Claim takes a key, or returns the record of whoever has it. A claim without
	// answer whose lease is over can be taken again by the same request, an expired
	// record by any.
	Claim(ctx context.Context, claim domain.Idempotency) (held *domain.Idempotency, claimed bool, err error)
	// Complete stores claim.Response until claim.ExpiresAt; CodeConflict if somebody
	// else has taken the key meanwhile.
	Complete(ctx context.Context, claim domain.Idempotency) error
	// Release gives up a claim that was not completed.
	Release(ctx context.Context, claim domain.Idempotency) error
	// Sweep removes expired records and returns how many those were.
	Sweep(ctx context.Context, now time.Time) (int, error)
}

const (
	keyLifetime  = 24 * time.Hour
	uploadTime   = 5 * time.Minute  // how long a request with a file and a key may take
	leaseMargin  = 15 * time.Second // for storing the answer, and for clocks that differ
	settleTime   = 5 * time.Second  // how long storing an answer may take
	sweepPause   = 10 * time.Minute
	inMemory     = maxBody // larger bodies wait in a file
	maxKeyLength = 255
)

// storedHeaders are the headers of an answer that are stored with it. Set-Cookie
// never is: an answer with one is not stored at all.
var storedHeaders = []string{"Content-Type", "Location", "Etag", "Link", "X-Total-Count"}

// keyOf returns the idempotency key of a request, or "" if it has none that counts:
// keys are for changes through the API by somebody who is known.
func (g *Gateway) keyOf(r *http.Request, p *domain.Principal) (string, error) {
	keys := r.Header["Idempotency-Key"]
	if len(keys) == 0 || g.c.Idempotency == nil || p == nil || safe(r.Method) || !isAPI(r.URL.Path) {
		return "", nil
	}
	for _, prefix := range g.c.NoIdempotency {
		if strings.HasPrefix(r.URL.Path, prefix) {
			return "", nil
		}
	}
	if len(keys) > 1 || !validKey(keys[0]) {
		return "", domain.Errorf(domain.CodeInvalid, "An Idempotency-Key has 1 to %d visible ASCII characters.", maxKeyLength)
	}
	return keys[0], nil
}

func validKey(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxKeyLength
}

// once lets a request with a key through once, and repeats its answer afterwards.
func (g *Gateway) once(x *exchange, r *http.Request, p *domain.Principal, key string, next http.Handler) error {
	hash, discard, err := fingerprint(r, p)
	defer discard()
	if err != nil {
		return err
	}
	timeout := g.c.RequestTimeout
	if timeout <= 0 || isUpload(r) {
		timeout = uploadTime
	}
	now := g.c.Now()
	claim := domain.Idempotency{
		Owner: p.Owner(), Key: key, RequestHash: hash, CreatedAt: now, LeaseUntil: now.Add(timeout + leaseMargin), ExpiresAt: now.Add(keyLifetime),
	}
	held, claimed, err := g.c.Idempotency.Claim(&x.ctx, claim)
	switch {
	case err != nil:
		g.c.Logger.ErrorContext(&x.ctx, "idempotency key not claimed", slog.String("request_id", x.id), slog.Any("err", err))
		return &domain.Error{Code: domain.CodeUnavailable, Message: "Idempotency keys cannot be checked at the moment.", RetryAfter: time.Second}
	case claimed:
		// Whoever sent it may be gone before it is done: it is finished all the same,
		// so that a repetition finds the answer.
		ctx := &lazyContext{parent: context.WithoutCancel(x.ctx.parent), deadline: time.Now().Add(timeout)}
		defer ctx.stop()
		setContext(ctx, r)
		g.perform(x, r, claim, next)
		return nil
	case held.RequestHash != hash:
		return domain.Errorf(domain.CodeConflict, "This Idempotency-Key belongs to another request.")
	case held.Response == nil:
		return &domain.Error{Code: domain.CodeConflict, Message: "A request with this Idempotency-Key is under way.", RetryAfter: time.Second}
	}
	g.count("replayed", "")
	replay(x, held.Response)
	return nil
}

// setContext gives r another context without making another request: the pattern
// that a mux sets on r is read later.
func setContext(ctx context.Context, r *http.Request) { *r = *r.WithContext(ctx) }

// perform runs the handler and stores its answer before anything of it is sent.
// Whatever cannot be repeated word by word is given free, a panic too.
func (g *Gateway) perform(x *exchange, r *http.Request, claim domain.Idempotency, next http.Handler) {
	settled := false
	defer func() {
		if settled {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), settleTime)
		defer cancel()
		if err := g.c.Idempotency.Release(ctx, claim); err != nil {
			g.c.Logger.ErrorContext(ctx, "idempotency key not released", slog.String("request_id", x.id), slog.Any("err", err))
		}
	}()
	x.keep = true
	next.ServeHTTP(x, r)
	x.begin()
	if !x.storable() {
		return
	}
	settled = true
	claim.Response = x.response()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), settleTime)
	defer cancel()
	if err := g.c.Idempotency.Complete(ctx, claim); err != nil {
		// The work is done and the client shall know. The key stays taken until its
		// lease ends, so that a repetition meanwhile does not do it again.
		g.c.Logger.ErrorContext(ctx, "answer not stored under its idempotency key", slog.String("request_id", x.id), slog.Any("err", err))
	}
}

// storable reports whether an answer may be repeated: it is whole, and it is the
// outcome of the request, not of the moment or of who may do what right now.
func (x *exchange) storable() bool {
	if !x.keep || x.hold != keeping || len(x.Header()["Set-Cookie"]) > 0 {
		return false
	}
	switch x.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return x.status >= 200 && x.status < 500
}

func (x *exchange) response() *domain.StoredResponse {
	res := &domain.StoredResponse{Status: x.status, Header: map[string]string{}}
	for _, name := range storedHeaders {
		if v := x.Header()[name]; len(v) > 0 {
			res.Header[name] = strings.Join(v, ", ")
		}
	}
	if x.collected() > 0 {
		res.Body = bytes.Clone(x.body.Bytes())
	}
	return res
}

// replay answers with what was answered before.
func replay(x *exchange, res *domain.StoredResponse) {
	h := x.Header()
	for name, value := range res.Header {
		h.Set(name, value)
	}
	h.Set("Idempotency-Replayed", "true")
	x.WriteHeader(res.Status)
	if len(res.Body) > 0 {
		_, _ = x.Write(res.Body) // the client is gone if this fails
	}
}

// fingerprint reads the body and returns a hash of everything that makes two
// requests the same, what their sender may do included: a right that was taken
// away takes the answers with it. The body can be read again until discard.
func fingerprint(r *http.Request, p *domain.Principal) (sum string, discard func(), err error) {
	h := sha256.New()
	rights := slices.Clone(p.Permissions)
	slices.Sort(rights)
	fmt.Fprintf(h, "%q %q %q %q %q %q\n", r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), p.Tenant, rights)
	discard, err = holdBody(r, h)
	return hex.EncodeToString(h.Sum(nil)), discard, err
}

// holdBody copies the body into h and puts it back for the handler: in memory, or
// in a file without a name if it is an upload.
func holdBody(r *http.Request, h hash.Hash) (discard func(), err error) {
	if r.Body == nil || r.Body == http.NoBody {
		return func() {}, nil
	}
	if !isUpload(r) || r.ContentLength > 0 && r.ContentLength <= inMemory {
		b, err := io.ReadAll(io.TeeReader(r.Body, h))
		r.Body = io.NopCloser(bytes.NewReader(b))
		return func() {}, unreadable(err)
	}
	f, err := os.CreateTemp("", "empire-upload-")
	if err != nil {
		return func() {}, fmt.Errorf("hold upload: %w", err)
	}
	discard = func() {
		_ = f.Close() // it was only read
		_ = os.Remove(f.Name())
	}
	_, err = io.Copy(io.MultiWriter(f, h), r.Body)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	r.Body = io.NopCloser(f)
	return discard, unreadable(err)
}

// unreadable says why a body did not arrive.
func unreadable(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("hold upload: %w", err)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &domain.Error{Code: domain.CodeTooLarge, Message: "The request body is too large.", Err: err}
	}
	return &domain.Error{Code: domain.CodeMalformed, Message: "The request body cannot be read.", Err: err}
}

// sweep removes expired records until ctx ends.
func (g *Gateway) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := g.c.Idempotency.Sweep(ctx, g.c.Now()); err != nil && ctx.Err() == nil {
				g.c.Logger.WarnContext(ctx, "expired idempotency keys not removed", slog.Any("err", err))
			}
		}
	}
}
