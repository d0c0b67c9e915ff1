package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"empire/internal/telemetry"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJl"

// account logs itself with a name that it may not tell.
type account string

// LogValue implements slog.LogValuer.
func (a account) LogValue() slog.Value { return slog.GroupValue(slog.String("name", string(a))) }

func TestLoggerHidesSecrets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		attr slog.Attr
		leak string
	}{
		{"by key", slog.String("password", "hunter2"), "hunter2"},
		{"by part of a key", slog.String("webhook_secret", "hunter2"), "hunter2"},
		{"in a group", slog.Group("req", slog.String("Authorization", "Basic aHVudGVy")), "aHVudGVy"},
		{"token in text", slog.String("err", "bad token "+jwt), "eyJhbGci"},
		{"token in an error", slog.Any("err", errors.New("parse "+jwt)), "eyJhbGci"},
		{"API key", slog.String("detail", "mfm_0123456789abcdef0123456789abcdef0123456789a"), "0123456789abcdef"},
		{"bearer", slog.String("header", "Bearer abcdefghijkl"), "abcdefghijkl"},
		{"database address", slog.String("dsn", "postgres://empire:hunter2@db/empire"), "hunter2"},
		{"bearer in capitals", slog.String("header", "a bEARER abcdefghijkl"), "abcdefghijkl"},
		{"in a URL", slog.Any("url", &url.URL{Scheme: "https", Host: "a.example", RawQuery: "t=" + jwt}), "eyJhbGci"},
		{"in a value of its own", slog.Any("from", account("mfm_0123456789abcdef0123456789abcdef0123456789a")), "0123456789abcdef"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, format := range []string{"json", "text"} {
				var out bytes.Buffer
				log, err := telemetry.NewLogger(&out, telemetry.LogConfig{Format: format})
				if err != nil {
					t.Fatal(err)
				}
				log.Info("something happened", tt.attr)
				log.With(tt.attr).Info("again")
				log.WithGroup("part").Info("in a group", slog.Group("of", tt.attr))
				if strings.Contains(out.String(), tt.leak) || strings.Count(out.String(), "***") != 3 {
					t.Errorf("%s: %s", format, out.String())
				}
			}
		})
	}
}

func TestLoggerKeepsTheRest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := telemetry.NewLogger(&out, telemetry.LogConfig{Level: "warn"}) // not a terminal: JSON
	if err != nil {
		t.Fatal(err)
	}
	log.Info("dropped")
	log.Warn("kept", "run_id", "run_1", "duration_ms", 12, "tokens_used", 9)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("not one JSON line: %v\n%s", err, out.String())
	}
	if line["msg"] != "kept" || line["run_id"] != "run_1" || line["duration_ms"] != 12.0 || line["tokens_used"] != 9.0 {
		t.Errorf("line = %v", line)
	}
}

func TestNewLoggerRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []telemetry.LogConfig{{Level: "loud"}, {Format: "xml"}} {
		if _, err := telemetry.NewLogger(&bytes.Buffer{}, c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestLoggerHidesSecretsInMessages(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := telemetry.NewLogger(&out, telemetry.LogConfig{})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("bad token "+jwt, "run_id", "run_1")
	if strings.Contains(out.String(), "eyJhbGci") || !strings.Contains(out.String(), `"msg":"bad token ***","run_id":"run_1"`) {
		t.Error(out.String())
	}
}

// FuzzRedact finds by the quick look everything that the whole expression finds.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{jwt, "mfm_0123456789abcdef0123456789abcdef0123456789a", "bEarer\tabcdefgh", "x://u:p@h", "plain", "\u017fbearer abcdefgh"} {
		f.Add(s)
	}
	whole := regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|mfm_[\w-]{20,}|(?i:bearer)\s+[\w.~+/-]{8,}=*|://[^/\s:@]*:[^/\s@]+@`)
	f.Fuzz(func(t *testing.T, s string) {
		if got := telemetry.Redact(s); (got != s) != whole.MatchString(s) && !strings.Contains(s, "***") {
			t.Errorf("Redact(%q) = %q", s, got)
		}
	})
}
