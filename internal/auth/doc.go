// Package auth knows who someone is: passwords, second factors, tokens, API keys,
// CSRF tokens, and the principal behind each.
//
//	e-mail + password (+ code) ─▶ Passwords, TOTP ─▶ sign-in in the database ─▶ Tokens.Issue ─▶ JWT (24 h)
//	JWT ─▶ Authenticator: Tokens.Verify ─▶ sign-in and user in the database ─▶ domain.Principal
//	mfm_… ─▶ Authenticator: SHA-256 ─▶ API key and user in the database ─▶ domain.Principal
//
// A token names a sign-in and a key names itself; whether they still count and what
// they may do is what the database says, or said at most as long ago as the cache of
// principals allows. A right that was taken away is gone with the next look.
//
// What has to be read again and must not lie open in the database, such as the
// secret of a second factor, is sealed by a Vault.
package auth

// SessionCookie is the name of the cookie that carries a dashboard session.
const SessionCookie = "empire_session"
