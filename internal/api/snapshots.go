package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
)

type snapshotService interface {
	Get(ctx context.Context, id domain.SnapshotID) (*domain.Snapshot, string, []domain.SnapshotUse, error)
	Verify(ctx context.Context, id domain.SnapshotID) (*domain.SnapshotReport, error)
}

type snapshotBody struct {
	ID          domain.SnapshotID    `json:"id"`
	URL         string               `json:"url" doc:"As it was asked for"`
	FinalURL    string               `json:"final_url" doc:"After redirects"`
	FetchedAt   time.Time            `json:"fetched_at"`
	StatusCode  int                  `json:"status_code"`
	ContentType string               `json:"content_type"`
	Charset     string               `json:"charset"`
	Size        int64                `json:"size"`
	SHA256      string               `json:"sha256" doc:"Of the page's bytes"`
	TextSHA256  string               `json:"text_sha256" doc:"Of text in UTF-8"`
	Title       string               `json:"title"`
	Language    string               `json:"language"`
	PublishedAt *time.Time           `json:"published_at"`
	Own         bool                 `json:"own" doc:"A page of the operator's own websites"`
	Text        string               `json:"text" doc:"The main text in which spans are cited; empty if it is damaged"`
	Uses        []domain.SnapshotUse `json:"uses" doc:"The claims of reports and pages that rest on it"`
}

type (
	snapshotInput struct {
		ID domain.SnapshotID `path:"snapshot_id"`
	}
	verifyAllInput struct{}
	snapshotOutput struct{ Body snapshotBody }
)

var exampleSnapshot = snapshotBody{
	ID: "snap_0123456789abcdef0123456789abcdef", URL: "https://keys.example/guide", FinalURL: "https://keys.example/guide/", FetchedAt: exampleTime, StatusCode: 200,
	ContentType: "text/html; charset=utf-8", Charset: "utf-8", Size: 48_210, SHA256: strings.Repeat("0f", 32), TextSHA256: strings.Repeat("1e", 32), Title: "Keyboards",
	Language: "en", Text: "Most switches are rated for 50 million keystrokes.", Uses: []domain.SnapshotUse{exampleUse},
}

func registerSnapshots(a *API, snapshots snapshotService) {
	handle(a, operation{
		id: "get-snapshot", method: http.MethodGet, path: "/intelligence/snapshots/{snapshot_id}", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Show a kept page and what rests on it", response: exampleSnapshot,
	}, func(ctx context.Context, in *snapshotInput) (*snapshotOutput, error) {
		s, text, uses, err := snapshots.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &snapshotOutput{snapshotBody{
			ID: s.ID, URL: s.URL, FinalURL: s.FinalURL, FetchedAt: s.FetchedAt.UTC(), StatusCode: s.Status, ContentType: s.ContentType, Charset: s.Charset, Size: s.Size,
			SHA256: s.SHA256, TextSHA256: s.TextSHA256, Title: s.Title, Language: s.Language, PublishedAt: utc(s.PublishedAt), Own: s.Own, Text: text, Uses: list(uses),
		}}, nil
	})
	handle(a, operation{
		id: "verify-snapshot", method: http.MethodPost, path: "/intelligence/snapshots/{snapshot_id}/verify", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Prove a kept page and all spans of it", response: exampleVerified,
	}, func(ctx context.Context, in *snapshotInput) (*snapshotReportOutput, error) {
		v, err := snapshots.Verify(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &snapshotReportOutput{*v}, nil
	})
	handle(a, operation{
		id: "verify-evidence", method: http.MethodPost, path: "/intelligence/evidence/verify", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Prove all kept pages and all spans of them", text: "A fault names the claims of reports and the pages of websites that rest on what was damaged.",
		response: exampleVerified,
	}, func(ctx context.Context, _ *verifyAllInput) (*snapshotReportOutput, error) {
		v, err := snapshots.Verify(ctx, "")
		if err != nil {
			return nil, err
		}
		return &snapshotReportOutput{*v}, nil
	})
}
