package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"empire/internal/domain"
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
