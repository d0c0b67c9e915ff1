package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// keyPrefixLen is how much of a secret is kept to recognize it by.
const keyPrefixLen = 12

type keyStore interface {
	Insert(ctx context.Context, k *domain.APIKey) error
	Get(ctx context.Context, id domain.APIKeyID) (*domain.APIKey, error)
	List(ctx context.Context, user domain.UserID, w domain.Window) ([]domain.APIKey, int, error)
	keyEnds
}

type keyEnds interface {
	Revoke(ctx context.Context, id domain.APIKeyID, at time.Time) error
	Replace(ctx context.Context, id, by domain.APIKeyID, expires time.Time) error
}

type keyOwners interface {
	Get(ctx context.Context, id domain.UserID) (*domain.User, error)
}

type keySecrets interface {
	Generate() string
	Hash(secret string) string
}

// APIKeysConfig is what APIKeys needs. Changed is as in UsersConfig.
type APIKeysConfig struct {
	Store   keyStore
	Users   keyOwners
	Audit   auditStore
	Tx      transactor
	Secrets keySecrets
	Changed func(ctx context.Context, id domain.UserID)
	Now     func() time.Time
}

// APIKeys keeps the keys with which programs act for users. Every method takes whose
// keys it is about: empty for the own ones, else a user of the tenant, which needs
// admin.full.
//
// A key can do no more than who made it: not by its scope, and not by its end if
// another key made it.
type APIKeys struct {
	c       APIKeysConfig
	journal journal
}

// NewAPIKeys returns the service.
func NewAPIKeys(c APIKeysConfig) *APIKeys { return &APIKeys{c, journal{c.Audit, c.Now}} }

// owner returns who acts and whose keys it is about.
func (s *APIKeys) owner(ctx context.Context, id domain.UserID) (actor *domain.Principal, owner *domain.User, err error) {
	if actor, err = signedIn(ctx); err != nil {
		return nil, nil, err
	}
	if id == "" || id == actor.UserID {
		return actor, &domain.User{ID: actor.UserID, Tenant: actor.Tenant, Permissions: actor.Permissions}, nil
	}
	if actor, err = domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, nil, err
	}
	missing := domain.Errorf(domain.CodeNotFound, "User %s does not exist.", id)
	if !domain.ValidID(string(id), "user") {
		return nil, nil, missing
	}
	owner, err = s.c.Users.Get(ctx, id)
	if err == nil && owner.Tenant.OrDefault() != actor.Tenant.OrDefault() {
		err = missing
	}
	return actor, owner, err
}

// Create makes a key and returns it with its secret: the only time that it can be
// seen.
func (s *APIKeys) Create(ctx context.Context, user domain.UserID, p domain.APIKeyParams) (*domain.NewAPIKey, error) {
	actor, owner, err := s.owner(ctx, user)
	if err != nil {
		return nil, err
	}
	p.Name, p.Scope = strings.TrimSpace(p.Name), unique(p.Scope)
	if err := checkKeyParams(p); err != nil {
		return nil, err
	}
	if err := within(p.Scope, owner.Permissions, "The scope holds %s, which you may not do yourself."); err != nil {
		return nil, err
	}
	now := s.journal.stamp()
	key := domain.APIKey{UserID: owner.ID, Name: p.Name, Scope: p.Scope, CreatedAt: now, ExpiresAt: now.Add(p.Expires)}
	if p.Expires == 0 {
		key.ExpiresAt = now.Add(domain.APIKeyLifetime)
	}
	made, err := s.notBeyondMaker(ctx, actor, &key, p.Expires != 0)
	if err != nil {
		return nil, err
	}
	out := s.withSecret(key)
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.c.Store.Insert(ctx, &out.APIKey); err != nil {
			return err
		}
		return s.journal.changed(ctx, "apikey.created", string(out.ID), "scope: "+joinPermissions(key.Scope)+made, nil, &out.APIKey)
	})
	if err != nil {
		return nil, fmt.Errorf("create API key: %w", err)
	}
	return out, nil
}

func checkKeyParams(p domain.APIKeyParams) error {
	switch {
	case p.Name == "" || len(p.Name) > domain.MaxName || strings.ContainsFunc(p.Name, unicode.IsControl) || !utf8.ValidString(p.Name):
		return domain.Invalid("name", "A key needs a name of at most %d bytes without control characters.", domain.MaxName)
	case len(p.Scope) == 0:
		return domain.Invalid("scope", "A key needs at least one permission in its scope.")
	case p.Expires < 0 || p.Expires > domain.APIKeyLifetime || p.Expires > 0 && p.Expires < time.Second:
		return domain.Invalid("expires_in", "A key lasts between 1 and %d seconds.", int(domain.APIKeyLifetime/time.Second))
	}
	for _, perm := range p.Scope {
		if !slices.Contains(domain.Permissions(), perm) {
			return domain.Invalid("scope", "Permission %q does not exist.", perm)
		}
	}
	return nil
}

// within checks that a scope is not wider than permissions; format takes what is too
// much.
func within(scope, permissions []domain.Permission, format string) error {
	p := &domain.Principal{Permissions: permissions}
	for _, perm := range scope {
		if !p.Can(perm) {
			return domain.Errorf(domain.CodeForbidden, format, perm)
		}
	}
	return nil
}

