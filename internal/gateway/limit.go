package gateway

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// limiter decides whether one more request fits under a limit. Instances that share
// a limiter share the limits.
type limiter interface {
	Allow(ctx context.Context, key string, l domain.RateLimit) (domain.RateDecision, error)
}

// Limits are the rates of the groups of routes. A group without one is not limited.
type Limits struct {
	Auth         domain.RateLimit // sign-ins, per address
	Webhooks     domain.RateLimit // per address
	Intelligence domain.RateLimit // per identity, as are the next two
	Write        domain.RateLimit
	Read         domain.RateLimit
	Anonymous    domain.RateLimit // whatever names no identity, or a wrong one; per address
}

// limitPatience is how long the limiter may take to answer if Config says nothing.
const limitPatience = 250 * time.Millisecond

// group is a group of routes with a limit of its own.
type group int

const (
	groupAuth group = iota
	groupWebhooks
	groupIntelligence
	groupWrite
	groupRead
	groupAnonymous
	groups
)

var groupNames = [groups]string{"auth", "webhooks", "intelligence", "write", "read", "anonymous"}

// rate is the limit of a group with what all its answers say.
type rate struct {
	limit  domain.RateLimit
	policy []string // RateLimit-Policy
	burst  []string // RateLimit-Limit
}

func newRates(l Limits) (out [groups]rate) {
	for g, limit := range [groups]domain.RateLimit{l.Auth, l.Webhooks, l.Intelligence, l.Write, l.Read, l.Anonymous} {
		if limit.Requests <= 0 || limit.Per <= 0 {
			continue
		}
		burst := limit.Burst
		if burst <= 0 {
			burst = limit.Requests
		}
		out[g] = rate{
			limit:  limit,
			policy: []string{`"` + groupNames[g] + `";q=` + strconv.Itoa(limit.Requests) + ";w=" + strconv.Itoa(wholeSeconds(limit.Per))},
			burst:  []string{strconv.Itoa(burst)},
		}
	}
	return out
}

// groupOf returns the group of a request. Sign-ins and webhooks name nobody, or
// somebody who has yet to prove it.
func groupOf(r *http.Request, p *domain.Principal) group {
	path := r.URL.Path
	switch {
	case r.Method == http.MethodPost && (isPath(path, "/api/v1/auth/login") || isPath(path, "/sign-in")):
		return groupAuth
	case strings.HasPrefix(path, "/webhooks/"):
		return groupWebhooks
	case p == nil:
		return groupAnonymous
	case strings.HasPrefix(path, "/api/v1/intelligence/"):
		return groupIntelligence
	case !safe(r.Method):
		return groupWrite
	}
	return groupRead
}

// isPath compares a path, which may have a trailing slash.
func isPath(path, want string) bool { return strings.TrimSuffix(path, "/") == want }

// charge takes one request from the bucket of its group and identity.
func (g *Gateway) charge(x *exchange, r *http.Request, in group, p *domain.Principal) error {
	rate := &g.rates[in]
	if g.c.Limiter == nil || rate.policy == nil {
		return nil
	}
	var key string
	if in == groupIntelligence || in == groupWrite || in == groupRead {
		key = groupNames[in] + ":" + p.Owner()
	} else {
		key = groupNames[in] + ":" + g.client(r).bucket()
	}
	d, err := g.ask(x, r, key, rate.limit)
	if err != nil {
		return err
	}
	if d == nil {
		return nil
	}
	x.announceLimit(in, rate, d)
	if d.Allowed {
		return nil
	}
	g.count("limited", groupNames[in])
	return &domain.Error{Code: domain.CodeRateLimited, Message: "Too many requests. Try again later.", RetryAfter: max(d.RetryAfter, time.Second)}
}

// ask asks the limiter, or while that is down the one of this process. Nil means
// that nobody could be asked and that the request may pass.
func (g *Gateway) ask(x *exchange, r *http.Request, key string, l domain.RateLimit) (*domain.RateDecision, error) {
	if !g.limiterDown.pausing() {
		ctx := patient(x.ctx.parent, &x.limit, cmp.Or(g.c.LimitPatience, limitPatience))
		d, err := g.c.Limiter.Allow(ctx, key, l)
		ctx.stop()
		if err == nil {
			if g.limiterDown.end() {
				g.c.Logger.InfoContext(r.Context(), "shared limits reached again")
			}
			return &d, nil
		}
		if x.ctx.parent.Err() == nil && g.limiterDown.begin() { // else the client is gone, not the limiter
			g.c.Logger.ErrorContext(r.Context(), "shared limits out of reach", slog.Bool("fail_closed", g.c.FailClosed), slog.Any("err", err))
		}
	}
	if g.c.FailClosed {
		return nil, &domain.Error{Code: domain.CodeUnavailable, Message: "Limits cannot be checked at the moment.", RetryAfter: retryPause}
	}
	if g.c.Fallback == nil {
		return nil, nil
	}
	d, err := g.c.Fallback.Allow(x.ctx.parent, key, l)
	if err != nil {
		return nil, nil //nolint:nilerr // failing open is what was asked for
	}
	return &d, nil
}

// announceLimit tells the client how it stands: in the three headers that many
// clients read, and in the two of draft-ietf-httpapi-ratelimit-headers.
func (x *exchange) announceLimit(in group, rate *rate, d *domain.RateDecision) {
	var b [64]byte
	out := append(b[:0], '"')
	out = append(out, groupNames[in]...)
	out = append(out, `";r=`...)
	from := len(out)
	out = strconv.AppendInt(out, int64(max(d.Remaining, 0)), 10)
	to := len(out)
	out = append(out, ";t="...)
	reset := len(out)
	out = strconv.AppendInt(out, int64(wholeSeconds(d.ResetAfter)), 10)
	s := string(out)
	x.set("Ratelimit", s)
	x.set("Ratelimit-Remaining", s[from:to])
	x.set("Ratelimit-Reset", s[reset:])
	h := x.w.Header()
	h["Ratelimit-Policy"] = rate.policy
	h["Ratelimit-Limit"] = rate.burst
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int { return int(max(d+time.Second-1, 0) / time.Second) }
