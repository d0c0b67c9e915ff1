package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

type loginService interface {
	Login(ctx context.Context, p domain.LoginParams) (domain.Session, error)
	Logout(ctx context.Context, all bool) error
	Me(ctx context.Context) (*domain.User, error)
}

type sessionService interface {
	Sessions(ctx context.Context, w domain.Window) ([]domain.LoginSession, int, error)
	RevokeSession(ctx context.Context, id domain.SessionID) error
}

// userService is all about people and how they come in.
type userService interface {
	loginService
	sessionService
	secondFactorService
	accountService
}

type loginInput struct {
	client string

	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254" doc:"E-mail address of the account"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
		OTP      string `json:"otp,omitempty" maxLength:"10" doc:"Code of the second factor; needed if the account has one"`
	}
}

// Resolve implements huma.Resolver: it keeps what the client calls itself, for the
// list of sign-ins.
func (in *loginInput) Resolve(ctx huma.Context) []error {
	in.client = ctx.Header("User-Agent")
	return nil
}

type tokenBody struct {
	AccessToken string `json:"access_token" doc:"JWT for the Authorization header"`
	TokenType   string `json:"token_type" enum:"bearer"`
	ExpiresIn   int    `json:"expires_in" doc:"Seconds"`
}

type logoutInput struct {
	All bool `query:"all" default:"false" doc:"End all sign-ins of the user, not only this one"`
}

type sessionBody struct {
	ID        domain.SessionID `json:"id"`
	Client    string           `json:"client" doc:"What the client called itself"`
	Current   bool             `json:"current" doc:"The one that asks"`
	CreatedAt time.Time        `json:"created_at"`
	ExpiresAt time.Time        `json:"expires_at"`
}

type permissionBody struct {
	Permission domain.Permission `json:"permission"`
	Text       string            `json:"text"`
}

type (
	listSessionsInput struct{ Window }
	sessionInput      struct {
		ID domain.SessionID `path:"session_id"`
	}
	tokenOutput      struct{ Body tokenBody }
	permissionOutput struct{ Body []permissionBody }
)

func registerAuth(a *API, users userService) {
	handle(a, operation{
		id: "login", method: http.MethodPost, path: "/auth/login", tag: "auth", public: true,
		summary: "Sign in", text: "Returns a token that lasts 24 hours. After ten failures an account is locked for a while. " +
			"If the account has a second factor and `otp` is missing, wrong or was used before, the answer is 401 with an error at `body.otp`.",
		problems: []int{http.StatusUnauthorized, http.StatusTooManyRequests},
		request:  map[string]any{"email": "admin@localhost", "password": "correct horse battery staple", "otp": "492039"},
		response: tokenBody{"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln", "bearer", 86_400},
	}, func(ctx context.Context, in *loginInput) (*tokenOutput, error) {
		s, err := users.Login(ctx, domain.LoginParams{Email: in.Body.Email, Password: in.Body.Password, OTP: in.Body.OTP, Client: in.client})
		if err != nil {
			return nil, err
		}
		return &tokenOutput{tokenBody{s.Token, "bearer", int(domain.SessionLifetime / time.Second)}}, nil
	})
	handle(a, operation{
		id: "logout", method: http.MethodPost, path: "/auth/logout", tag: "auth", status: http.StatusNoContent,
		summary: "Sign out", text: "Ends the sign-in, on all servers within a second. An API key has none to end.",
		problems: []int{http.StatusConflict},
	}, func(ctx context.Context, in *logoutInput) (*struct{}, error) {
		return nil, users.Logout(ctx, in.All)
	})
	handle(a, operation{
		id: "get-me", method: http.MethodGet, path: "/auth/me", tag: "auth",
		summary: "Show the signed-in user", text: "Asked with an API key, the permissions are those of the key.", response: exampleUser,
	}, func(ctx context.Context, _ *struct{}) (*userOutput, error) {
		u, err := users.Me(ctx)
		if err != nil {
			return nil, err
		}
		return &userOutput{toUser(u)}, nil
	})
	handle(a, operation{
		id: "list-permissions", method: http.MethodGet, path: "/auth/permissions", tag: "auth",
		summary: "List all permissions", response: permissions()[:1],
	}, func(context.Context, *struct{}) (*permissionOutput, error) {
		return &permissionOutput{permissions()}, nil
	})
	registerSessions(a, users)
}

func registerSessions(a *API, users sessionService) {
	handle(a, operation{
		id: "list-sessions", method: http.MethodGet, path: "/auth/sessions", tag: "auth",
		summary: "List the own sign-ins", text: "Those that still count, newest first.",
		response: []sessionBody{{"sess_01k2ja", "Mozilla/5.0", true, exampleTime, exampleTime.Add(domain.SessionLifetime)}},
	}, func(ctx context.Context, in *listSessionsInput) (*listOutput[sessionBody], error) {
		items, total, err := users.Sessions(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		current := domain.PrincipalFrom(ctx).Session
		return windowOf(&in.Window, items, total, func(s *domain.LoginSession) sessionBody {
			return sessionBody{s.ID, s.Client, s.ID == current, s.CreatedAt.UTC(), s.ExpiresAt.UTC()}
		}), nil
	})
	handle(a, operation{
		id: "revoke-session", method: http.MethodDelete, path: "/auth/sessions/{session_id}", tag: "auth", status: http.StatusNoContent,
		summary: "End one of the own sign-ins", text: "Needs a person who signed in.", problems: []int{http.StatusConflict},
	}, func(ctx context.Context, in *sessionInput) (*struct{}, error) {
		return nil, users.RevokeSession(ctx, in.ID)
	})
}

var permissionTexts = map[domain.Permission]string{
	domain.AgentsRead:      "See agents, tasks, pipelines and runs.",
	domain.AgentsManage:    "Give agents tasks; start, cancel and retry runs.",
	domain.WebsitesRead:    "See websites, pages, releases, approvals and the catalogue.",
	domain.WebsitesManage:  "Generate, publish and roll back websites; decide approvals.",
	domain.IntelligenceUse: "Use research and market analysis.",
	domain.AdminFull:       "Everything.",
}

func permissions() []permissionBody {
	var out []permissionBody
	for _, p := range domain.Permissions() {
		out = append(out, permissionBody{p, permissionTexts[p]})
	}
	return out
}
