package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

// PasswordConfig sets the cost of a password hash. The zero value means 46 MiB,
// one pass, one lane, and as many hashes at a time as there are processors.
type PasswordConfig struct {
	MemoryKiB   uint32
	Passes      uint32
	Lanes       uint8
	Concurrency int
}

// Passwords hashes and checks passwords with argon2id (RFC 9106). It is safe for
// concurrent use and never computes more than Concurrency hashes at once, so that
// a burst of sign-ins cannot take all memory.
type Passwords struct {
	cfg   PasswordConfig
	slots chan struct{}
	dummy phc // of a random password: what an unknown user is checked against
}

const (
	saltBytes = 16
	keyBytes  = 32
)

// NewPasswords returns Passwords of that cost.
func NewPasswords(c PasswordConfig) *Passwords {
	if c.MemoryKiB == 0 {
		c.MemoryKiB = 46 << 10
	}
	c.Passes = max(c.Passes, 1)
	c.Lanes = max(c.Lanes, 1)
	if c.Concurrency <= 0 {
		c.Concurrency = runtime.GOMAXPROCS(0)
	}
	p := &Passwords{cfg: c, slots: make(chan struct{}, c.Concurrency)}
	p.dummy = phc{memory: c.MemoryKiB, passes: c.Passes, lanes: c.Lanes, salt: random(saltBytes), key: random(keyBytes)}
	return p
}

// Generate returns a random password of 24 characters with 120 bits of entropy,
// without characters that are easily confused.
func (p *Passwords) Generate() string {
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32 characters: no bias
	b := random(24)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}

// Hash returns the PHC string of a password. It waits for a free slot and gives
// up when ctx ends.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	h := phc{memory: p.cfg.MemoryKiB, passes: p.cfg.Passes, lanes: p.cfg.Lanes, salt: random(saltBytes)}
	key, err := p.derive(ctx, h, password, keyBytes)
	if err != nil {
		return "", err
	}
	h.key = key
	return h.String(), nil
}

// Verify reports whether password belongs to hash. An empty hash stands for a
// user who does not exist: it costs as much as a real check and is never true.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (bool, error) {
	want := p.dummy
	if hash != "" {
		var err error
		if want, err = parsePHC(hash); err != nil {
			return false, err
		}
	}
	got, err := p.derive(ctx, want, password, uint32(len(want.key)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want.key) == 1 && hash != "", nil
}

func (p *Passwords) derive(ctx context.Context, h phc, password string, size uint32) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a free password slot: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, size), nil
}

// phc is a parsed hash in the PHC string format:
// $argon2id$v=19$m=47104,t=1,p=1$salt$key.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

// String returns the PHC form.
func (h phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.lanes,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

var errHash = errors.New("password hash is not a usable argon2id PHC string")

// parsePHC refuses costs that would stop the process: a stored hash is input too.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, errHash
	}
	var h phc
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); n != 3 || err != nil {
		return phc{}, errHash
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case err1 != nil, err2 != nil, len(h.salt) < 8, len(h.key) < 16, len(h.key) > 128:
		return phc{}, errHash
	case h.memory < 8 || h.memory > 1<<20, h.passes < 1 || h.passes > 16, h.lanes < 1 || h.lanes > 16:
		return phc{}, errHash
	}
	return h, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never fails since Go 1.24
	return b
}
