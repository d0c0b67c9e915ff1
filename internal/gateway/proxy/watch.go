package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"empire/internal/domain"
)

// Start begins to look at the file and at the health of the instances. The end of
// ctx does not stop that; Stop does.
func (p *Proxy) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loops.running {
		return errors.New("start proxy: it runs already")
	}
	p.loops.running, p.loops.checks = true, newChecks()
	for _, b := range p.backends {
		p.loops.settle(p, b)
	}
	ctx, p.loops.stop = context.WithCancel(context.WithoutCancel(ctx))
	if p.c.File != "" {
		p.loops.group.Go(func() { p.watch(ctx) })
	}
	return nil
}

// Stop ends what Start began and closes idle connections. Requests under way go on.
func (p *Proxy) Stop(ctx context.Context) error {
	p.mu.Lock()
	if p.loops.running {
		p.loops.running = false
		p.loops.stop()
		for _, b := range p.backends {
			p.loops.end(b.instances)
		}
	}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		p.loops.group.Wait()
		close(done)
	}()
	defer p.conns.CloseIdleConnections()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop proxy: %w", ctx.Err())
	}
}

// Reload reads the file again. If it cannot be used, the routes stay as they are,
// and the error, a CodeInvalid, says why.
func (p *Proxy) Reload(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reload(ctx)
}

func (p *Proxy) reload(ctx context.Context) error {
	err := p.load()
	if err != nil {
		p.c.Logger.ErrorContext(ctx, "routes refused", slog.String("file", p.c.File), slog.Any("err", err))
		return &domain.Error{Code: domain.CodeInvalid, Message: err.Error(), Err: err}
	}
	p.c.Logger.InfoContext(ctx, "routes loaded", slog.String("file", p.c.File), slog.Int("routes", len(p.routing.Load().table.routes)))
	return nil
}

// load reads the file and lets its routes take effect. The caller holds the mutex.
func (p *Proxy) load() error {
	now := p.c.Now()
	t, err := p.read()
	if err != nil {
		p.fault, p.faultAt = err, now
		return err
	}
	p.fault, p.loadedAt = nil, now
	p.refresh(t)
	return nil
}

func (p *Proxy) read() (*Table, error) {
	if p.c.File == "" {
		return ParseTable(nil, p.c.Base)
	}
	p.seen = sign(p.c.File)
	f, err := os.Open(p.c.File)
	if err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	_ = f.Close() // it was only read
	if err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	t, err := ParseTable(data, p.c.Base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.c.File, err)
	}
	return t, nil
}

// signature tells one state of a file from another.
type signature struct {
	modified time.Time
	size     int64
	inode    uint64
}

func sign(file string) signature {
	info, err := os.Stat(file)
	if err != nil {
		return signature{}
	}
	s := signature{modified: info.ModTime(), size: info.Size()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = sys.Ino
	}
	return s
}

// watch reads the file again once it has changed and then stayed the same for one
// look: a file that is being written is not whole.
func (p *Proxy) watch(ctx context.Context) {
	ticker := time.NewTicker(p.c.Poll)
	defer ticker.Stop()
	last := sign(p.c.File)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := sign(p.c.File)
		p.mu.Lock()
		if now == last && now != p.seen {
			_ = p.reload(ctx) // logged and kept
		}
		p.mu.Unlock()
		last = now
	}
}

// loops are the goroutines between Start and Stop.
type loops struct {
	running bool
	stop    context.CancelFunc // of the look at the file
	group   sync.WaitGroup
	checks  *http.Client
}

// settle begins the checks of the instances that a route leads to, and ends those of
// others: an address that somebody registered is not asked for nothing. The caller
// holds the mutex of p.
func (l *loops) settle(p *Proxy, b *backend) {
	switch {
	case !l.running:
	case !b.routed:
		l.end(b.instances)
	default:
		for _, in := range b.instances {
			if in.cancel == nil {
				ctx, cancel := context.WithCancel(context.Background())
				in.cancel = cancel
				l.group.Go(func() { p.check(ctx, in) })
			}
		}
	}
}

// end ends the checks of instances. The caller holds the mutex of the proxy.
func (l *loops) end(list []*instance) {
	for _, in := range list {
		if in.cancel != nil {
			in.cancel()
			in.cancel = nil
		}
	}
}

// newChecks returns the client of health checks. Each opens a connection of its own,
// which a busy instance must accept, too.
func newChecks() *http.Client {
	dialer := &net.Dialer{ControlContext: refuseLinkLocal}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// check asks an instance again and again whether it works, at once at first.
func (p *Proxy) check(ctx context.Context, in *instance) {
	for {
		fault := p.ask(ctx, in)
		if ctx.Err() != nil {
			return
		}
		if in.backend.checked(in, fault) {
			message, level := "instance came up", slog.LevelInfo
			if fault != "" {
				message, level = "instance went down", slog.LevelWarn
			}
			p.c.Logger.Log(ctx, level, message, slog.String("service", in.backend.name), slog.String("instance_id", in.id), slog.String("err", fault))
		}
		pause := time.NewTimer(in.health.interval * time.Duration(90+rand.N(20)) / 100)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

func (p *Proxy) ask(ctx context.Context, in *instance) (fault string) {
	ctx, cancel := context.WithTimeout(ctx, in.health.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, in.scheme+"://"+in.host+in.health.path, nil)
	if err != nil {
		return err.Error()
	}
	req.Header.Set("User-Agent", "empire health check")
	res, err := p.loops.checks.Do(req)
	if err != nil {
		return err.Error()
	}
	_ = res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Sprintf("%s answered %d", in.health.path, res.StatusCode)
	}
	return ""
}
