package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type userService interface {
	Login(ctx context.Context, email, password string) (domain.Session, error)
	Me(ctx context.Context) (*domain.User, error)
}

type loginInput struct {
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254" doc:"E-mail address of the account"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
	}
}

type tokenBody struct {
	AccessToken string `json:"access_token" doc:"JWT for the Authorization header"`
	TokenType   string `json:"token_type" enum:"bearer"`
	ExpiresIn   int    `json:"expires_in" doc:"Seconds"`
}

type userBody struct {
	ID          domain.UserID       `json:"id"`
	Email       string              `json:"email"`
	Name        string              `json:"name"`
	Permissions []domain.Permission `json:"permissions"`
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
}

type permissionBody struct {
	Permission domain.Permission `json:"permission"`
	Text       string            `json:"text"`
}

type (
	tokenOutput      struct{ Body tokenBody }
	userOutput       struct{ Body userBody }
	permissionOutput struct{ Body []permissionBody }
)

var exampleUser = userBody{
	ID: "user_01k2ja", Email: "admin@localhost", Name: "Administrator",
	Permissions: []domain.Permission{domain.AdminFull}, CreatedAt: exampleTime, UpdatedAt: exampleTime,
}

func registerAuth(a *API, users userService) {
	handle(a, operation{
		id: "login", method: http.MethodPost, path: "/auth/login", tag: "auth", public: true,
		summary: "Sign in", text: "Returns a token that lasts 24 hours. After ten failures an account is locked for a while.",
		problems: []int{http.StatusUnauthorized, http.StatusTooManyRequests},
		request:  map[string]any{"email": "admin@localhost", "password": "correct horse battery staple"},
		response: tokenBody{"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln", "bearer", 86_400},
	}, func(ctx context.Context, in *loginInput) (*tokenOutput, error) {
		s, err := users.Login(ctx, in.Body.Email, in.Body.Password)
		if err != nil {
			return nil, err
		}
		return &tokenOutput{tokenBody{s.Token, "bearer", int(sessionLifetime.Seconds())}}, nil
	})
	handle(a, operation{
		id: "get-me", method: http.MethodGet, path: "/auth/me", tag: "auth",
		summary: "Show the signed-in user", response: exampleUser,
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
}

// sessionLifetime is how long a token lasts, as the contract says.
const sessionLifetime = 24 * time.Hour

func toUser(u *domain.User) userBody {
	return userBody{u.ID, u.Email, u.Name, list(u.Permissions), u.CreatedAt.UTC(), u.UpdatedAt.UTC()}
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
