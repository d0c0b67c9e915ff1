package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// functions are what templates may call.
func (d *Dashboard) functions() template.FuncMap {
	return template.FuncMap{
		"dict":     dict,
		"asset":    func(name string) string { return d.assets.paths[name] },
		"ago":      func(t time.Time) string { return ago(d.c.Now(), t) },
		"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"full":     func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
		"clock":    func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"number":   func(n int) string { return domain.GroupDigits(strconv.Itoa(n), ",") },
		"size":     size,
		"badge":    badgeOf,
		"plural":   plural,
		"language": languageName,
		"fault": func(v siteSettingsView, field string) string {
			if v.Field == field {
				return v.Error
			}
			return ""
		},
		"spark":       spark,
		"filterWords": filterWords,
		"signed":      func(v *float64) string { return fmt.Sprintf("%+.1f", *v) },
		"share":       share,
		"money":       func(m domain.Money) string { return m.Format("en") },
		"micros":      func(m domain.Micros, currency string) string { return m.Money(currency).Format("en") },
		"day":         func(t time.Time) string { return t.UTC().Format("2 Jan 2006") },
		"initial":     func(s string) string { return strings.ToLower(s[:min(1, len(s))]) },
	}
}

// dict makes the data of a shared part from names and values in turn.
func dict(pairs ...any) map[string]any {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}

// ago says how long before now t was, in words.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d < 10*time.Second:
		return "just now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	case d < 14*24*time.Hour:
		return plural(int(d.Hours()/24), "day", "days") + " ago"
	}
	return t.UTC().Format("2 Jan 2006")
}

// took says how long something lasted, in the unit that a reader wants.
func took(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}

func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1_000_000:
		return fmt.Sprintf("%.0f kB", float64(bytes)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return domain.GroupDigits(strconv.Itoa(n), ",") + " " + many
}

func languageName(code string) string {
	switch code {
	case "en":
		return "English"
	case "de":
		return "German"
	}
	return code
}

// badge shows a state as a mark with a word: never by color alone.
type badge struct {
	Tone string // ok, warn, bad, busy, quiet
	Mark string
	Word string
}

var badges = map[string]badge{
	string(domain.StateQueued):      {"quiet", "◌", "Queued"},
	string(domain.StateRunning):     {"busy", "◐", "Running"},
	string(domain.StateWaiting):     {"warn", "◆", "Waiting"},
	string(domain.StateCompleted):   {"ok", "●", "Done"},
	string(domain.StateFailed):      {"bad", "▲", "Failed"},
	string(domain.StateCancelled):   {"quiet", "✕", "Cancelled"},
	string(domain.StateSkipped):     {"quiet", "–", "Skipped"},
	string(domain.WebsiteDraft):     {"quiet", "◌", "Draft"},
	string(domain.WebsiteLive):      {"ok", "●", "Live"},
	string(domain.WebsiteArchived):  {"quiet", "✕", "Archived"},
	string(domain.ApprovalPending):  {"warn", "◆", "Waiting for you"},
	string(domain.ApprovalApproved): {"ok", "●", "Approved"},
	string(domain.ApprovalRejected): {"bad", "✕", "Rejected"},
	string(domain.ApprovalVoid):     {"quiet", "–", "Void"},
	string(domain.ApprovalExpired):  {"bad", "▲", "Expired"},
	string(domain.GatePass):         {"ok", "●", "Passed"},
	string(domain.GateWarn):         {"warn", "◆", "Look at it"},
	string(domain.GateFail):         {"bad", "▲", "Red"},
	string(domain.AgentIdle):        {"quiet", "○", "Idle"},
	string(domain.AgentWorking):     {"busy", "◐", "Working"},
	string(domain.AgentError):       {"bad", "▲", "Last task failed"},
	string(domain.AgentOffline):     {"quiet", "✕", "Offline"},
	"frozen":                        {"warn", "◆", "Frozen"},
	"ok":                            {"ok", "●", "Working"},
	"degraded":                      {"warn", "◆", "Degraded"},
	"down":                          {"bad", "▲", "Down"},
	"planned":                       {"quiet", "◌", "Dry run"},
	"done":                          {"ok", "●", "Done"},
	"added":                         {"ok", "+", "Added"},
	"removed":                       {"bad", "−", "Removed"},
	"changed":                       {"busy", "±", "Changed"},
	"complete":                      {"ok", "●", "Complete"},
	"partial":                       {"warn", "◆", "Partial"},
	"refused":                       {"bad", "▲", "Refused"},
	"active":                        {"ok", "●", "Active"},
	"paused":                        {"quiet", "◌", "Paused"},
	"closed":                        {"quiet", "✕", "Closed"},
	"program_unused":                {"warn", "◆", "Programme not used"},
	"program_unavailable":           {"warn", "◆", "Programme not joined"},
	"no_program":                    {"quiet", "○", "No programme"},
	"tracked":                       {"ok", "●", "Earns"},
}

func badgeOf(state any) badge {
	s := fmt.Sprint(state)
	if b, ok := badges[s]; ok {
		return b
	}
	if b, ok := workBadges[s]; ok {
		return b
	}
	return badge{"quiet", "○", s}
}
