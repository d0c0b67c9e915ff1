package digistore24

import (
	"crypto/sha512"
	"encoding/hex"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Fields that carry a signature and are not part of what is signed.
const (
	signField    = "sha_sign"
	oldSignField = "SHASIGN"
)

// Signature returns the sha_sign of parameters: SHA-512, in upper-case hex, over
// name=value and the passphrase for each of them in the byte order of the names.
// Empty values do not count; "0" is not empty.
func Signature(params map[string]string, passphrase string) string {
	h := sha512.New()
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name == signField || name == oldSignField || params[name] == "" {
			continue
		}
		h.Write([]byte(name + "=" + params[name] + passphrase))
	}
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

// checkSignature returns the parameters if the signature is right in one of the forms
// that the vendor has used: as sent, over values with their HTML entities decoded, or
// with upper-case names, which come back in lower case.
func (w *Webhook) checkSignature(form url.Values) (map[string]string, error) {
	sent, decoded, err := single(form)
	if err != nil {
		return nil, err
	}
	given := strings.ToUpper(sent[signField])
	if given == "" {
		given = strings.ToUpper(sent[oldSignField])
	}
	if given == "" {
		return nil, domain.NotAuthentic("The notification is not signed: give the IPN connection the passphrase.")
	}
	sent[signField] = given
	asSent := domain.SameSecret(given, Signature(sent, w.passphrase))
	if asDecoded := domain.SameSecret(given, Signature(decoded, w.passphrase)); asSent || asDecoded {
		return sent, nil
	}
	upper, lower := map[string]string{}, map[string]string{}
	for name, value := range sent {
		lower[strings.ToLower(name)] = value
		if name != signField && name != oldSignField {
			upper[strings.ToUpper(name)] = value
		}
	}
	// Names that differ in case only would be one: it is not sure which counts.
	if len(lower) != len(sent) || !domain.SameSecret(given, Signature(upper, w.passphrase)) {
		return nil, domain.NotAuthentic("The signature is wrong.")
	}
	return lower, nil
}

// single returns the parameters as sent and with decoded values. It refuses forms
// that could be read in two ways: a name that comes twice, of which somebody else
// might read the other value, and a name with an equals sign, which is signed like
// a shorter name with a longer value.
func single(form url.Values) (sent, decoded map[string]string, err error) {
	sent, decoded = map[string]string{}, map[string]string{}
	for name, values := range form {
		if len(values) != 1 || strings.Contains(name, "=") {
			return nil, nil, domain.NotAuthentic("A parameter is ambiguous, so the signature cannot be checked.")
		}
		sent[name], decoded[name] = values[0], html.UnescapeString(values[0])
	}
	return sent, decoded, nil
}
