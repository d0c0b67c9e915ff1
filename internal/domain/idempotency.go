package domain

import "time"

// StoredResponse is the answer that an idempotency key repeats.
type StoredResponse struct {
	Status int
	Header map[string]string // Content-Type, Location, ETag, Link
	Body   []byte
}

// Idempotency is one use of an idempotency key by one caller. A claim without
// Response is under way, or its process died: after LeaseUntil it may be claimed
// again.
type Idempotency struct {
	Owner       string // user or API key
	Key         string // as sent, up to 255 bytes
	RequestHash string // SHA-256 of method, path, query and body, hex
	Response    *StoredResponse
	CreatedAt   time.Time
	LeaseUntil  time.Time
	ExpiresAt   time.Time
}
