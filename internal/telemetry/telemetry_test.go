package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"empire/internal/telemetry"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJl"

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
				if strings.Contains(out.String(), tt.leak) || !strings.Contains(out.String(), "***") {
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
