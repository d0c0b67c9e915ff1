package domain

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// AlertRuleID identifies a rule among those of its tenant: that of a built-in rule is
// its kind, that of another is rule_….
type AlertRuleID string

// AlertKind says what a rule watches.
type AlertKind string

// The kinds. The unit of threshold and value is in AlertKindInfo.
const (
	AlertErrorRate    AlertKind = "error_rate"    // share of answers with 5xx, of the API or the edge
	AlertLatency      AlertKind = "latency"       // 95th percentile of the time of answers
	AlertFailedRuns   AlertKind = "failed_runs"   // runs of a pipeline that failed
	AlertDeadLetters  AlertKind = "dead_letters"  // messages and tasks of an agent that nobody will handle
	AlertBudget       AlertKind = "budget"        // share of a budget that is used up
	AlertTrafficCliff AlertKind = "traffic_cliff" // visitors of yesterday against the median of the same weekdays
	AlertCertificate  AlertKind = "certificate"   // days that a TLS certificate is still valid
	AlertStaleFeed    AlertKind = "stale_feed"    // hours since a feed was read
	AlertFrozen       AlertKind = "frozen"        // a website or all frozen by a fall of visits or a notice
	AlertComponent    AlertKind = "component"     // a part of the program that does not work
	AlertDeadLinks    AlertKind = "dead_links"    // affiliate links whose offers are gone and that nothing replaces
)

// AlertSeverity says how much an alert matters.
type AlertSeverity string

// The severities.
const (
	SeverityCritical AlertSeverity = "critical" // somebody must act now; it is delivered at once
	SeverityWarning  AlertSeverity = "warning"  // somebody must act soon
	SeverityInfo     AlertSeverity = "info"
)

// Rank orders severities: the greater, the worse. 0 is none of them.
func (s AlertSeverity) Rank() int {
	return slices.Index([]AlertSeverity{SeverityInfo, SeverityWarning, SeverityCritical}, s) + 1
}

// AlertChannel is a way on which alerts are delivered.
type AlertChannel string

// The channels.
const (
	ChannelMail    AlertChannel = "mail"
	ChannelWebhook AlertChannel = "webhook"
)

// Valid reports whether c is a channel.
func (c AlertChannel) Valid() bool { return c == ChannelMail || c == ChannelWebhook }

// AlertKindInfo describes a kind.
type AlertKindInfo struct {
	Kind AlertKind
	Unit string // of threshold and value: percent, ms, count, days, hours, level
	// Below says that a value breaches at or below the threshold, not at or above.
	Below bool
	// Installation says that it is about the whole program: such rules exist for the
	// default tenant alone, and not for single websites.
	Installation bool
	Windowed     bool // the window of a rule matters
	Action       string
}

// Levels of AlertComponent.
const (
	ComponentDegraded = 1
	ComponentDown     = 2
)

// AlertKinds returns what may be watched.
func AlertKinds() []AlertKindInfo {
	return []AlertKindInfo{
		{AlertErrorRate, "percent", false, true, true, "Look for errors in the log of the server (level error) and at the state of its components."},
		{AlertLatency, "ms", false, true, true, "Look at the load of the machine and of the database; see operations, performance."},
		{AlertFailedRuns, "count", false, false, true, "Open the failed runs, read the error of the step, repair its cause and retry them."},
		{AlertDeadLetters, "count", false, false, true, "List the dead letters, repair the agent, and replay what still matters."},
		{AlertBudget, "percent", false, false, false, "Raise the budget or let its work pause; see what the money was spent on."},
		{AlertTrafficCliff, "percent", false, false, true, "Open the website, look at its last release and at what search engines say; roll back if the release broke it."},
		{AlertFrozen, "count", false, false, false, "Read why it is frozen (empire fleet status), look at the last releases and at what search engines say, roll back if a release is the cause; then lift the freeze."},
		{AlertCertificate, "days", true, false, false, "Check that the host still leads here and that the issuer reaches it; see the state of the edge."},
		{AlertStaleFeed, "hours", false, true, false, "Import the feed again, or repair its source; pages with old prices hide them."},
		{AlertDeadLinks, "count", false, false, false, "List the dead links and decide the replacements that wait for an approval, or close the links."},
		{AlertComponent, "level", false, true, false, "Read the error of the component in the state of the system; a required one that is down stops the service."},
	}
}

