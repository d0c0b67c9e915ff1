package gateway

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
)

// authPatience is how long it may take to find out who somebody is.
const authPatience = 5 * time.Second

// apiKeyPrefix begins every API key.
const apiKeyPrefix = "mfm_"

// identify finds out who a request is from: nil for nobody. A credential in a header
// must be good. A session cookie that is not valid any more is as good as none,
// because a browser sends it with everything, the sign-in form included.
func (g *Gateway) identify(x *exchange, r *http.Request) (p *domain.Principal, cookie bool, err error) {
	bearers, keys := r.Header["Authorization"], r.Header["X-Api-Key"]
	if len(bearers) > 1 || len(keys) > 1 {
		return nil, false, domain.Errorf(domain.CodeMalformed, "A request carries one credential of a kind.")
	}
	if len(bearers) == 1 && bearers[0] != "" {
		if p, err = g.byBearer(x, bearers[0]); err != nil {
			return nil, false, err
		}
	}
	if len(keys) == 1 && keys[0] != "" {
		owner, err := g.byKey(x, keys[0])
		if err != nil {
			return nil, false, err
		}
		if p != nil && (p.UserID != owner.UserID || p.Key != "" && p.Key != owner.Key) {
			return nil, false, domain.Errorf(domain.CodeMalformed, "The bearer token and the API key name two different identities.")
		}
		p = owner // never wider than the user whose token came with it
	}
	if p != nil {
		return p, false, nil
	}
	if len(r.Header["Cookie"]) == 0 {
		return nil, false, nil
	}
	c, err := r.Cookie(g.c.SessionCookie)
	if err != nil || c.Value == "" {
		return nil, false, nil //nolint:nilerr // there is none
	}
	p, err = g.authenticate(x, c.Value)
	if domain.CodeOf(err) == domain.CodeUnauthenticated {
		return nil, false, nil
	}
	return p, true, err
}

func (g *Gateway) byBearer(x *exchange, header string) (*domain.Principal, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, domain.Errorf(domain.CodeUnauthenticated, "Only bearer tokens are accepted.")
	}
	return g.authenticate(x, strings.TrimSpace(token))
}

func (g *Gateway) byKey(x *exchange, key string) (*domain.Principal, error) {
	if !strings.HasPrefix(key, apiKeyPrefix) {
		return nil, domain.Errorf(domain.CodeUnauthenticated, "X-API-Key takes an API key.")
	}
	return g.authenticate(x, key)
}

// authenticate asks whom a token names.
func (g *Gateway) authenticate(x *exchange, token string) (*domain.Principal, error) {
	ctx := patient(x.ctx.parent, &x.auth, authPatience)
	defer ctx.stop()
	p, err := g.c.Auth.Authenticate(ctx, token)
	if err != nil && domain.CodeOf(err) != domain.CodeUnauthenticated {
		if x.ctx.parent.Err() == nil { // else the client is gone
			g.c.Logger.ErrorContext(ctx, "authentication failed to answer", slog.String("request_id", x.id), slog.Any("err", err))
		}
		return nil, &domain.Error{Code: domain.CodeUnavailable, Message: "Sign-ins cannot be checked at the moment.", Err: err}
	}
	return p, err
}
