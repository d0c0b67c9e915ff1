package app

import (
	"bytes"
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
	"empire/internal/sample"
)

// DemoParams choose what the demo runs on. The zero value is the sample catalog.
type DemoParams struct {
	Feed     string // product feed; empty: the sample feed
	Niche    string
	Domain   string
	Language string // en or de; empty: the language of the feed
	Rebuild  bool   // build a new release even if nothing changed
	Ask      bool   // wait for a person's decision instead of approving
	// Report is told about progress; it may be called from one goroutine only.
	Report func(DemoProgress)
}

// DemoProgress is one line of the demo's progress.
type DemoProgress struct {
	Step    string // import, scan, …, serve
	State   domain.RunState
	Message string
	Done    int
	Total   int
	Elapsed time.Duration
}

// The values of DemoSummary.Status.
const (
	DemoCompleted     = "completed"
	DemoNotEnoughData = "not_enough_data"
	DemoFailed        = "failed"
)

// DemoSummary is what the demo did, for scripts.
type DemoSummary struct {
	Status        string               `json:"status"`
	Error         *domain.RunError     `json:"error,omitempty"`
	WebsiteID     domain.WebsiteID     `json:"website_id"`
	Domain        string               `json:"domain"`
	Niche         string               `json:"niche"`
	RunID         domain.RunID         `json:"run_id"`
	Release       domain.ReleaseID     `json:"release"`
	ReleaseNumber int                  `json:"release_number"`
	SiteDir       string               `json:"site_dir"`      // the release as plain files
	EvidenceFile  string               `json:"evidence_file"` // every claim of the site with its evidence
	BaseURL       string               `json:"base_url"`
	Pages         int                  `json:"pages"`
	Products      int                  `json:"products"`
	Claims        int                  `json:"claims"`
	Grounded      int                  `json:"grounded_claims"`
	Confidence    float64              `json:"confidence_score"`
	SEOScore      float64              `json:"seo_score"`
	Gates         []domain.Gate        `json:"gates"`
	Warnings      []string             `json:"warnings"`
	Import        *domain.ImportReport `json:"import,omitempty"`
	Steps         []StepTiming         `json:"steps"`
	Reused        bool                 `json:"reused"` // the site was there already and its feed had not changed
	ElapsedMS     int64                `json:"elapsed_ms"`
}

// StepTiming says how long a step took, all its attempts together.
type StepTiming struct {
	Name     string          `json:"name"`
	State    domain.RunState `json:"state"`
	Attempts int             `json:"attempts"`
	MS       int64           `json:"ms"`
}

// Demo imports a feed, launches a niche on it, approves and publishes the result
// and checks that it is served. The app must be started. A niche that the feed does
// not hold is not an error: the summary's status says so.
func (a *App) Demo(ctx context.Context, p DemoParams) (*DemoSummary, error) {
	started := a.now()
	if p.Report == nil {
		p.Report = func(DemoProgress) {}
	}
	ctx = domain.WithPrincipal(ctx, a.admin)
	if p.Niche == "" {
		p.Niche = sample.Niche
	}
	if p.Domain == "" {
		p.Domain = sample.Domain
	}
	feed, report, err := a.demoFeed(ctx, p)
	if err != nil {
		return nil, err
	}
	if report.Status == domain.ImportRefused {
		return nil, domain.Errorf(domain.CodeInvalid, "Feed %s was refused: %s", report.Feed, report.Error)
	}
	run, reused, err := a.demoRun(ctx, p, feed, report)
	if err != nil {
		return nil, err
	}
	decide := a.decideDemo
	if p.Ask {
		decide = func(context.Context, domain.RunID) (bool, error) { return false, nil }
	}
	if run, err = a.follow(ctx, run.ID, decide, p.Report); err != nil {
		return nil, err
	}
	s, err := a.summary(ctx, run)
	if err != nil {
		return nil, err
	}
	s.Import, s.Reused, s.Niche, s.Domain = report, reused, p.Niche, p.Domain
	s.Warnings = append(s.Warnings, importWarnings(report)...)
	s.ElapsedMS = a.now().Sub(started).Milliseconds()
	return s, nil
}

