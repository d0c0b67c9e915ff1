package domain

import "time"

// HostCertificate is the state of the TLS certificate of one host.
type HostCertificate struct {
	Host       string
	ValidUntil time.Time // zero: there is none
	Issuer     string    // who signed it
	Obtained   time.Time // when this process got it from the issuer; zero: it found it
	Error      string    // why the last attempt failed; empty: it did not, or none was made
	FailedAt   time.Time
	NextTry    time.Time // when a visitor makes the next attempt; zero: nothing failed
}
