package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

// apiKeyService keeps the keys of a user; an empty user is the one who asks.
type apiKeyService interface {
	Create(ctx context.Context, user domain.UserID, p domain.APIKeyParams) (*domain.NewAPIKey, error)
	List(ctx context.Context, user domain.UserID, w domain.Window) ([]domain.APIKey, int, error)
	Revoke(ctx context.Context, user domain.UserID, id domain.APIKeyID) error
	Rotate(ctx context.Context, user domain.UserID, id domain.APIKeyID, overlap time.Duration) (*domain.NewAPIKey, error)
}

type apiKeyBody struct {
	ID         domain.APIKeyID     `json:"id"`
	UserID     domain.UserID       `json:"user_id"`
	Name       string              `json:"name"`
	Prefix     string              `json:"prefix" doc:"How the secret begins"`
	Scope      []domain.Permission `json:"scope"`
	CreatedAt  time.Time           `json:"created_at"`
	ExpiresAt  time.Time           `json:"expires_at"`
	LastUsedAt *time.Time          `json:"last_used_at" doc:"To about a minute"`
	RevokedAt  *time.Time          `json:"revoked_at"`
	ReplacedBy *domain.APIKeyID    `json:"replaced_by" doc:"The key that took its place"`
}

// newAPIKeyBody repeats the fields of apiKeyBody, because an embedded struct would be
// a model of its own in the document.
type newAPIKeyBody struct {
	Secret    string              `json:"secret" doc:"mfm_ and 43 characters; shown this once"`
	ID        domain.APIKeyID     `json:"id"`
	UserID    domain.UserID       `json:"user_id"`
	Name      string              `json:"name"`
	Prefix    string              `json:"prefix" doc:"How the secret begins"`
	Scope     []domain.Permission `json:"scope"`
	CreatedAt time.Time           `json:"created_at"`
	ExpiresAt time.Time           `json:"expires_at"`
}

type (
	createAPIKeyInput struct {
		Body struct {
			Name      string              `json:"name" minLength:"1" maxLength:"200" doc:"What it is for"`
			Scope     []domain.Permission `json:"scope" minItems:"1" maxItems:"20" doc:"Names of GET /auth/permissions; no more than you may do"`
			ExpiresIn int                 `json:"expires_in,omitempty" minimum:"1" maximum:"31536000" doc:"Seconds; 365 days if left out"`
		}
	}
	listAPIKeysInput struct{ Window }
	apiKeyInput      struct {
		ID domain.APIKeyID `path:"key_id"`
	}
	rotateAPIKeyInput struct {
		ID   domain.APIKeyID `path:"key_id"`
		Body *struct {
			Overlap *int `json:"overlap,omitempty" minimum:"0" maximum:"604800" doc:"Seconds that the old key goes on; a day if left out"`
		}
	}
	listUserKeysInput struct {
		Window
		User domain.UserID `path:"user_id"`
	}
	userKeyInput struct {
		User domain.UserID   `path:"user_id"`
		ID   domain.APIKeyID `path:"key_id"`
	}
	newAPIKeyOutput struct{ Body newAPIKeyBody }
)

var (
	exampleAPIKey = apiKeyBody{
		ID: "key_01k2ja", UserID: "user_01k2ja", Name: "n8n", Prefix: "mfm_Zm9vYmFy", Scope: []domain.Permission{domain.WebsitesRead},
		CreatedAt: exampleTime, ExpiresAt: exampleTime.Add(domain.APIKeyLifetime), LastUsedAt: &exampleTime,
	}
	exampleNewAPIKey = newAPIKeyBody{
		Secret: "mfm_Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8", ID: exampleAPIKey.ID, UserID: exampleAPIKey.UserID, Name: exampleAPIKey.Name,
		Prefix: exampleAPIKey.Prefix, Scope: exampleAPIKey.Scope, CreatedAt: exampleTime, ExpiresAt: exampleAPIKey.ExpiresAt,
	}
)