// InfoOf describes a kind, and reports whether there is one.
func InfoOf(kind AlertKind) (AlertKindInfo, bool) {
	list := AlertKinds()
	i := slices.IndexFunc(list, func(k AlertKindInfo) bool { return k.Kind == kind })
	if i < 0 {
		return AlertKindInfo{}, false
	}
	return list[i], true
}

// Breached reports whether a value breaches a threshold.
func (k AlertKindInfo) Breached(value, threshold float64) bool {
	if k.Below {
		return value <= threshold
	}
	return value >= threshold
}

// AlertRule says when to raise an alert, and whom it is told.
type AlertRule struct {
	Tenant    TenantID      `json:"tenant"`
	ID        AlertRuleID   `json:"id"`
	Kind      AlertKind     `json:"kind"`
	Name      string        `json:"name"`
	WebsiteID WebsiteID     `json:"website_id,omitempty"` // empty: the whole tenant
	Threshold float64       `json:"threshold"`            // in the unit of the kind
	Window    time.Duration `json:"window"`               // how far back is looked; see AlertKindInfo.Windowed
	// Quiet is how long nothing may be wrong until an alert is cleared: what comes back
	// before that is the same alert.
	Quiet    time.Duration  `json:"quiet"`
	Severity AlertSeverity  `json:"severity"`
	Channels []AlertChannel `json:"channels"` // empty: alerts are only shown
	Enabled  bool           `json:"enabled"`
	// SilencedUntil is until when alerts are raised but not delivered.
	SilencedUntil *time.Time `json:"silenced_until,omitempty"`
	BuiltIn       bool       `json:"built_in"`
	Changed       bool       `json:"changed"` // of a built-in rule: it differs from its default
	UpdatedAt     time.Time  `json:"updated_at"`
}

// Silent reports whether alerts of the rule are not delivered at a time.
func (r *AlertRule) Silent(now time.Time) bool {
	return r.SilencedUntil != nil && now.Before(*r.SilencedUntil)
}

// MaxAlertRules bounds the rules that a tenant adds to the built-in ones.
const MaxAlertRules = 200

// MaxCertificateDays bounds the threshold of AlertCertificate: issuers renew at about
// that time.
const MaxCertificateDays = 30

// Validate checks what a rule must hold.
func (r *AlertRule) Validate() error {
	info, ok := InfoOf(r.Kind)
	switch {
	case !ok:
		return Invalid("kind", "Kind %.40q is not one of those that can be watched.", r.Kind)
	case strings.TrimSpace(r.Name) == "" || len(r.Name) > MaxName || !utf8.ValidString(r.Name) || strings.ContainsFunc(r.Name, unicode.IsControl):
		return Invalid("name", "A rule needs a name of at most %d bytes without control characters.", MaxName)
	case !(r.Threshold > 0) || r.Threshold > 1e9: // not a number is neither
		return Invalid("threshold", "A threshold is greater than 0 and at most a billion.")
	case info.Unit == "percent" && r.Threshold > 1000:
		return Invalid("threshold", "A percentage is at most 1000.")
	case info.Unit == "days" && r.Threshold > MaxCertificateDays:
		return Invalid("threshold", "The threshold is at most %d days.", MaxCertificateDays)
	case info.Unit == "level" && r.Threshold != ComponentDegraded && r.Threshold != ComponentDown:
		return Invalid("threshold", "The threshold is 1, for degraded, or 2, for down.")
	case r.Severity.Rank() == 0:
		return Invalid("severity", "Severity %.20q is not one of critical, warning, info.", r.Severity)
	case r.Quiet < 0 || r.Quiet > 24*time.Hour:
		return Invalid("quiet", "The quiet time is between 0s and 24h.")
	case (info.Installation || r.Kind == AlertDeadLetters || r.Kind == AlertDeadLinks) && r.WebsiteID != "":
		return Invalid("website_id", "A rule of the kind %s cannot be about one website.", r.Kind)
	}
	if err := r.checkWindow(info); err != nil {
		return err
	}
	for i, c := range r.Channels {
		if !c.Valid() || slices.Contains(r.Channels[:i], c) {
			return Invalid("channels", "The channels are mail and webhook, each once.")
		}
	}
	return nil
}

