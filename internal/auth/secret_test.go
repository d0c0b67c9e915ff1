package auth_test

import (
	"bytes"
	"encoding/base32"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"empire/internal/auth"
)

func TestKeySecrets(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^mfm_[A-Za-z0-9_-]{43}$`)
	seen := make(map[string]bool, 100_000)
	for range 100_000 {
		s := auth.KeySecrets{}.Generate()
		if !form.MatchString(s) || seen[s] {
			t.Fatalf("secret %d: %q is malformed or repeated", len(seen), s)
		}
		seen[s] = true
	}
	// printf mfm_ | sha256sum
	if got := (auth.KeySecrets{}).Hash("mfm_"); got != "3b605efef5deb2294c80d591a220e11a89a59a73663c5811cef548e0c22fad10" {
		t.Errorf("hash = %q", got)
	}
}

func vaultFile(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestVault(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "seal.key")
	v, err := auth.LoadOrCreateVault(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v, want mode 0600", info, err)
	}
	plain := []byte("JBSWY3DPEHPK3PXP")
	sealed := v.Seal("totp user_1", plain)
	if again := v.Seal("totp user_1", plain); bytes.Equal(sealed, again) {
		t.Error("two seals of one value are equal: no nonce")
	}
	if bytes.Contains(sealed, plain[:8]) {
		t.Error("the sealed value holds the secret")
	}
	for _, load := range []func(string) (*auth.Vault, error){auth.LoadOrCreateVault, auth.LoadVault} {
		next, err := load(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := next.Open("totp user_1", sealed); err != nil || !bytes.Equal(got, plain) || next.KeyID() != v.KeyID() {
			t.Errorf("after a restart: %q, %v", got, err)
		}
	}
	if got, err := v.Open("totp user_2", sealed); err == nil || got != nil {
		t.Errorf("opened for another purpose: %q", got)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if got, err := v.Open("totp user_1", bad); err == nil || got != nil {
			t.Errorf("byte %d changed: %q", i, got)
		}
	}
	for _, short := range [][]byte{nil, {1}, sealed[:5], sealed[:20]} {
		if got, err := v.Open("totp user_1", short); err == nil {
			t.Errorf("%d bytes opened: %q", len(short), got)
		}
	}
	if got, err := v.Open("", v.Seal("", nil)); err != nil || len(got) != 0 {
		t.Errorf("nothing sealed: %q, %v", got, err)
	}
}

func TestVaultOfAnotherKey(t *testing.T) {
	t.Parallel()
	first, err := auth.LoadOrCreateVault(filepath.Join(t.TempDir(), "first.key"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "second.key")
	second, err := auth.LoadOrCreateVault(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := second.Open("x", first.Seal("x", []byte("secret")))
	if err == nil || got != nil {
		t.Fatalf("opened with another key: %q", got)
	}
	for _, want := range []string{path, first.KeyID(), second.KeyID()} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
}

func TestVaultFiles(t *testing.T) {
	t.Parallel()
	good := strings.Repeat("0f", 32)
	for _, tt := range []struct {
		name, path string
		want       string // in the error; empty: none
	}{
		{"good", vaultFile(t, "a.key", good+"\n", 0o600), ""},
		{"missing", filepath.Join(t.TempDir(), "none.key"), "does not exist"},
		{"others may read", vaultFile(t, "b.key", good, 0o644), "0600"},
		{"group may read", vaultFile(t, "c.key", good, 0o640), "0600"},
		{"short", vaultFile(t, "d.key", good[:62], 0o600), "31 bytes"},
		{"long", vaultFile(t, "e.key", good+good, 0o600), "64 bytes"},
		{"not hexadecimal", vaultFile(t, "f.key", strings.Repeat("x", 64), 0o600), "hexadecimal"},
		{"empty", vaultFile(t, "g.key", "", 0o600), "0 bytes"},
		{"no file", t.TempDir(), ""},
	} {
		v, err := auth.LoadVault(tt.path)
		if tt.name == "no file" {
			if err == nil {
				t.Error("a directory was taken for a key file")
			}
			continue
		}
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err == nil || v != nil || !strings.Contains(err.Error(), tt.path) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), good[:16]) {
			t.Errorf("%s: %v, want an error with the file and %q, without the key", tt.name, err, tt.want)
		}
	}
}

// TestTOTPVectors are those of RFC 6238 appendix B for SHA-1, cut to six digits.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte("12345678901234567890"))
	for at, code := range map[int64]string{
		1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		for skew, ok := range map[int64]bool{-60: false, -30: true, 0: true, 30: true, 60: false} {
			step, got := auth.TOTP{}.Check(secret, code, time.Unix(at+skew, 0))
			if got != ok || ok && step != at/30 {
				t.Errorf("code of %d at %+d s: step %d, %v, want %d, %v", at, skew, step, got, at/30, ok)
			}
		}
	}
	if step, ok := (auth.TOTP{}).Check(secret, "287082", time.Unix(59, 0)); !ok || step != 1 {
		t.Errorf("code of 59: step %d, %v", step, ok)
	}
	for _, code := range []string{"", "28708", "2870820", "287083", "28708a", "２８７０８２"} {
		if _, ok := (auth.TOTP{}).Check(secret, code, time.Unix(59, 0)); ok {
			t.Errorf("code %q was taken", code)
		}
	}
	if _, ok := (auth.TOTP{}).Check("not base 32!", "287082", time.Unix(59, 0)); ok {
		t.Error("a secret that cannot be read was taken")
	}
}

// TestTOTPAsOthersReadIt hands the address to an independent library, as an
// authenticator would scan it.
func TestTOTPAsOthersReadIt(t *testing.T) {
	t.Parallel()
	secret, uri := auth.TOTP{}.Generate("Zoë+a/b@example.com")
	key, err := otp.NewKeyFromURL(uri)
	if err != nil {
		t.Fatal(err)
	}
	if key.Secret() != secret || key.Issuer() != "empire" || key.AccountName() != "Zoë+a/b@example.com" || key.Type() != "totp" || key.Period() != 30 {
		t.Errorf("read as %q by %q for %q, %s every %d s", key.Secret(), key.Issuer(), key.AccountName(), key.Type(), key.Period())
	}
	if u, err := url.Parse(uri); err != nil || u.Query().Get("secret") != secret {
		t.Errorf("%s: %v", uri, err)
	}
	code, err := totp.GenerateCode(key.Secret(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if step, ok := (auth.TOTP{}).Check(secret, code, noon); !ok || step != noon.Unix()/30 {
		t.Errorf("code %s of another library: step %d, %v", code, step, ok)
	}
	if other, _ := (auth.TOTP{}).Generate("a"); other == secret || len(other) != 32 {
		t.Errorf("secrets %q and %q", other, secret)
	}
}