func toAPIKey(k *domain.APIKey) apiKeyBody {
	b := apiKeyBody{
		ID: k.ID, UserID: k.UserID, Name: k.Name, Prefix: k.Prefix, Scope: list(k.Scope), CreatedAt: k.CreatedAt.UTC(), ExpiresAt: k.ExpiresAt.UTC(),
		LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
	if k.ReplacedBy != "" {
		b.ReplacedBy = &k.ReplacedBy
	}
	return b
}

func toNewAPIKey(k *domain.NewAPIKey, err error) (*newAPIKeyOutput, error) {
	if err != nil {
		return nil, err
	}
	return &newAPIKeyOutput{newAPIKeyBody{
		k.Secret, k.ID, k.UserID, k.Name, k.Prefix, list(k.Scope), k.CreatedAt.UTC(), k.ExpiresAt.UTC(),
	}}, nil
}

func registerAPIKeys(a *API, keys apiKeyService) {
	handle(a, operation{
		id: "create-api-key", method: http.MethodPost, path: "/auth/api-key", tag: "auth", status: http.StatusCreated,
		summary: "Make an API key", text: "For programs that act for the signed-in user. It can do what is in its scope and what its user may do, whatever is less. " +
			"A key that makes another one cannot give it more than it has, nor a later end.",
		problems: []int{http.StatusForbidden}, request: map[string]any{"name": "n8n", "scope": []string{"websites.read"}, "expires_in": 2_592_000},
		response: exampleNewAPIKey,
	}, func(ctx context.Context, in *createAPIKeyInput) (*newAPIKeyOutput, error) {
		b := in.Body
		return toNewAPIKey(keys.Create(ctx, "", domain.APIKeyParams{Name: b.Name, Scope: b.Scope, Expires: time.Duration(b.ExpiresIn) * time.Second}))
	})
	handle(a, operation{
		id: "list-api-keys", method: http.MethodGet, path: "/auth/api-keys", tag: "auth",
		summary: "List the own API keys", text: "Newest first, with those that have ended.", response: []apiKeyBody{exampleAPIKey},
	}, func(ctx context.Context, in *listAPIKeysInput) (*listOutput[apiKeyBody], error) {
		items, total, err := keys.List(ctx, "", in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toAPIKey), nil
	})
	handle(a, operation{
		id: "revoke-api-key", method: http.MethodDelete, path: "/auth/api-keys/{key_id}", tag: "auth", status: http.StatusNoContent,
		summary: "End one of the own API keys", text: "At once. A key may end itself and keys that may do no more than itself.",
		problems: []int{http.StatusForbidden},
	}, func(ctx context.Context, in *apiKeyInput) (*struct{}, error) {
		return nil, keys.Revoke(ctx, "", in.ID)
	})
	handle(a, operation{
		id: "rotate-api-key", method: http.MethodPost, path: "/auth/api-keys/{key_id}/rotate", tag: "auth", status: http.StatusCreated,
		summary: "Replace one of the own API keys", text: "The new key has the same name and scope. The old one goes on for `overlap` seconds, so that programs can change over. " +
			"A key may replace itself only, and the new one ends when it would have.",
		problems: []int{http.StatusForbidden, http.StatusConflict}, request: map[string]any{"overlap": 3600}, response: exampleNewAPIKey,
	}, func(ctx context.Context, in *rotateAPIKeyInput) (*newAPIKeyOutput, error) {
		overlap := domain.DefaultKeyOverlap
		if in.Body != nil && in.Body.Overlap != nil {
			overlap = time.Duration(*in.Body.Overlap) * time.Second
		}
		return toNewAPIKey(keys.Rotate(ctx, "", in.ID, overlap))
	})
	registerUserKeys(a, keys)
}

// registerUserKeys lets administrators see and end the keys of others.
func registerUserKeys(a *API, keys apiKeyService) {
	handle(a, operation{
		id: "list-user-api-keys", method: http.MethodGet, path: "/users/{user_id}/api-keys", tag: "users", permission: domain.AdminFull,
		summary: "List the API keys of a user", text: "Newest first, with those that have ended.", response: []apiKeyBody{exampleAPIKey},
	}, func(ctx context.Context, in *listUserKeysInput) (*listOutput[apiKeyBody], error) {
		items, total, err := keys.List(ctx, in.User, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toAPIKey), nil
	})
	handle(a, operation{
		id: "revoke-user-api-key", method: http.MethodDelete, path: "/users/{user_id}/api-keys/{key_id}", tag: "users", permission: domain.AdminFull,
		status: http.StatusNoContent, summary: "End an API key of a user",
	}, func(ctx context.Context, in *userKeyInput) (*struct{}, error) {
		return nil, keys.Revoke(ctx, in.User, in.ID)
	})
}
