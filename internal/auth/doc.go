// Package auth knows who someone is: passwords, session tokens, CSRF tokens, and
// the principal behind a token.
//
//	e-mail + password ─▶ Passwords, Attempts ─▶ Tokens.Issue ─▶ JWT (24 h)
//	JWT ─▶ Authenticator: Tokens.Verify ─▶ user in the database ─▶ domain.Principal
//
// A token names a user; what that user may do is read from the database on every
// request, so a right that was taken away is gone at once.
package auth

// SessionCookie is the name of the cookie that carries a dashboard session.
const SessionCookie = "empire_session"
