package auth

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MinSecret is the least length of a signing secret in bytes.
const MinSecret = 32

// LoadOrCreateSecret reads the signing secret from a file of hexadecimal digits,
// or makes one and writes it with mode 0600. A file that others may read is
// refused: the secret may be known.
func LoadOrCreateSecret(path string) ([]byte, error) {
	secret, err := loadSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := createSecret(path, random(MinSecret)); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create secret %s: %w", path, err)
	}
	return loadSecret(path) // another process may have been first
}

func loadSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("load secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("load secret %s: mode %04o lets others read it, 0600 is needed", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load secret: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("load secret %s: not hexadecimal", path)
	}
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("load secret %s: %d bytes, at least %d are needed", path, len(secret), MinSecret)
	}
	return secret, nil
}

// createSecret writes the file under another name first, so that a crash leaves
// either no secret or a whole one.
func createSecret(path string, secret []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(hex.EncodeToString(secret) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path) // fails if the file exists by now
}
