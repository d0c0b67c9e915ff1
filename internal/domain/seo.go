package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// SEORule is a rule of the search audit as it is shown.
type SEORule struct {
	ID       string    `json:"id"`
	Scope    string    `json:"scope" enum:"page,site" doc:"site: the rule looks at a page among the others"`
	Severity GateState `json:"severity" enum:"warn,fail"`
	Weight   float64   `json:"weight" doc:"What the rule counts in a score"`
	Why      string    `json:"why" doc:"What a fault costs"`
	Fix      string    `json:"fix"`
	Source   string    `json:"source" doc:"Where the rule comes from"`
}

// SEOIssue is one fault of a release. It is the same fault as that of another release
// if rule and page are the same, whatever the figures in its message.
type SEOIssue struct {
	Fingerprint string    `json:"fingerprint"`
	Rule        string    `json:"rule"`
	Severity    GateState `json:"severity" enum:"warn,fail"`
	Page        string    `json:"page" doc:"Path; the home page for what is no page's"`
	Message     string    `json:"message"`
	Fix         string    `json:"fix"`
	Source      string    `json:"source"`
	Since       int       `json:"since" doc:"Number of the release from which on it is open without a gap"`
	SinceAt     time.Time `json:"since_at" doc:"When that release was made"`
}

// SEOFingerprint names a fault by its rule and page.
func SEOFingerprint(rule, page string) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + page))
	return hex.EncodeToString(sum[:8])
}

// SEOAuditLine is the audit of one release as histories show it.
type SEOAuditLine struct {
	WebsiteID WebsiteID `json:"website_id"`
	ReleaseID ReleaseID `json:"release_id"`
	Number    int       `json:"number" doc:"Of the release"`
	Version   string    `json:"version" doc:"Of rules and formula; scores of different versions are not comparable"`
	Score     float64   `json:"score" doc:"0 to 100"`
	Change    *float64  `json:"change" doc:"Score minus that of the release before; null for the first, and where another version made that"`
	Pages     int       `json:"pages"`
	Indexable int       `json:"indexable"`
	Fails     int       `json:"fails"`
	Warnings  int       `json:"warnings"`
	New       int       `json:"new" doc:"Regressions: issues that the release before did not have"`
	Fixed     int       `json:"fixed" doc:"Issues that the release before had"`
	At        time.Time `json:"at"`
}

// SEOAudit is what an audit of a release found.
type SEOAudit struct {
	SEOAuditLine
	Against int        `json:"against" doc:"Number of the release that it is compared with; 0: none"`
	Issues  []SEOIssue `json:"issues" doc:"That are open, failures first"`
	// Regressions are the fingerprints of issues that are new; Gone are the issues that
	// were fixed, as the release before had them.
	Regressions []string   `json:"regressions" doc:"Fingerprints of the issues that are new"`
	Gone        []SEOIssue `json:"gone" doc:"Issues that were fixed"`
	// Rules are the ids of the rules that were asked: an issue of a rule that was not is
	// no regression.
	Rules []string `json:"rules"`
}
