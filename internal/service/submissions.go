package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// JobSubmit tells search engines of addresses that changed.
const JobSubmit = "seo.submit"

// How often a submission is tried.
const (
	maxSubmits    = 12              // requests without success in a row
	maxForbidden  = 3               // while the key file is not seen
	submitPause   = 5 * time.Minute // after a refusal for too many requests that does not say how long
	submitBackoff = time.Minute
)

type submissionStore interface {
	Insert(ctx context.Context, v *domain.Submission) error
	Update(ctx context.Context, v *domain.Submission) error
	Get(ctx context.Context, id domain.SubmissionID) (*domain.Submission, error)
	List(ctx context.Context, tenant domain.TenantID, site domain.WebsiteID, w domain.Window) ([]domain.Submission, int, error)
}

type searchEngines interface {
	// Submit returns the status of the answer; see domain.MaxSubmission.
	Submit(ctx context.Context, host, key string, urls []string) (status int, pause time.Duration, err error)
}

// SubmissionsConfig is what Submissions needs.
type SubmissionsConfig struct {
	Tx       transactor
	Store    submissionStore
	Websites websiteGetter
	Engines  searchEngines // nil: nothing is told, only shown
	Key      func(host string) string
	Enqueue  func(ctx context.Context, kind string, args any, at time.Time) error
	Audit    auditStore
	Now      func() time.Time
}

// Submissions tell search engines which pages changed with a release.
type Submissions struct {
	cfg     SubmissionsConfig
	journal journal
}

// NewSubmissions returns the service.
func NewSubmissions(cfg SubmissionsConfig) *Submissions {
	return &Submissions{cfg, journal{cfg.Audit, cfg.Now}}
}

// On reports whether search engines are told.
func (s *Submissions) On() bool { return s.cfg.Engines != nil }

// List returns a window of the submissions of the tenant, or of one website, the newest
// first, and how many there are.
func (s *Submissions) List(ctx context.Context, site domain.WebsiteID, w domain.Window) ([]domain.Submission, int, error) {
	p, err := domain.Require(ctx, domain.WebsitesRead)
	if err != nil {
		return nil, 0, err
	}
	if site != "" {
		held, err := s.cfg.Websites.Get(ctx, site)
		if _, err := visible(ctx, held, err, "Website", string(site)); err != nil {
			return nil, 0, err
		}
	}
	return s.cfg.Store.List(ctx, p.Tenant.OrDefault(), site, w)
}

// released has search engines told what differs between a release that went live and
// the one that was live before, which may be empty.
func (s *Submissions) released(ctx context.Context, w *Websites, site *domain.Website, r *domain.Release, before domain.ReleaseID) error {
	if !s.On() {
		return nil
	}
	next, err := w.content(ctx, r)
	if err != nil {
		return err
	}
	var last domain.ReleaseContent
	if before != "" {
		old, err := w.release(ctx, site, before)
		if err == nil {
			last, err = w.content(ctx, old)
		}
		if err != nil {
			return err
		}
	}
	urls := changedURLs("https://"+site.Domain, last, next)
	if len(urls) == 0 {
		return nil
	}
	now := s.journal.stamp()
	v := &domain.Submission{
		ID: domain.SubmissionID(domain.NewID("sub")), Tenant: site.Tenant.OrDefault(), WebsiteID: site.ID, ReleaseID: r.ID, Host: site.Domain,
		State: domain.SubmissionPending, Total: len(urls), URLs: urls, CreatedAt: now, UpdatedAt: now,
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Store.Insert(ctx, v); err != nil {
			return err
		}
		if err := s.cfg.Enqueue(ctx, JobSubmit, submitArgs{v.ID}, time.Time{}); err != nil {
			return err
		}
		return s.journal.changedFor(ctx, v.Tenant, "seo.submitted", string(v.ID), string(site.ID), nil, v)
	})
}

