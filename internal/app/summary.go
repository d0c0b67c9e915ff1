package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
)

// summary collects what a run did and puts the release on disk as plain files.
func (a *App) summary(ctx context.Context, run *domain.Run) (*DemoSummary, error) {
	s := &DemoSummary{
		Status: DemoCompleted, RunID: run.ID, WebsiteID: run.WebsiteID, Error: run.Error, Warnings: []string{}, Gates: []domain.Gate{},
	}
	s.Steps = a.timings(ctx, run)
	var scan shipped.ScanResult
	if a.stepResult(ctx, run, "scan", &scan) == nil {
		s.Confidence = scan.ConfidenceScore
		s.Warnings = append(s.Warnings, scan.Research.Match.Notes...)
	}
	var plan shipped.PlanResult
	if a.stepResult(ctx, run, "plan", &plan) == nil {
		s.Warnings = append(s.Warnings, plan.Plan.Warnings...)
	}
	var write shipped.WriteResult
	if a.stepResult(ctx, run, "write", &write) == nil {
		s.Warnings = append(s.Warnings, write.Warnings...)
	}
	if run.State != domain.StateCompleted {
		s.Status = DemoFailed
		if run.Error != nil && run.Error.Code == domain.CodeNotEnoughData {
			s.Status, s.WebsiteID = DemoNotEnoughData, ""
		}
		return s, nil
	}
	return s, a.summarizeRelease(ctx, run, s)
}

func (a *App) timings(ctx context.Context, run *domain.Run) []StepTiming {
	attempts, err := a.store.Steps.Attempts(ctx, run.ID)
	if err != nil {
		a.log.WarnContext(ctx, "attempts not read", "run_id", run.ID, "err", err)
	}
	var out []StepTiming
	for _, st := range run.Steps {
		t := StepTiming{Name: st.Name, State: st.State}
		for _, at := range attempts {
			if at.StepID == st.ID {
				t.Attempts++
				if at.FinishedAt != nil {
					t.MS += at.FinishedAt.Sub(at.StartedAt).Milliseconds()
				}
			}
		}
		out = append(out, t)
	}
	return out
}

func (a *App) summarizeRelease(ctx context.Context, run *domain.Run, s *DemoSummary) error {
	var g shipped.GateResult
	if err := a.stepResult(ctx, run, "gate", &g); err != nil {
		return err
	}
	var r shipped.ReleaseResult
	if err := a.stepResult(ctx, run, "release", &r); err != nil {
		return err
	}
	rel, err := a.store.Releases.Get(ctx, r.ReleaseID)
	if err != nil {
		return err
	}
	site, err := a.store.Websites.Get(ctx, run.WebsiteID)
	if err != nil {
		return err
	}
	s.Release, s.ReleaseNumber, s.Gates, s.SEOScore = rel.ID, rel.Number, g.Gates, g.SEOScore
	s.Pages, s.Products, s.Claims, s.Grounded = g.Pages, g.Products, g.Claims, g.Grounded
	for _, gate := range g.Gates {
		for _, f := range gate.Findings {
			if f.Severity == domain.GateWarn {
				s.Warnings = append(s.Warnings, fmt.Sprintf("%s %s: %s", f.Rule, f.Page, f.Message))
			}
		}
	}
	if s.SiteDir, s.EvidenceFile, err = a.Export(ctx, site, rel); err != nil {
		return err
	}
	if a.mode != Serve {
		return nil
	}
	s.BaseURL = a.EdgeURL(site)
	return a.checkServed(ctx, site)
}

// Export writes a release as plain files below the data directory, with a file of
// all claims and their evidence beside it.
func (a *App) Export(ctx context.Context, site *domain.Website, rel *domain.Release) (dir, evidenceFile string, err error) {
	m, err := a.builder.Load(ctx, rel.Manifest)
	if err != nil {
		return "", "", err
	}
	base, err := filepath.Abs(filepath.Join(a.cfg.Data, "sites"))
	if err != nil {
		return "", "", fmt.Errorf("find data directory: %w", err)
	}
	dir = filepath.Join(base, fmt.Sprintf("%s-%d", site.Name, rel.Number))
	if err := a.builder.Export(ctx, m, dir); err != nil {
		return "", "", err
	}
	draft, err := artifacts{a.blobs}.Draft(ctx, rel.Draft)
	if err != nil {
		return "", "", err
	}
	type pageClaims struct {
		Path   string         `json:"path"`
		Claims []domain.Claim `json:"claims"`
	}
	out := struct {
		WebsiteID domain.WebsiteID  `json:"website_id"`
		Release   domain.ReleaseID  `json:"release"`
		Pages     []pageClaims      `json:"pages"`
		Evidence  []domain.Evidence `json:"evidence"`
	}{WebsiteID: site.ID, Release: rel.ID, Evidence: draft.Evidence}
	for i := range draft.Pages {
		out.Pages = append(out.Pages, pageClaims{draft.Pages[i].Path(), draft.Pages[i].Claims})
	}
	raw, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return "", "", fmt.Errorf("encode evidence: %w", err)
	}
	evidenceFile = dir + ".evidence.json"
	if err := os.WriteFile(evidenceFile, raw, 0o600); err != nil {
		return "", "", fmt.Errorf("write evidence: %w", err)
	}
	return dir, evidenceFile, nil
}

// checkServed asks the running edge for the home page as a visitor would.
func (a *App) checkServed(ctx context.Context, site *domain.Website) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.gateway.EdgeAddr()+"/", nil)
	if err != nil {
		return fmt.Errorf("ask the edge: %w", err)
	}
	req.Host = site.Domain
	for {
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("status %d", res.StatusCode)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the edge does not serve %s: %w", site.Domain, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
