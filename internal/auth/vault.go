package auth

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
)

const (
	vaultKeyBytes = 32
	vaultVersion  = 1 // AES-256-GCM with a random nonce of 96 bits
	vaultIDBytes  = 4
	vaultHead     = 1 + vaultIDBytes
)

// Vault encrypts secrets for the database with a key that is kept outside of it. It
// is safe for concurrent use.
//
// A sealed value is a version, the id of the key, and the nonce with the
// ciphertext. What it is for is bound to it: a value that was moved to another place
// does not open there.
type Vault struct {
	path string
	head [vaultHead]byte
	aead cipher.AEAD
}

// LoadOrCreateVault returns the Vault whose key is in a file of hexadecimal digits;
// a missing file is made, with mode 0600. A file that others may read is refused.
func LoadOrCreateVault(path string) (*Vault, error) {
	key, err := LoadOrCreateSecret(path)
	if err != nil {
		return nil, err
	}
	return newVault(path, key)
}

// LoadVault is LoadOrCreateVault for a file that must be there: what an operator
// configured is not made up.
func LoadVault(path string) (*Vault, error) {
	key, err := loadSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key file %s does not exist; make one of 64 hexadecimal digits with mode 0600, or leave auth.key_file out", path)
	}
	if err != nil {
		return nil, err
	}
	return newVault(path, key)
}

func newVault(path string, key []byte) (*Vault, error) {
	if len(key) != vaultKeyBytes {
		return nil, fmt.Errorf("key file %s holds %d bytes, %d are needed", path, len(key), vaultKeyBytes)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use key file %s: %w", path, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("use key file %s: %w", path, err)
	}
	v := &Vault{path: path, aead: aead}
	id := sha256.Sum256(append([]byte("empire vault key id 1"), key...))
	v.head[0] = vaultVersion
	copy(v.head[1:], id[:])
	return v, nil
}

// KeyID names the key without telling it.
func (v *Vault) KeyID() string { return hex.EncodeToString(v.head[1:]) }

// Seal encrypts a value. purpose says what it is and whose, such as "totp user_1";
// Open wants the same.
func (v *Vault) Seal(purpose string, plain []byte) []byte {
	return v.aead.Seal(bytes.Clone(v.head[:]), nil, plain, v.bound(purpose))
}

// Open decrypts what Seal made. An error names the key file if the value was sealed
// with another key.
func (v *Vault) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) < vaultHead+v.aead.Overhead() || sealed[0] != vaultVersion {
		return nil, errors.New("open sealed value: it is not one of a known version")
	}
	if id := sealed[1:vaultHead]; !bytes.Equal(id, v.head[1:]) {
		return nil, fmt.Errorf("open sealed value: it needs the key %x, but %s holds the key %s", id, v.path, v.KeyID())
	}
	plain, err := v.aead.Open(nil, nil, sealed[vaultHead:], v.bound(purpose))
	if err != nil {
		return nil, fmt.Errorf("open sealed value: it was changed, or was sealed for something else than %q", purpose)
	}
	return plain, nil
}

// bound is what a ciphertext is tied to: its head and its purpose.
func (v *Vault) bound(purpose string) []byte { return append(v.head[:], purpose...) }