// changedURLs returns the addresses of pages that may be indexed and whose bytes
// changed, and of those that could be and went.
func changedURLs(base string, last, next domain.ReleaseContent) []string {
	before, after := pagesOf(last), pagesOf(next)
	var out []string
	for path, sha := range after {
		if before[path] != sha {
			out = append(out, base+path)
		}
	}
	for path := range before {
		if _, stays := after[path]; !stays && !hasPage(next.Draft, path) { // one that may not be indexed any more is not told
			out = append(out, base+path)
		}
	}
	slices.Sort(out)
	return out
}

// pagesOf returns the hashes of the pages of a release that may be indexed, by path.
func pagesOf(c domain.ReleaseContent) map[string]string {
	out := map[string]string{}
	if c.Draft == nil {
		return out
	}
	open := map[string]bool{}
	for i := range c.Draft.Pages {
		open[c.Draft.Pages[i].Path()] = c.Draft.Pages[i].Indexable
	}
	for _, e := range c.Manifest.Entries {
		if open[e.Path] && e.Location == "" && e.Status < http.StatusMultipleChoices && strings.HasPrefix(e.ContentType, "text/html") {
			out[e.Path] = e.SHA256
		}
	}
	return out
}

type submitArgs struct {
	ID domain.SubmissionID `json:"submission_id"`
}

// Work submits what of a submission was not taken yet. It is the handler of JobSubmit.
// What passes is tried again by the queue, with a pause that grows; what does not is
// the end of the submission.
func (s *Submissions) Work(ctx context.Context, args json.RawMessage) error {
	var a submitArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Invalid("args", "The arguments of the job cannot be read.")
	}
	v, err := s.cfg.Store.Get(ctx, a.ID)
	if err != nil || v.State != domain.SubmissionPending || !s.On() {
		return err
	}
	for v.Sent < len(v.URLs) {
		batch := v.URLs[v.Sent:min(v.Sent+domain.MaxSubmission, len(v.URLs))]
		status, pause, err := s.cfg.Engines.Submit(ctx, v.Host, s.cfg.Key(v.Host), batch)
		if ctx.Err() != nil {
			return ctx.Err() // stopped, not refused
		}
		again := s.answered(v, len(batch), status, pause, err)
		v.UpdatedAt = s.journal.stamp()
		if err := s.cfg.Store.Update(ctx, v); err != nil {
			return err
		}
		if again != nil || v.State == domain.SubmissionFailed {
			return again
		}
	}
	return nil
}

// answered notes the answer to a batch. An error means that the batch is to be tried
// again.
func (s *Submissions) answered(v *domain.Submission, n, status int, pause time.Duration, err error) error {
	v.Attempts++
	v.Status = status
	wait := func(detail string, most int, pause time.Duration) error {
		v.Detail = detail
		if v.Failures++; v.Failures >= most {
			v.State, v.Detail = domain.SubmissionFailed, fmt.Sprintf("%s It was tried %d times.", detail, v.Failures)
			return nil
		}
		return &domain.Error{Code: domain.CodeRateLimited, Message: detail, RetryAfter: pause}
	}
	backoff := submitBackoff << min(v.Failures, 6)
	switch {
	case err != nil:
		return wait("The search engine could not be reached, or has a fault of its own.", maxSubmits, cmp.Or(pause, backoff))
	case status == http.StatusTooManyRequests:
		return wait("The search engine takes no more addresses now.", maxSubmits, cmp.Or(pause, submitPause, backoff))
	case status == http.StatusForbidden:
		return wait("The search engine did not find the key file at https://"+v.Host+"/.", maxForbidden, backoff)
	case status < http.StatusOK || status >= http.StatusMultipleChoices:
		v.State, v.Detail = domain.SubmissionFailed, fmt.Sprintf("The search engine refused the addresses (%d).", status)
		return nil
	}
	v.Sent, v.Failures, v.Detail = v.Sent+n, 0, ""
	if status == http.StatusAccepted {
		v.Detail = "The search engine has yet to read the key file."
	}
	if v.Sent >= len(v.URLs) {
		v.State = domain.SubmissionAccepted
	}
	return nil
}