// notBeyondMaker makes a key that a key makes end with its maker; an end that was
// asked for and is later is refused. It returns what to note about it.
func (s *APIKeys) notBeyondMaker(ctx context.Context, actor *domain.Principal, key *domain.APIKey, asked bool) (note string, err error) {
	if actor.Key == "" {
		return "", nil
	}
	maker, err := s.c.Store.Get(ctx, actor.Key)
	if err != nil {
		return "", fmt.Errorf("load the key that acts: %w", err)
	}
	if key.ExpiresAt.After(maker.ExpiresAt) {
		if asked {
			return "", domain.Errorf(domain.CodeForbidden, "A key cannot make one that lasts longer than itself.")
		}
		key.ExpiresAt = maker.ExpiresAt
	}
	return "; made by " + string(maker.ID), nil
}

// withSecret completes a key.
func (s *APIKeys) withSecret(k domain.APIKey) *domain.NewAPIKey {
	secret := s.c.Secrets.Generate()
	k.ID, k.Prefix, k.Hash = domain.APIKeyID(domain.NewID("key")), secret[:keyPrefixLen], s.c.Secrets.Hash(secret)
	return &domain.NewAPIKey{APIKey: k, Secret: secret}
}

// List returns keys, the newest first, and how many there are.
func (s *APIKeys) List(ctx context.Context, user domain.UserID, w domain.Window) ([]domain.APIKey, int, error) {
	_, owner, err := s.owner(ctx, user)
	if err != nil {
		return nil, 0, err
	}
	return s.c.Store.List(ctx, owner.ID, w)
}

// find returns a key of an owner that the actor may end or replace: a key may not
// touch a wider one.
func (s *APIKeys) find(ctx context.Context, user domain.UserID, id domain.APIKeyID) (*domain.Principal, *domain.APIKey, error) {
	actor, owner, err := s.owner(ctx, user)
	if err != nil {
		return nil, nil, err
	}
	missing := domain.Errorf(domain.CodeNotFound, "API key %s does not exist.", id)
	if !domain.ValidID(string(id), "key") {
		return nil, nil, missing
	}
	key, err := s.c.Store.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if key.UserID != owner.ID {
		return nil, nil, missing
	}
	if actor.Key != "" && actor.Key != id {
		err = within(key.Scope, actor.Permissions, "That key may do %s, which this one may not.")
	}
	return actor, key, err
}

// Revoke ends a key at once.
func (s *APIKeys) Revoke(ctx context.Context, user domain.UserID, id domain.APIKeyID) error {
	_, key, err := s.find(ctx, user, id)
	if err != nil {
		return err
	}
	after := *key
	after.RevokedAt = new(s.journal.stamp())
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.c.Store.Revoke(ctx, id, *after.RevokedAt); err != nil {
			return err
		}
		return s.journal.changed(ctx, "apikey.revoked", string(id), "", key, &after)
	})
	if err != nil {
		return fmt.Errorf("revoke API key %s: %w", id, err)
	}
	changedUser(ctx, s.c.Changed, key.UserID)
	return nil
}

// Rotate makes a key that takes the place of another, with the same name and scope
// and as long a life, or the same end if the key replaces itself. The old one goes on
// for the overlap, so that programs can change over.
func (s *APIKeys) Rotate(ctx context.Context, user domain.UserID, id domain.APIKeyID, overlap time.Duration) (*domain.NewAPIKey, error) {
	if overlap < 0 || overlap > domain.MaxKeyOverlap {
		return nil, domain.Invalid("overlap", "The overlap is between 0 and %d seconds.", int(domain.MaxKeyOverlap/time.Second))
	}
	actor, old, err := s.find(ctx, user, id)
	if err != nil {
		return nil, err
	}
	now := s.journal.stamp()
	if !old.Valid(now) || old.ReplacedBy != "" {
		return nil, domain.Errorf(domain.CodeConflict, "API key %s has ended or was replaced already.", id)
	}
	if actor.Key != "" && actor.Key != id {
		return nil, domain.Errorf(domain.CodeForbidden, "A key can replace itself, but no other key.")
	}
	next := domain.APIKey{UserID: old.UserID, Name: old.Name, Scope: old.Scope, CreatedAt: now, ExpiresAt: now.Add(old.ExpiresAt.Sub(old.CreatedAt))}
	if actor.Key != "" && next.ExpiresAt.After(old.ExpiresAt) {
		next.ExpiresAt = old.ExpiresAt
	}
	out := s.withSecret(next)
	after := *old
	after.ReplacedBy = out.ID
	if ends := now.Add(overlap); ends.Before(old.ExpiresAt) {
		after.ExpiresAt = ends
	}
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.c.Store.Replace(ctx, id, out.ID, after.ExpiresAt); err != nil {
			return err
		}
		if err := s.c.Store.Insert(ctx, &out.APIKey); err != nil {
			return err
		}
		return s.journal.changed(ctx, "apikey.rotated", string(id), "replaced by "+string(out.ID), old, &after)
	})
	if err != nil {
		return nil, fmt.Errorf("rotate API key %s: %w", id, err)
	}
	changedUser(ctx, s.c.Changed, old.UserID)
	return out, nil
}
