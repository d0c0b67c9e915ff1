package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"empire/internal/domain"
)

// maxReplay bounds the body that is kept for a second try.
const maxReplay = 1 << 20

var (
	errTimeout    = errors.New("the service took too long")
	errNoInstance = errors.New("no instance takes requests")
	errLinkLocal  = errors.New("link-local addresses are not services")
)

// exchange is one request on its way.
type exchange struct {
	route   *domain.Route
	to      *backend
	in      *http.Request
	w       http.ResponseWriter
	body    *body
	answer  io.Closer // nil if there was none
	outcome string    // if there was no answer
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// forward answers a request from an instance of a service.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, route *domain.Route, to *backend) {
	x := &exchange{route: route, to: to, w: w}
	x.in = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	var err error
	if x.body, err = newBody(r); err != nil {
		p.c.Problem(w, r, err)
		return
	}
	began := p.c.Now()
	counted := &counter{ResponseWriter: w}
	defer func() {
		if x.answer != nil { // the reverse proxy does not close an upgrade that it refuses
			_ = x.answer.Close()
		}
	}()
	if p.c.Observer != nil {
		defer func() { // an answer that breaks off panics
			switch {
			case x.outcome != "":
			case counted.status == 0:
				x.outcome = "error"
			default:
				x.outcome = strconv.Itoa(counted.status/100) + "xx"
			}
			p.c.Observer.ObserveForward(to.name, x.outcome, p.c.Now().Sub(began))
		}()
	}
	p.reverse.ServeHTTP(counted, x.in)
}

// RoundTrip sends a request to an instance and, where that is safe, to another one.
// It implements http.RoundTripper for the reverse proxy.
func (p *Proxy) RoundTrip(out *http.Request) (*http.Response, error) {
	x := exchangeOf(out.Context())
	// The context of the client, not the one of out: interim answers (1xx) end here.
	ctx, cancel := context.WithCancelCause(x.in.Context())
	timer := time.AfterFunc(x.route.Timeout, func() { cancel(errTimeout) })
	res, in, err := p.attempts(ctx, x, out)
	inTime := timer.Stop()
	switch {
	case !inTime && x.in.Context().Err() == nil:
		err = errTimeout
	case err == nil:
		res.Body = newAnswer(res.Body, func() {
			x.to.release(in)
			cancel(nil)
		})
		res.Request, x.answer = out, res.Body
		return res, nil
	}
	if res != nil {
		_ = res.Body.Close()
		x.to.release(in)
	}
	cancel(nil)
	return nil, err
}

// attempts tries one instance after the other. The instance of an answer is still
// counted as busy.
func (p *Proxy) attempts(ctx context.Context, x *exchange, out *http.Request) (*http.Response, *instance, error) {
	var tried []*instance
	in := x.to.pick(nil, p.c.Now())
	if in == nil {
		return nil, nil, errNoInstance
	}
	if out.Body != nil {
		x.body.src = out.Body // the reverse proxy ends it with the request
	}
	for {
		tried = append(tried, in)
		res, err := p.conns.RoundTrip(p.outgoing(ctx, x, out, in))
		p.judge(ctx, x, in, res, err)
		var next *instance
		if len(tried) <= x.route.Retries && ctx.Err() == nil && x.repeatable(res, err) {
			next = x.to.pick(tried, p.c.Now())
		}
		if next == nil && err == nil {
			return res, in, nil
		}
		x.to.release(in)
		if next == nil {
			return nil, nil, err
		}
		if res != nil {
			_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // keeps the connection
			_ = res.Body.Close()
		}
		if p.c.Observer != nil {
			p.c.Observer.ObserveRetry(x.to.name)
		}
		in = next
	}
}

// outgoing returns the request for an instance.
func (p *Proxy) outgoing(ctx context.Context, x *exchange, out *http.Request, in *instance) *http.Request {
	req := out.WithContext(ctx)
	u := *out.URL
	u.Scheme, u.Host = in.scheme, in.host
	req.URL = &u
	if x.route.RewriteHost {
		req.Host = u.Host
	}
	if out.Body != nil {
		req.Body = x.body.open()
		if x.body.kept { // for a connection that was closed while it was idle
			req.GetBody = func() (io.ReadCloser, error) { return x.body.open(), nil }
		}
	}
	return req
}

// repeatable reports whether a request may go to another instance after this.
func (x *exchange) repeatable(res *http.Response, err error) bool {
	if err == nil && !unavailable(res.StatusCode) || x.body.failed() != nil {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && x.body.untouched() {
		return true // nobody has seen it
	}
	return x.body.kept && repeats(x.in)
}

// repeats reports whether a request does the same if it is done twice: RFC 9110
// §9.2.2, or what its sender says.
func repeats(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	case http.MethodPost:
		return r.Header.Get("Idempotency-Key") != ""
	}
	return false
}

