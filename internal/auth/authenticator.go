package auth

import (
	"context"
	"fmt"

	"empire/internal/domain"
)

type userLookup interface {
	Get(ctx context.Context, id domain.UserID) (*domain.User, error)
}

// Authenticator turns a token into the principal behind it.
type Authenticator struct {
	tokens *Tokens
	users  userLookup
}

// NewAuthenticator returns an Authenticator that reads users from the database on
// every call.
func NewAuthenticator(t *Tokens, users userLookup) *Authenticator {
	return &Authenticator{tokens: t, users: users}
}

// Authenticate returns who presents the token, with the rights that the database
// grants now. A bad token and a deleted user are CodeUnauthenticated; a database
// that cannot answer is not.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (*domain.Principal, error) {
	claims, err := a.tokens.Verify(token)
	if err != nil {
		return nil, err
	}
	u, err := a.users.Get(ctx, claims.UserID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, unauthenticated(err)
	}
	if err != nil {
		return nil, fmt.Errorf("load the user of a token: %w", err)
	}
	// Tokens are issued for a password only, so there is a person behind each.
	return &domain.Principal{UserID: u.ID, Email: u.Email, Permissions: u.Permissions, Human: true}, nil
}
