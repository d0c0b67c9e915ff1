package domain

import "time"

// AlertID identifies an alert: alert_….
type AlertID string

// AlertDeliveryID identifies a message about alerts: adel_….
type AlertDeliveryID string

// AlertState says how far an alert got.
type AlertState string

// The states. An alert that is not cleared is open.
//
//	firing ─▶ acknowledged ─▶ cleared
//	   └────────────────────────▲
const (
	AlertFiring       AlertState = "firing"
	AlertAcknowledged AlertState = "acknowledged" // a person knows; nothing more is delivered until it is cleared
	AlertCleared      AlertState = "cleared"      // it is over
)

// Valid reports whether s is a state.
func (s AlertState) Valid() bool {
	return s == AlertFiring || s == AlertAcknowledged || s == AlertCleared
}

// Alert says that something breaches a rule. There is one open alert for each rule and
// subject at most.
type Alert struct {
	ID        AlertID       `json:"id"`
	Tenant    TenantID      `json:"tenant"`
	RuleID    AlertRuleID   `json:"rule_id"`
	Kind      AlertKind     `json:"kind"`
	Severity  AlertSeverity `json:"severity"`
	Subject   string        `json:"subject"` // what it is about: an id or a name, unique within the rule
	Title     string        `json:"title"`   // one line, with the name of the subject
	Text      string        `json:"text"`    // what was measured, in sentences
	Action    string        `json:"action"`  // what to do
	WebsiteID WebsiteID     `json:"website_id,omitempty"`
	State     AlertState    `json:"state"`
	Value     float64       `json:"value"` // measured last, in the unit
	Threshold float64       `json:"threshold"`
	Unit      string        `json:"unit"`
	Since     time.Time     `json:"since"`
	LastSeen  time.Time     `json:"last_seen"` // when it was breached last
	// Count is how often it began: more than once says that it comes and goes.
	Count      int        `json:"count"`
	QuietSince *time.Time `json:"quiet_since,omitempty"` // nothing is wrong since then; not cleared yet
	ClearedAt  *time.Time `json:"cleared_at,omitempty"`

	AcknowledgedBy UserID     `json:"acknowledged_by,omitempty"`
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty"`
	Note           string     `json:"note,omitempty"` // of who acknowledged it

	NotifiedAt *time.Time `json:"notified_at,omitempty"` // when its begin was handed to the channels
	// EndNotifiedAt is when its end was.
	EndNotifiedAt *time.Time `json:"end_notified_at,omitempty"`
}

// Open reports whether the alert is not cleared.
func (a *Alert) Open() bool { return a.State != AlertCleared }

// AlertObservation is one measured value that a rule is held against.
type AlertObservation struct {
	Tenant    TenantID // of whom it is
	Subject   string
	Name      string // of the subject, for people
	WebsiteID WebsiteID
	Value     float64
	Text      string // what was measured, in sentences
}

// MaxAlertNote bounds the notes of acknowledgements, in bytes.
const MaxAlertNote = 1000

// AlertFilter selects alerts. Empty fields select all.
type AlertFilter struct {
	Tenant    TenantID
	State     AlertState
	Open      bool // only those that are not cleared
	Severity  AlertSeverity
	RuleID    AlertRuleID
	Kind      AlertKind
	WebsiteID WebsiteID
	// Before selects alerts that were raised before this one: for walks.
	Before AlertID
}

// AlertSummary counts alerts of a tenant.
type AlertSummary struct {
	Firing       int
	Acknowledged int
	Critical     int // of those that are firing
	Warning      int
	Info         int
	// EvaluatedAt is when the rules were looked at last; zero: not yet.
	EvaluatedAt time.Time
}

// DeliveryState says how far a message about alerts got.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending DeliveryState = "pending" // it is tried, and tried again
	DeliverySent    DeliveryState = "sent"
	DeliveryFailed  DeliveryState = "failed" // given up
)

// Valid reports whether s is a state.
func (s DeliveryState) Valid() bool {
	return s == DeliveryPending || s == DeliverySent || s == DeliveryFailed
}

// AlertDelivery is one message about alerts over one channel.
type AlertDelivery struct {
	ID        AlertDeliveryID `json:"id"`
	Tenant    TenantID        `json:"tenant"`
	Channel   AlertChannel    `json:"channel"`
	State     DeliveryState   `json:"state"`
	Attempts  int             `json:"attempts"`
	Error     string          `json:"error,omitempty"` // of the last attempt
	Test      bool            `json:"test,omitempty"`  // it was asked for, and is about nothing
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	Fired     []AlertNews     `json:"fired"`
	Cleared   []AlertNews     `json:"cleared"`
}

// AlertNews is what a delivery tells about one alert.
type AlertNews struct {
	ID        AlertID       `json:"id"`
	RuleID    AlertRuleID   `json:"rule_id"`
	Rule      string        `json:"rule"` // its name
	Severity  AlertSeverity `json:"severity"`
	Subject   string        `json:"subject"`
	Title     string        `json:"title"`
	Text      string        `json:"text"`
	Action    string        `json:"action"`
	WebsiteID WebsiteID     `json:"website_id,omitempty"`
	Count     int           `json:"count"`
	Since     time.Time     `json:"since"`
	ClearedAt *time.Time    `json:"cleared_at,omitempty"`
}

// AlertMessage is a delivery in the form in which it is sent. It holds no secrets.
type AlertMessage struct {
	Delivery *AlertDelivery
	To       []string // addresses, for mail
	Subject  string
	Text     string // plain, in lines
}

// DeliveryFilter selects deliveries. Empty fields select all.
type DeliveryFilter struct {
	Tenant  TenantID
	Channel AlertChannel
	State   DeliveryState
}

// AlertChannelState says whether a channel can be used.
type AlertChannelState struct {
	Channel    AlertChannel
	Configured bool
	Target     string // whom it reaches, without secrets; empty if it is not configured
	Setting    string // what to configure
	LastSent   *time.Time
	LastError  string // of the delivery that failed last, if none was sent since
}

// RunFailures are runs of a pipeline, for a website or for none, that failed.
type RunFailures struct {
	Tenant    TenantID
	Pipeline  string
	WebsiteID WebsiteID
	Domain    string // of the website
	Count     int
	Last      RunID
}

// OpenDeadLetters are dead letters of an agent that nobody tried again.
type OpenDeadLetters struct {
	Tenant  TenantID
	AgentID AgentID
	Count   int
}

// DayVisitors are the people who visited a website on a day, in days since 1970 (UTC).
type DayVisitors struct {
	Tenant    TenantID
	WebsiteID WebsiteID
	Domain    string
	Day       int64
	Visitors  int
}

// ProcessSample is what one process saw since its last one: how often it answered and
// how long that took, and which of its parts do not work now.
type ProcessSample struct {
	Instance   string                     `json:"instance"`
	At         time.Time                  `json:"at"`
	Listeners  map[string]ListenerSample  `json:"listeners,omitempty"` // api, edge
	Components map[string]ComponentSample `json:"components,omitempty"`
}

// ListenerSample counts answers of a listener.
type ListenerSample struct {
	Requests int `json:"requests"`
	Errors   int `json:"errors"` // answered with 5xx
	// Within counts, by upper bound in milliseconds, answers that took at most that
	// long: cumulative, as in a Prometheus histogram.
	Within map[int]int `json:"within,omitempty"`
}

// ComponentSample is a part that does not work.
type ComponentSample struct {
	State string `json:"state"` // degraded or down
	Error string `json:"error"` // without secrets
}