func importWarnings(r *domain.ImportReport) []string {
	var out []string
	if r.Status == domain.ImportPartial {
		out = append(out, "The feed was read in part: "+r.Error)
	}
	if r.Rejected > 0 {
		out = append(out, fmt.Sprintf("%d rows of the feed were rejected.", r.Rejected))
	}
	return out
}

// demoFeed imports the user's feed, or the sample feed with its programs and
// keywords.
func (a *App) demoFeed(ctx context.Context, p DemoParams) (domain.FeedID, *domain.ImportReport, error) {
	var src io.Reader
	size, name := int64(0), "sample"
	if p.Feed == "" {
		body := sample.Feed(a.sampleClock())
		src, size = bytes.NewReader(body), int64(len(body))
		if err := a.Catalogue.ImportPrograms(ctx, sample.Programs()); err != nil {
			return "", nil, err
		}
		if err := a.Catalogue.ImportKeywords(ctx, sample.Keywords()); err != nil {
			return "", nil, err
		}
	} else {
		f, err := os.Open(p.Feed)
		if err != nil {
			return "", nil, domain.Errorf(domain.CodeInvalid, "Feed %s cannot be read: %v.", p.Feed, plain(err))
		}
		defer func() { _ = f.Close() }()
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		src, name = f, filepath.Base(p.Feed)
	}
	began := a.now()
	report, err := a.Catalogue.ImportFeed(ctx, name, name, src, size, func(read, size int64, rows int) {
		p.Report(DemoProgress{Step: "import", State: domain.StateRunning, Message: fmt.Sprintf("%d rows", rows), Done: int(read), Total: int(size), Elapsed: a.now().Sub(began)})
	})
	if err != nil {
		return "", nil, err
	}
	p.Report(DemoProgress{
		Step: "import", State: domain.StateCompleted, Elapsed: a.now().Sub(began),
		Message: fmt.Sprintf("%d rows read: %d new, %d changed, %d unchanged, %d rejected", report.RowsRead, report.Imported, report.Updated, report.Unchanged, report.Rejected),
	})
	return report.FeedID, &report, nil
}

// sampleClock keeps the sample feed unchanged for a day, so that starting the demo
// again finds nothing new.
func (a *App) sampleClock() time.Time { return a.now().UTC().Truncate(24 * time.Hour) }

// demoRun returns the run to follow: the one that is under way, the one that built
// the site that is there, or a new one.
func (a *App) demoRun(ctx context.Context, p DemoParams, feed domain.FeedID, report *domain.ImportReport) (run *domain.Run, reused bool, err error) {
	site, err := a.store.Websites.GetByDomain(ctx, p.Domain)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return a.demoGenerate(ctx, p, feed)
	}
	if err != nil {
		return nil, false, err
	}
	last, _, err := a.store.Runs.List(ctx, domain.RunFilter{WebsiteID: site.ID}, domain.Window{Limit: 1})
	if err != nil {
		return nil, false, err
	}
	if len(last) == 1 && !last[0].State.Ended() {
		return &last[0], false, nil
	}
	if site.LiveRelease == "" {
		return a.demoGenerate(ctx, p, feed)
	}
	if site.Niche != p.Niche {
		return nil, false, domain.Errorf(domain.CodeConflict, "Domain %s is already the site about %s; choose another domain.", p.Domain, site.Niche)
	}
	changed := report.Imported+report.Updated+report.Removed > 0
	if !changed && !p.Rebuild && len(last) == 1 && last[0].State == domain.StateCompleted {
		return &last[0], true, nil
	}
	run, err = a.Websites.Rebuild(ctx, site.ID)
	return run, false, err
}

