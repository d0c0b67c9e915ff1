package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const hidden = "***"

// secretWords mark an attribute whose value is never logged.
var secretWords = []string{"password", "passphrase", "secret", "token", "authorization", "cookie", "api_key", "apikey", "csrf"}

// secretValue finds credentials within text: JWTs, API keys, bearer headers and
// the password of an address such as postgres://user:password@host. Each begins as
// suspicious looks for.
var secretValue = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|mfm_[\w-]{20,}|(?i:bearer)\s+[\w.~+/-]{8,}=*|://[^/\s:@]*:[^/\s@]+@`)

// Redact replaces credentials within s by three asterisks.
func Redact(s string) string {
	if !suspicious(s) {
		return s
	}
	return secretValue.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasPrefix(m, "://") {
			return "://" + hidden + "@"
		}
		return hidden
	})
}

// suspicious reports whether s has the beginning of what secretValue finds. It is
// asked for every text of every line, where the expression would cost more than all
// the rest of the line.
func suspicious(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case 'e', 'm', ':':
			if rest := s[i:]; strings.HasPrefix(rest, "eyJ") || strings.HasPrefix(rest, "mfm_") || strings.HasPrefix(rest, "://") {
				return true
			}
		case 'b', 'B':
			if len(s)-i >= 6 && strings.EqualFold(s[i:i+6], "bearer") {
				return true
			}
		}
	}
	return false
}

// hiding is a handler that hides secrets before another one writes the line.
type hiding struct {
	next  slog.Handler
	batch *batch // nil: lines are written at once
}

// Enabled implements slog.Handler.
func (h *hiding) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler. What a person should see soon takes the lines
// before it along.
func (h *hiding) Handle(ctx context.Context, r slog.Record) error {
	if attrs := traceOf(ctx); attrs != nil {
		r = r.Clone() // its attributes may be shared
		r.AddAttrs(attrs...)
	}
	if open := suspicious(r.Message); open || !harmless(r) {
		safe := slog.NewRecord(r.Time, r.Level, Redact(r.Message), r.PC)
		r.Attrs(func(a slog.Attr) bool {
			safe.AddAttrs(hide(a))
			return true
		})
		r = safe
	}
	err := h.next.Handle(ctx, r)
	if h.batch != nil && r.Level >= slog.LevelWarn {
		return h.batch.flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (h *hiding) WithAttrs(attrs []slog.Attr) slog.Handler {
	safe := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		safe[i] = hide(a)
	}
	return &hiding{h.next.WithAttrs(safe), h.batch}
}

// WithGroup implements slog.Handler.
func (h *hiding) WithGroup(name string) slog.Handler {
	return &hiding{h.next.WithGroup(name), h.batch}
}

// harmless reports whether no attribute needs a closer look: most lines.
func harmless(r slog.Record) bool {
	good := true
	r.Attrs(func(a slog.Attr) bool {
		switch a.Value.Kind() {
		case slog.KindString:
			good = !secretKey(a.Key) && !suspicious(a.Value.String())
		case slog.KindAny, slog.KindGroup, slog.KindLogValuer:
			good = false
		}
		return good
	})
	return good
}

// hide returns an attribute without secrets, and errors and the like as their text.
func hide(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindString:
		if secretKey(a.Key) {
			return slog.String(a.Key, hidden)
		}
		return slog.String(a.Key, Redact(a.Value.String()))
	case slog.KindGroup:
		members := slices.Clone(a.Value.Group())
		for i := range members {
			members[i] = hide(members[i])
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(members...)}
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case error:
			return slog.String(a.Key, Redact(v.Error()))
		case fmt.Stringer:
			return slog.String(a.Key, Redact(v.String()))
		}
	}
	return a
}

// secretKeys remembers keys and whether they are secret. Keys are constants of the
// program, so there are few.
var secretKeys sync.Map

// secretKey reports whether the value of an attribute is never logged.
func secretKey(key string) bool {
	if known, ok := secretKeys.Load(key); ok {
		return known == true
	}
	lower := strings.ToLower(key)
	secret := slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(lower, w) })
	secretKeys.Store(strings.Clone(key), secret)
	return secret
}
