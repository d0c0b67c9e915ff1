package api_test

import (
	"context"
	"fmt"
	"time"

	"empire/internal/domain"
)

func (f users) Login(_ context.Context, p domain.LoginParams) (domain.Session, error) {
	if f.fail != nil {
		return domain.Session{}, f.fail
	}
	f.note(func() { f.login = p })
	if p.Password != "right" {
		return domain.Session{}, domain.Errorf(domain.CodeUnauthenticated, "E-mail address or password is wrong.")
	}
	if p.Email == "two@example.com" && p.OTP != "123456" {
		return domain.Session{}, &domain.Error{Code: domain.CodeUnauthenticated, Field: "otp", Message: "This account has a second factor."}
	}
	return domain.Session{Token: "a.b.c", ExpiresAt: noon, User: &domain.User{Email: p.Email}}, nil
}

func (f users) Logout(_ context.Context, all bool) error {
	f.note(func() { f.loggedOut = fmt.Sprint("all=", all) })
	return f.fail
}

func (f users) user(id domain.UserID) *domain.User {
	return &domain.User{
		ID: id, Tenant: "main", Email: "a@example.com", Name: "A", PasswordHash: "$argon2id$secret", TOTP: []byte("sealed secret"),
		TOTPPending: []byte("sealed secret"), Permissions: []domain.Permission{domain.WebsitesRead}, CreatedAt: noon, UpdatedAt: noon,
	}
}

func (f users) Me(ctx context.Context) (*domain.User, error) {
	p := domain.PrincipalFrom(ctx)
	u := f.user(p.UserID)
	u.Permissions = p.Permissions
	return u, f.fail
}

func (f users) Sessions(_ context.Context, w domain.Window) ([]domain.LoginSession, int, error) {
	f.note(func() { f.window = w })
	return []domain.LoginSession{{ID: "sess_1", UserID: "user_1", CreatedAt: noon, ExpiresAt: noon, Client: "curl"}, {ID: "sess_2"}}, 2, f.fail
}

func (f users) RevokeSession(_ context.Context, id domain.SessionID) error {
	if id != "sess_1" {
		return missing("Sign-in", string(id))
	}
	return f.fail
}

func (f users) BeginTOTP(_ context.Context, password string) (domain.TOTPSetup, error) {
	f.note(func() { f.totp = "begin " + password })
	return domain.TOTPSetup{Secret: "JBSWY3DP", URI: "otpauth://totp/x"}, f.fail
}

func (f users) ConfirmTOTP(_ context.Context, code string) error {
	f.note(func() { f.totp = "confirm " + code })
	return f.fail
}

func (f users) DisableTOTP(_ context.Context, password, code string) error {
	f.note(func() { f.totp = "disable " + password + " " + code })
	return f.fail
}

func (f users) RemoveTOTP(_ context.Context, id domain.UserID) error {
	if id != "user_1" {
		return missing("User", string(id))
	}
	return f.fail
}

func (f users) List(_ context.Context, w domain.Window) ([]domain.User, int, error) {
	f.note(func() { f.window = w })
	return []domain.User{*f.user("user_1")}, 1, f.fail
}

func (f users) Get(_ context.Context, id domain.UserID) (*domain.User, error) {
	if id != "user_1" {
		return nil, missing("User", string(id))
	}
	return f.user(id), f.fail
}

func (f users) Create(_ context.Context, p domain.UserParams) (*domain.User, error) {
	if p.Email == "taken@example.com" {
		return nil, &domain.Error{Code: domain.CodeConflict, Field: "email", Message: "It is taken."}
	}
	if (&domain.User{Email: p.Email, Permissions: p.Permissions}).Validate() != nil {
		return nil, (&domain.User{Email: p.Email, Permissions: p.Permissions}).Validate()
	}
	f.note(func() { f.newUser = p })
	return f.user("user_9"), f.fail
}

func (f users) Update(ctx context.Context, id domain.UserID, p domain.UserPatch) (*domain.User, error) {
	f.note(func() { f.patch = p })
	return f.Get(ctx, id)
}

func (f users) Delete(_ context.Context, id domain.UserID) error {
	if id != "user_1" {
		return missing("User", string(id))
	}
	return f.fail
}

func (f apiKeys) key(id domain.APIKeyID) domain.APIKey {
	return domain.APIKey{
		ID: id, UserID: "user_1", Name: "n8n", Prefix: "mfm_abcdefgh", Hash: "hash-of-secret", Scope: []domain.Permission{domain.WebsitesRead},
		CreatedAt: noon, ExpiresAt: noon, LastUsedAt: &noon, ReplacedBy: "key_2",
	}
}

func (f apiKeys) Create(_ context.Context, user domain.UserID, p domain.APIKeyParams) (*domain.NewAPIKey, error) {
	for _, perm := range p.Scope {
		if (&domain.User{Email: "a@example.com", Permissions: []domain.Permission{perm}}).Validate() != nil {
			return nil, domain.Invalid("scope", "Permission %q does not exist.", perm)
		}
	}
	f.note(func() { f.newKey = p })
	return &domain.NewAPIKey{APIKey: f.key("key_1"), Secret: "mfm_secret"}, f.fail
}

func (f apiKeys) List(_ context.Context, user domain.UserID, w domain.Window) ([]domain.APIKey, int, error) {
	f.note(func() { f.window = w })
	if user != "" && user != "user_1" {
		return nil, 0, missing("User", string(user))
	}
	return []domain.APIKey{f.key("key_1")}, 1, f.fail
}

func (f apiKeys) Revoke(_ context.Context, user domain.UserID, id domain.APIKeyID) error {
	if id != "key_1" || user != "" && user != "user_1" {
		return missing("API key", string(id))
	}
	return f.fail
}

func (f apiKeys) Rotate(_ context.Context, _ domain.UserID, id domain.APIKeyID, overlap time.Duration) (*domain.NewAPIKey, error) {
	if id != "key_1" {
		return nil, missing("API key", string(id))
	}
	f.note(func() { f.overlap = overlap })
	return &domain.NewAPIKey{APIKey: f.key("key_3"), Secret: "mfm_secret"}, f.fail
}
