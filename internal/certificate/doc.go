// Package certificate gets TLS certificates for hosts that are owned, one by one, when
// somebody first asks for them, from an ACME server (RFC 8555).
//
//	handshake ─▶ host owned? ─▶ in memory ─▶ in the directory ─▶ ACME server
//	               no: refused                 (shared by edges)   one attempt, then a pause
//
// The server checks the host over HTTP (http-01, RFC 8555 §8.3) or in a handshake
// (tls-alpn-01, RFC 8737); the listeners that serve the sites answer for both. After
// a failed attempt a host waits, twice as long each time, and is served without TLS
// meanwhile. Certificates are renewed in the last third of their life while the host
// is owned.
package certificate
