// Package telemetry builds what the program reports about itself: the log handler
// and the metrics registry.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
)

// LogConfig chooses how logs look.
type LogConfig struct {
	Level  string // debug, info, warn, error; empty means info
	Format string // text, json; empty means text on a terminal and json elsewhere
}

// NewLogger returns a logger that writes to w and hides secrets. It refuses
// unknown levels and formats.
func NewLogger(w io.Writer, c LogConfig) (*slog.Logger, error) {
	var level slog.Level
	if c.Level != "" {
		if err := level.UnmarshalText([]byte(c.Level)); err != nil {
			return nil, fmt.Errorf("log level %q is not one of debug, info, warn, error", c.Level)
		}
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	switch format := c.Format; {
	case format == "text", format == "" && isTerminal(w):
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case format == "json", format == "":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return nil, fmt.Errorf("log format %q is not one of text, json", c.Format)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

const hidden = "***"

// secretWords mark an attribute whose value is never logged.
var secretWords = []string{"password", "passphrase", "secret", "token", "authorization", "cookie", "api_key", "apikey", "csrf"}

// secretValue finds credentials within text: JWTs, API keys, bearer headers and
// the password of an address such as postgres://user:password@host.
var secretValue = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|mfm_[\w-]{20,}|(?i:bearer)\s+[\w.~+/-]{8,}=*|://[^/\s:@]*:[^/\s@]+@`)

func redact(_ []string, a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	if slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(key, w) }) && a.Value.Kind() == slog.KindString {
		return slog.String(a.Key, hidden)
	}
	switch v := a.Value.Any().(type) {
	case string:
		return slog.String(a.Key, Redact(v))
	case error:
		return slog.String(a.Key, Redact(v.Error()))
	case fmt.Stringer:
		if a.Value.Kind() == slog.KindAny {
			return slog.String(a.Key, Redact(v.String()))
		}
	}
	return a
}

// Redact replaces credentials within s by three asterisks.
func Redact(s string) string {
	return secretValue.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasPrefix(m, "://") {
			return "://" + hidden + "@"
		}
		return hidden
	})
}