func unavailable(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// judge holds an answer, or the lack of one, against the instance unless it is the
// client's doing.
func (p *Proxy) judge(ctx context.Context, x *exchange, in *instance, res *http.Response, err error) {
	bad, fatal := "", false
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		bad = errTimeout.Error()
	case err != nil && (ctx.Err() != nil || x.body.failed() != nil):
		return
	case err != nil:
		bad, fatal = err.Error(), true
	case unavailable(res.StatusCode):
		bad = fmt.Sprintf("answered %d", res.StatusCode)
	}
	if !x.to.answered(in, bad, fatal, p.c.Now()) {
		return
	}
	if p.c.Observer != nil {
		p.c.Observer.ObserveEjection(x.to.name)
	}
	p.c.Logger.WarnContext(x.in.Context(), "instance left out", slog.String("service", x.to.name), slog.String("instance_id", in.id), slog.String("err", bad))
}

// failed answers a request that got no answer.
func (p *Proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	name := x.to.name
	switch {
	case errors.Is(err, errTimeout):
		x.outcome = "timeout"
		err = &domain.Error{Code: domain.CodeTimeout, Message: fmt.Sprintf("The service %s did not answer in time.", name), Err: err}
	case x.in.Context().Err() != nil:
		x.outcome = "cancelled"
		err = &domain.Error{Code: domain.CodeCancelled, Message: "The request was ended by its sender.", Err: err}
	case x.body.failed() != nil:
		x.outcome = "cancelled"
		err = unreadable(x.body.failed())
	case errors.Is(err, errNoInstance):
		x.outcome = "no_instance"
		err = &domain.Error{Code: domain.CodeUnavailable, Message: fmt.Sprintf("No instance of the service %s takes requests at the moment.", name), RetryAfter: x.to.wait(), Err: err}
	default:
		x.outcome = "error"
		err = &domain.Error{Code: domain.CodeUnavailable, Message: fmt.Sprintf("The service %s broke off.", name), RetryAfter: x.to.wait(), Err: err}
	}
	p.c.Problem(w, x.in, err)
}

// body is what a client sends. It is read beforehand if the request can be repeated
// and it is not too long.
type body struct {
	src    io.Reader
	kept   bool   // bytes holds all of it
	bytes  []byte // what was read beforehand
	read   atomic.Bool
	mu     sync.Mutex
	broken error // of the client's connection
}

func newBody(r *http.Request) (*body, error) {
	b := &body{src: r.Body}
	switch {
	case r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0:
		b.kept = true
		return b, nil
	case !repeats(r) || r.ContentLength > maxReplay:
		return b, nil
	}
	var err error
	b.bytes, err = io.ReadAll(io.LimitReader(r.Body, maxReplay+1))
	b.kept = len(b.bytes) <= maxReplay
	if err != nil {
		return nil, unreadable(err)
	}
	return b, nil
}

// unreadable is the answer to a body that did not arrive. One that is too large
// keeps its error, which writers of problems know.
func unreadable(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return &domain.Error{Code: domain.CodeMalformed, Message: "The request body cannot be read.", Err: err}
}

// open returns the body from its beginning.
func (b *body) open() io.ReadCloser {
	if b.kept {
		return io.NopCloser(bytes.NewReader(b.bytes))
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(b.bytes), (*stream)(b)))
}

// untouched reports whether the body can still be read from its beginning.
func (b *body) untouched() bool { return b.kept || !b.read.Load() }

func (b *body) failed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}

// stream reads a body that is not kept, and remembers how the client failed.
type stream body

// Read reads from the client.
func (s *stream) Read(p []byte) (int, error) {
	s.read.Store(true)
	n, err := s.src.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.mu.Lock()
		s.broken = err
		s.mu.Unlock()
	}
	return n, err
}

// answer tells when the body of an answer is done with.
type answer struct {
	io.ReadCloser
	once sync.Once
	done func()
}

// Close closes the body.
func (a *answer) Close() error {
	err := a.ReadCloser.Close()
	a.once.Do(a.done)
	return err
}

// duplex is an answer that is a connection: a WebSocket.
type duplex struct {
	*answer
	io.Writer
}

func newAnswer(body io.ReadCloser, done func()) io.ReadCloser {
	a := &answer{ReadCloser: body, done: done}
	if w, ok := body.(io.Writer); ok {
		return duplex{a, w}
	}
	return a
}

// counter remembers the status of an answer.
type counter struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status.
func (c *counter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// refuseLinkLocal keeps connections from addresses that only mean something on one
// machine, such as the metadata service of a cloud.
func refuseLinkLocal(_ context.Context, _, address string, _ syscall.RawConn) error {
	if a, err := netip.ParseAddrPort(address); err == nil && a.Addr().Unmap().IsLinkLocalUnicast() {
		return errLinkLocal
	}
	return nil
}