func (r *AlertRule) checkWindow(info AlertKindInfo) error {
	least, most := time.Minute, 30*24*time.Hour
	switch {
	case !info.Windowed:
		least, most = 0, 0
	case r.Kind == AlertErrorRate || r.Kind == AlertLatency:
		most = 24 * time.Hour // samples are not kept for longer
	case r.Kind == AlertTrafficCliff:
		least, most = 7*24*time.Hour, 8*7*24*time.Hour
		if r.Window%least != 0 {
			return Invalid("window", "The window of a traffic cliff is 1 to 8 whole weeks (168h each).")
		}
	}
	if r.Window < least || r.Window > most {
		return Invalid("window", "The window of the kind %s is between %s and %s.", r.Kind, Duration(least), Duration(most))
	}
	return nil
}

// DefaultAlertRules returns the built-in rules of a tenant as they are before anybody
// changes them.
func DefaultAlertRules(tenant TenantID) []AlertRule {
	const week = 7 * 24 * time.Hour
	all := []AlertChannel{ChannelMail, ChannelWebhook}
	rule := func(kind AlertKind, name string, threshold float64, window time.Duration, severity AlertSeverity) AlertRule {
		return AlertRule{
			Tenant: tenant.OrDefault(), ID: AlertRuleID(kind), Kind: kind, Name: name, Threshold: threshold, Window: window, Quiet: 5 * time.Minute,
			Severity: severity, Channels: slices.Clone(all), Enabled: true, BuiltIn: true,
		}
	}
	list := []AlertRule{
		rule(AlertErrorRate, "Error rate", 5, 5*time.Minute, SeverityCritical),
		rule(AlertLatency, "Latency", 500, 5*time.Minute, SeverityWarning),
		rule(AlertComponent, "Component down", ComponentDown, 0, SeverityCritical),
		rule(AlertFailedRuns, "Failed runs", 1, time.Hour, SeverityWarning),
		rule(AlertDeadLetters, "Dead letters", 1, 24*time.Hour, SeverityWarning),
		rule(AlertBudget, "Budget nearly spent", 80, 0, SeverityWarning),
		rule(AlertTrafficCliff, "Traffic cliff", 50, 4*week, SeverityWarning),
		rule(AlertFrozen, "Publishing frozen", 1, 0, SeverityCritical),
		rule(AlertCertificate, "Certificate expires", 14, 0, SeverityCritical),
		rule(AlertStaleFeed, "Stale feed", 72, 0, SeverityWarning),
		rule(AlertDeadLinks, "Dead links", 1, 0, SeverityWarning),
	}
	return slices.DeleteFunc(list, func(r AlertRule) bool {
		info, _ := InfoOf(r.Kind)
		return info.Installation && tenant.OrDefault() != DefaultTenant
	})
}

// AlertRuleParams describe a new rule. Empty fields are those of the built-in rule of
// the kind; a nil Channels too.
type AlertRuleParams struct {
	Kind      AlertKind
	Name      string
	WebsiteID WebsiteID
	Threshold float64
	Window    time.Duration
	Quiet     *time.Duration
	Severity  AlertSeverity
	Channels  []AlertChannel
}

// AlertRulePatch changes a rule; nil fields stay.
type AlertRulePatch struct {
	Name      *string
	Threshold *float64
	Window    *time.Duration
	Quiet     *time.Duration
	Severity  *AlertSeverity
	Channels  *[]AlertChannel
	Enabled   *bool
}