func (a *App) demoGenerate(ctx context.Context, p DemoParams, feed domain.FeedID) (*domain.Run, bool, error) {
	language := p.Language
	if language == "" {
		language = "en"
		if l, err := a.store.Products.Language(ctx, feed); err == nil && l == "de" {
			language = "de"
		}
	}
	_, run, err := a.Websites.Generate(ctx, domain.GenerateParams{Niche: p.Niche, Domain: p.Domain, Language: language, Feeds: []domain.FeedID{feed}})
	return run, false, err
}

// follow reports a run's progress until it has ended. When the run waits for a
// person, waiting is called; if it says so, follow returns.
func (a *App) follow(ctx context.Context, id domain.RunID, waiting func(context.Context, domain.RunID) (stop bool, err error), report func(DemoProgress)) (*domain.Run, error) {
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	shown := map[string]domain.RunState{}
	for {
		run, err := a.store.Runs.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		for i := range run.Steps {
			a.reportStep(ctx, run, &run.Steps[i], shown, report)
		}
		if run.State.Ended() {
			return run, nil
		}
		if run.State == domain.StateWaiting {
			if stop, err := waiting(ctx, id); err != nil || stop {
				return run, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
}

func (a *App) reportStep(ctx context.Context, run *domain.Run, s *domain.Step, shown map[string]domain.RunState, report func(DemoProgress)) {
	p := DemoProgress{Step: s.Name, State: s.State, Message: s.Message, Done: s.Done, Total: s.Total}
	if s.StartedAt != nil {
		p.Elapsed = a.now().Sub(*s.StartedAt)
		if s.FinishedAt != nil {
			p.Elapsed = s.FinishedAt.Sub(*s.StartedAt)
		}
	}
	if s.State == domain.StateRunning {
		report(p)
	}
	if shown[s.Name] == s.State || s.State == domain.StateQueued || s.State == domain.StateRunning {
		return
	}
	shown[s.Name] = s.State
	if s.State == domain.StateCompleted {
		p.Message = a.describe(ctx, run, s.Name)
	} else if s.Error != nil {
		p.Message = s.Error.Message
	}
	report(p)
}

// decideDemo approves what waits, in the name of the demo's operator.
func (a *App) decideDemo(ctx context.Context, id domain.RunID) (stop bool, err error) {
	open, _, err := a.store.Approvals.List(ctx, domain.ApprovalPending, domain.Window{Limit: 1000})
	if err != nil {
		return false, err
	}
	for _, q := range open {
		if q.RunID != id {
			continue
		}
		d := domain.Decision{Approve: true, PayloadHash: q.PayloadHash, Reason: "approved by the demo command on behalf of its operator"}
		if _, err := a.Approvals.Decide(ctx, q.ID, d); err != nil && domain.CodeOf(err) != domain.CodeConflict {
			return false, err
		}
	}
	return false, nil
}

// describe says in a few words what a step did.
func (a *App) describe(ctx context.Context, run *domain.Run, name string) string {
	switch name {
	case "scan":
		var r shipped.ScanResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d products with a price, confidence %.2f", r.Research.Products, r.ConfidenceScore)
		}
	case "plan":
		var r shipped.PlanResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d pages planned", len(r.Plan.Pages))
		}
	case "write":
		var r shipped.WriteResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d pages, %d words", r.Pages, r.Words)
		}
	case "build":
		var r shipped.BuildResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d files, %d kB", r.Files, r.Bytes/1000)
		}
	case "optimize":
		var r shipped.OptimizeResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("score %.1f → %.1f, %d changes", r.Before, r.Score, len(r.Changes))
		}
	case "monetize":
		var r shipped.MonetizeResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d affiliate links placed", r.Placed)
		}
	case "gate":
		var r shipped.GateResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d gates, %d of %d claims grounded", len(r.Gates), r.Grounded, r.Claims)
		}
	case "approve":
		return "approved"
	case "release":
		return "published"
	}
	return ""
}

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
