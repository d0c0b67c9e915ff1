package domain

import "time"

// LoginParams are what a person signs in with.
type LoginParams struct {
	Email    string
	Password string
	OTP      string // code of the second factor; needed if the account has one
	Client   string // what the client calls itself, for the list of sign-ins
}

// UserParams ask for a new account in the tenant of who asks.
type UserParams struct {
	Email       string
	Name        string
	Password    string
	Permissions []Permission
}

// UserPatch changes an account. Nil fields stay as they are.
type UserPatch struct {
	Name        *string
	Permissions *[]Permission
	Password    *string
	// CurrentPassword must be right for a change of one's own password.
	CurrentPassword string
}

// TOTPSetup is a second factor that waits for its first code. It is shown once.
type TOTPSetup struct {
	Secret string // base 32, for typing
	URI    string // otpauth://…, for a QR code
}

// APIKeyParams ask for an API key.
type APIKeyParams struct {
	Name    string
	Scope   []Permission
	Expires time.Duration // from now; zero means APIKeyLifetime
}

// NewAPIKey is an API key with its secret, which is shown once.
type NewAPIKey struct {
	APIKey
	Secret string
}

// The overlap of an old API key with the one that replaces it.
const (
	DefaultKeyOverlap = 24 * time.Hour
	MaxKeyOverlap     = 7 * 24 * time.Hour
)
