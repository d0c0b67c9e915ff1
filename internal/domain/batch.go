package domain

import (
	"slices"
	"strings"
	"time"
)

// BuiltWith says which versions of this program made a release. What is empty was not
// noted yet when it was built.
type BuiltWith struct {
	Program string `json:"program,omitempty"`
	Theme   string `json:"theme,omitempty"`   // of the templates and styles
	Rules   string `json:"rules,omitempty"`   // of the rule pack that its gates used
	Prompts string `json:"prompts,omitempty"` // of what texts are written from
}

// WebsiteFilter selects websites; all that is set must fit.
type WebsiteFilter struct {
	IDs      []WebsiteID  `json:"ids,omitempty"`
	Niche    string       `json:"niche,omitempty"` // a part of it, in any case
	Text     string       `json:"text,omitempty"`  // a part of domain, name, title or niche, in any case
	Language string       `json:"language,omitempty"`
	State    WebsiteState `json:"state,omitempty"`
	Tag      string       `json:"tag,omitempty"`
	Feed     FeedID       `json:"feed,omitempty"` // that the website reads
	// Built and the scores are of the live release.
	Built      BuiltWith `json:"built_with,omitzero"`
	MinScore   *float64  `json:"min_score,omitempty"`
	BelowScore *float64  `json:"below_score,omitempty"`
}

// Empty reports whether a filter selects all websites.
func (f *WebsiteFilter) Empty() bool {
	return len(f.IDs) == 0 && f.Niche == "" && f.Text == "" && f.Language == "" && f.State == "" && f.Tag == "" && f.Feed == "" && !f.ByRelease()
}

// ByRelease reports whether a filter asks for something of the live release.
func (f *WebsiteFilter) ByRelease() bool {
	return f.Built != (BuiltWith{}) || f.MinScore != nil || f.BelowScore != nil
}

// NoLiveRelease is what Excludes returns for a website that meets all conditions but
// those on its live release, which it was not given.
const NoLiveRelease = "live_release"

// Excludes returns the name of the first condition that a website does not meet, or
// "". Live is its live release, nil without one, and tags are its tags.
func (f *WebsiteFilter) Excludes(w *Website, live *Release, tags []string) string {
	has := func(text, part string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(part)) }
	switch {
	case len(f.IDs) > 0 && !slices.Contains(f.IDs, w.ID):
		return "ids"
	case !has(w.Niche, f.Niche):
		return "niche"
	case !has(w.Domain, f.Text) && !has(w.Name, f.Text) && !has(w.Title, f.Text) && !has(w.Niche, f.Text):
		return "text"
	case f.Language != "" && f.Language != w.Language:
		return "language"
	case f.State != "" && f.State != w.State:
		return "state"
	case f.Tag != "" && !slices.Contains(tags, f.Tag):
		return "tag"
	case f.Feed != "" && !slices.Contains(w.FeedIDs, f.Feed):
		return "feed"
	case !f.ByRelease():
		return ""
	case live == nil:
		return NoLiveRelease
	case f.Built.differs(&live.BuiltWith):
		return "built_with"
	case f.MinScore != nil && live.SEOScore < *f.MinScore || f.BelowScore != nil && live.SEOScore >= *f.BelowScore:
		return "score"
	}
	return ""
}

func (b *BuiltWith) differs(other *BuiltWith) bool {
	return b.Program != "" && b.Program != other.Program || b.Theme != "" && b.Theme != other.Theme ||
		b.Rules != "" && b.Rules != other.Rules || b.Prompts != "" && b.Prompts != other.Prompts
}

// MaxBatch is how many websites a batch may change.
const MaxBatch = 50_000

// BatchState says where a batch stands.
type BatchState string

// The states of a batch.
const (
	BatchPlanned   BatchState = "planned" // a dry run: nothing is done
	BatchRunning   BatchState = "running"
	BatchDone      BatchState = "done" // each website was tried once
	BatchCancelled BatchState = "cancelled"
)

// BatchParams ask for a batch.
type BatchParams struct {
	Action BulkAction
	Filter WebsiteFilter
	All    bool // needed with an empty filter
	Reason string
	DryRun bool // only say what would be done
}

// Batch is one thing that is done to many websites, each whole or not at all, by a job
// that goes on where it was when its process died.
type Batch struct {
	ID         BatchID       `json:"id"`
	Tenant     TenantID      `json:"tenant"`
	Action     BulkAction    `json:"action"`
	Filter     WebsiteFilter `json:"filter"`
	Reason     string        `json:"reason"`
	State      BatchState    `json:"state"`
	Total      int           `json:"total"` // websites that the filter selected
	ActorID    UserID        `json:"actor_id"`
	CreatedAt  time.Time     `json:"created_at"`
	FinishedAt *time.Time    `json:"finished_at"`
	// Counts are of websites by state; they are read, not kept.
	Counts map[BatchSiteState]int `json:"-"`
	// LeftOut counts websites that the filter did not select, by the first condition that
	// they do not meet.
	LeftOut map[string]int `json:"left_out,omitempty"`
}

// BatchSiteState says how far a batch is with a website.
type BatchSiteState string

// The states of a website in a batch.
const (
	BatchSiteQueued  BatchSiteState = "queued"  // in a dry run: it would be done
	BatchSiteDone    BatchSiteState = "done"    // for a rebuild: its run was started
	BatchSiteSkipped BatchSiteState = "skipped" // it is not in a state for it
	BatchSiteFailed  BatchSiteState = "failed"
)

// BatchSite is a website of a batch.
type BatchSite struct {
	WebsiteID WebsiteID      `json:"website_id"`
	Domain    string         `json:"domain"` // as it is now; empty if it was deleted
	Position  int            `json:"position"`
	State     BatchSiteState `json:"state"`
	ReleaseID ReleaseID      `json:"release_id"` // that is live by it, or would be
	RunID     RunID          `json:"run_id"`     // of a rebuild
	Code      Code           `json:"code"`       // why not
	Detail    string         `json:"detail"`
}

// Bounds of tags.
const (
	MaxTags      = 20
	maxTagLength = 40
)

// CheckTags returns tags in their order without repeats, or CodeInvalid: a tag has
// small letters, digits, and -, _, . or : within.
func CheckTags(tags []string) ([]string, error) {
	out := slices.Compact(slices.Sorted(slices.Values(tags)))
	if len(out) > MaxTags {
		return nil, Invalid("tags", "A website has at most %d tags, not %d.", MaxTags, len(out))
	}
	for _, t := range out {
		if t == "" || len(t) > maxTagLength || strings.Trim(t, "abcdefghijklmnopqrstuvwxyz0123456789-_.:") != "" {
			return nil, Invalid("tags", "Tag %.50q is not 1 to %d small letters, digits and - _ . :", t, maxTagLength)
		}
	}
	return out, nil
}
