package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// KeyPrefix begins every API key, so that people and scanners recognize one.
const KeyPrefix = "mfm_"

const keySecretBytes = 32

// KeySecrets makes the secrets of API keys.
type KeySecrets struct{}

// Generate returns a new secret: mfm_ and 43 characters that stand for 32 random
// bytes.
func (KeySecrets) Generate() string {
	return KeyPrefix + base64.RawURLEncoding.EncodeToString(random(keySecretBytes))
}

// Hash returns what is stored in place of a secret: its SHA-256 in hex. A slow hash
// would protect nothing, because 256 random bits cannot be guessed.
func (KeySecrets) Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// wellFormedKey reports whether a text looks like a key. What does not is spared the
// way to the database.
func wellFormedKey(s string) bool {
	rest, ok := strings.CutPrefix(s, KeyPrefix)
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(keySecretBytes) {
		return false
	}
	for i := range len(rest) {
		switch c := rest[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
