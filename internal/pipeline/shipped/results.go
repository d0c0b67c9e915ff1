package shipped

import (
	"empire/internal/agent/content"
	"empire/internal/agent/seo"
	"empire/internal/domain"
)

// LaunchParams are the parameters of a launch_website run.
type LaunchParams struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Niche     string           `json:"niche"`
	Language  string           `json:"language"`
	Feeds     []domain.FeedID  `json:"feeds"` // empty: all feeds
	// ForceKeywords plans pages for keywords that other websites of the tenant have.
	ForceKeywords bool `json:"force_keywords,omitempty"`
}

// The results of the steps, stored under the step's name.
type (
	// ScanResult is the result of scan.
	ScanResult struct {
		domain.Opportunity
		Market string `json:"market"` // SHA-256 of the stored market
	}
	// PlanResult is the result of plan.
	PlanResult struct {
		Plan domain.SitePlan `json:"plan"`
	}
	// WriteResult is the result of write.
	WriteResult struct {
		Draft    string          `json:"draft"` // SHA-256 of the stored draft
		Pages    int             `json:"pages"`
		Words    int             `json:"words"`
		Pieces   []content.Piece `json:"content_pieces"`
		Warnings []string        `json:"warnings,omitempty"`
	}
	// BuildResult is the result of build.
	BuildResult struct {
		Files int   `json:"files"`
		Bytes int64 `json:"bytes"`
	}
	// OptimizeResult is the result of optimize.
	OptimizeResult struct {
		Draft    string           `json:"draft"`
		Before   float64          `json:"score_before"`
		Score    float64          `json:"score"`
		Changes  []seo.Change     `json:"changes"`
		Findings []domain.Finding `json:"findings,omitempty"`
	}
	// MonetizeResult is the result of monetize.
	MonetizeResult struct {
		Draft    string           `json:"draft"`
		Placed   int              `json:"links_placed"`
		Skipped  int              `json:"slots_without_offer"`
		Findings []domain.Finding `json:"findings,omitempty"`
	}
	// GateResult is the result of gate: a release candidate.
	GateResult struct {
		WebsiteID domain.WebsiteID `json:"website_id"`
		Domain    string           `json:"domain"`
		// Ready says that every gate passed; with a remark a person has to look first.
		Ready bool `json:"ready_for_deployment"`

		Draft    string        `json:"draft"`
		Manifest string        `json:"manifest"`
		Files    int           `json:"files"`
		Bytes    int64         `json:"bytes"`
		Pages    int           `json:"pages"`
		Products int           `json:"products"`
		Claims   int           `json:"claims"`
		Grounded int           `json:"grounded_claims"`
		SEOScore float64       `json:"seo_score"`
		Gates    []domain.Gate `json:"gates"`
		// Market is the SHA-256 of the market that an edit was checked with.
		Market string `json:"market,omitempty"`
		// BuiltWith says which versions of the program made it.
		BuiltWith domain.BuiltWith `json:"built_with"`
	}
	// ApproveResult is the result of approve: who decided what.
	ApproveResult struct {
		ApprovalID  domain.ApprovalID `json:"approval_id"`
		PayloadHash string            `json:"payload_hash"`
		ActorID     domain.UserID     `json:"actor_id"`
	}
	// ReleaseResult is the result of release.
	ReleaseResult struct {
		ReleaseID domain.ReleaseID `json:"release_id"`
		Manifest  string           `json:"manifest"`
	}
)
