package service

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// JobSEO looks at a release that went live: it is audited, what its pages are for is
// noted, and search engines are told of what changed.
const JobSEO = "seo.release"

type seoStore interface {
	PutAudit(ctx context.Context, a *domain.SEOAudit) error
	Audit(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, version string) (*domain.SEOAudit, error)
	AuditBefore(ctx context.Context, id domain.WebsiteID, number int) (*domain.SEOAudit, error)
	Audits(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error)
	ReplaceKeywords(ctx context.Context, site *domain.Website, release domain.ReleaseID, list []domain.KeywordPage) error
	Keywords(ctx context.Context, id domain.WebsiteID) ([]domain.KeywordPage, error)
	SharedKeywords(ctx context.Context, tenant domain.TenantID) ([]domain.KeywordPage, error)
	TakenKeywords(ctx context.Context, tenant domain.TenantID, language string, except domain.WebsiteID) ([]domain.KeywordPage, error)
	CountKeywords(ctx context.Context, tenant domain.TenantID) (map[domain.WebsiteID]int, error)
	Pending(ctx context.Context, tenant domain.TenantID, limit int) ([]domain.WebsiteID, error)
}

// SEOFindings is what the rules say about the files of a release.
type SEOFindings struct {
	Score     float64 // 0 to 100
	Pages     int
	Indexable int
	Findings  []domain.Finding
}

// SEOConfig is what SEO needs.
type SEOConfig struct {
	Tx       transactor
	Store    seoStore
	Websites *Websites
	// Check applies the rules to the files of a release.
	Check func(d *domain.Draft, files []domain.File) SEOFindings
	Rules func() []domain.SEORule
	// Version names rules and formula.
	Version string
	// Keywords says what the pages of a draft are for.
	Keywords func(d *domain.Draft) []domain.KeywordPage
	// Search finds pages of a tenant; nil: results of searches are not compared.
	Search  func(ctx context.Context, tenants []domain.TenantID, q domain.SearchQuery) (*domain.SearchAnswer, error)
	Tell    *Submissions // nil: search engines are told nothing
	Enqueue func(ctx context.Context, kind string, args any, at time.Time) error
	Audit   auditStore
	Now     func() time.Time
}

// SEO keeps the search audits of releases and the map of what pages are for.
type SEO struct {
	cfg     SEOConfig
	journal journal
}

// NewSEO returns the service.
func NewSEO(cfg SEOConfig) *SEO { return &SEO{cfg, journal{cfg.Audit, cfg.Now}} }

// Rules returns the catalogue of issues that an audit can find.
func (s *SEO) Rules(ctx context.Context) ([]domain.SEORule, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	return s.cfg.Rules(), nil
}

// Audits returns a window of the audits of a website, of the newest release first, and
// how many there are.
func (s *SEO) Audits(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.SEOAuditLine, int, error) {
	if _, err := s.cfg.Websites.Get(ctx, id); err != nil {
		return nil, 0, err
	}
	return s.cfg.Store.Audits(ctx, id, w)
}

// Audit returns the audit of a release of a website by the present rules; without a
// release that of the live one, or of the newest of a website that has none. One that
// is not kept is made now, and not kept.
func (s *SEO) Audit(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.SEOAudit, error) {
	site, err := s.cfg.Websites.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := s.cfg.Websites.chosen(ctx, site, release)
	if err != nil {
		return nil, err
	}
	return s.audit(ctx, r)
}

// Run is Audit that keeps what it finds.
func (s *SEO) Run(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.SEOAudit, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	site, err := s.cfg.Websites.get(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := s.cfg.Websites.chosen(ctx, site, release)
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, site, r)
}

// keep audits a release and keeps the result, with an entry in the audit log if it is
// new.
func (s *SEO) keep(ctx context.Context, site *domain.Website, r *domain.Release) (*domain.SEOAudit, error) {
	a, err := s.audit(ctx, r)
	if err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		held, err := s.cfg.Store.Audit(ctx, r.WebsiteID, r.ID, a.Version)
		if err == nil {
			a = held
			return nil
		}
		if domain.CodeOf(err) != domain.CodeNotFound {
			return err
		}
		if err := s.cfg.Store.PutAudit(ctx, a); err != nil {
			return err
		}
		return s.journal.changedFor(ctx, site.Tenant.OrDefault(), "seo.audited", string(r.ID), string(site.ID), nil, a.SEOAuditLine)
	})
	return a, err
}

// audit returns the kept audit of a release by the present rules, or makes one.
func (s *SEO) audit(ctx context.Context, r *domain.Release) (*domain.SEOAudit, error) {
	held, err := s.cfg.Store.Audit(ctx, r.WebsiteID, r.ID, s.cfg.Version)
	if domain.CodeOf(err) != domain.CodeNotFound {
		return held, err
	}
	rules := s.cfg.Rules()
	c, err := s.cfg.Websites.content(ctx, r)
	if err != nil {
		return nil, err
	}
	found, err := s.check(ctx, c)
	if err != nil {
		return nil, err
	}
	a := &domain.SEOAudit{
		SEOAuditLine: domain.SEOAuditLine{
			WebsiteID: r.WebsiteID, ReleaseID: r.ID, Number: r.Number, Version: s.cfg.Version, Score: found.Score, Pages: found.Pages, Indexable: found.Indexable, At: s.journal.stamp(),
		},
		Issues: issuesOf(found.Findings, r), Regressions: []string{}, Gone: []domain.SEOIssue{}, Rules: make([]string, 0, len(rules)),
	}
	for _, rule := range rules {
		a.Rules = append(a.Rules, rule.ID)
	}
	before, err := s.cfg.Store.AuditBefore(ctx, r.WebsiteID, r.Number)
	switch {
	case err == nil:
		against(a, before)
	case domain.CodeOf(err) != domain.CodeNotFound:
		return nil, err
	}
	for _, i := range a.Issues {
		if i.Severity == domain.GateFail {
			a.Fails++
		} else {
			a.Warnings++
		}
	}
	return a, nil
}

// check reads the files of a release and applies the rules. Of files that are neither
// pages nor lists of them it is enough to know that they are there.
func (s *SEO) check(ctx context.Context, c domain.ReleaseContent) (SEOFindings, error) {
	files := make([]domain.File, 0, len(c.Manifest.Entries))
	for _, e := range c.Manifest.Entries {
		f := domain.File{Path: e.Path, File: e.File, ContentType: e.ContentType, Status: e.Status, Location: e.Location}
		if e.Location == "" && readable(e.ContentType) {
			body, err := s.cfg.Websites.cfg.Blobs.ReadAll(ctx, e.SHA256)
			if err != nil {
				return SEOFindings{}, err
			}
			f.Body = body
		}
		files = append(files, f)
	}
	return s.cfg.Check(c.Draft, files), nil
}

func readable(contentType string) bool {
	return strings.HasPrefix(contentType, "text/html") || strings.HasPrefix(contentType, "text/plain") || strings.Contains(contentType, "xml")
}

// issuesOf turns findings into issues, failures first, then by page and rule. Two
// findings of one rule on one page are one issue.
func issuesOf(list []domain.Finding, r *domain.Release) []domain.SEOIssue {
	out := make([]domain.SEOIssue, 0, len(list))
	at := map[string]int{}
	for _, f := range list {
		key := domain.SEOFingerprint(f.Rule, f.Page)
		if i, twice := at[key]; twice {
			out[i].Message += " " + f.Message
			continue
		}
		at[key] = len(out)
		out = append(out, domain.SEOIssue{
			Fingerprint: key, Rule: f.Rule, Severity: f.Severity, Page: f.Page, Message: f.Message, Fix: f.Fix, Source: f.Source, Since: r.Number, SinceAt: r.CreatedAt.UTC(),
		})
	}
	slices.SortStableFunc(out, func(a, b domain.SEOIssue) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Page, b.Page), cmp.Compare(a.Rule, b.Rule)) // fail comes before warn
	})
	return out
}

// against says what an audit has that the one before had not, and what it has not. A
// rule that either did not ask is left out of that; an issue keeps since when it is
// open.
func against(a, before *domain.SEOAudit) {
	a.Against = before.Number
	if before.Version == a.Version {
		change := a.Score - before.Score
		change = float64(int64(change*100+sign(change)*0.5)) / 100
		a.Change = &change
	}
	held := map[string]*domain.SEOIssue{}
	for i := range before.Issues {
		held[before.Issues[i].Fingerprint] = &before.Issues[i]
	}
	for i := range a.Issues {
		is := &a.Issues[i]
		was := held[is.Fingerprint]
		delete(held, is.Fingerprint)
		switch {
		case was != nil:
			is.Since, is.SinceAt = was.Since, was.SinceAt
		case slices.Contains(before.Rules, is.Rule):
			a.Regressions = append(a.Regressions, is.Fingerprint)
		}
	}
	for i := range before.Issues {
		if is := before.Issues[i]; held[is.Fingerprint] != nil && slices.Contains(a.Rules, is.Rule) {
			a.Gone = append(a.Gone, is)
		}
	}
	a.New, a.Fixed = len(a.Regressions), len(a.Gone)
}

func sign(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}

type seoArgs struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	ReleaseID domain.ReleaseID `json:"release_id"`
	Before    domain.ReleaseID `json:"before,omitempty"` // was live until then
}

// Moved has a release looked at that went live in place of before, which may be empty.
// It belongs into the transaction of that.
func (s *SEO) Moved(ctx context.Context, site *domain.Website, release, before domain.ReleaseID) error {
	return s.cfg.Enqueue(ctx, JobSEO, seoArgs{site.ID, release, before}, time.Time{})
}

// Work looks at a release that went live. It is the handler of JobSEO.
func (s *SEO) Work(ctx context.Context, args json.RawMessage) error {
	var a seoArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Invalid("args", "The arguments of the job cannot be read.")
	}
	site, err := s.cfg.Websites.cfg.Websites.Get(ctx, a.WebsiteID)
	if err != nil {
		return err
	}
	r, err := s.cfg.Websites.release(ctx, site, a.ReleaseID)
	if err != nil {
		return err
	}
	if _, err := s.keep(ctx, site, r); err != nil {
		return err
	}
	if err := s.note(ctx, site, r); err != nil {
		return err
	}
	if s.cfg.Tell == nil || site.State != domain.WebsiteLive {
		return nil
	}
	// Also if another release went live since: its job tells only how that differs.
	return s.cfg.Tell.released(ctx, s.cfg.Websites, site, r, a.Before)
}

// note keeps what the pages of a release are for, unless another one went live since.
func (s *SEO) note(ctx context.Context, site *domain.Website, r *domain.Release) error {
	d, err := s.cfg.Websites.cfg.Drafts.Draft(ctx, r.Draft)
	if err != nil {
		return err
	}
	own := *d // a draft may be older than the website's tenant and domain
	own.Website = *site
	list := s.cfg.Keywords(&own)
	for i := range list {
		list[i].Since = r.CreatedAt.UTC()
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		now, err := s.cfg.Websites.cfg.Websites.Hold(ctx, site.ID)
		if err != nil || now.LiveRelease != r.ID {
			return err
		}
		return s.cfg.Store.ReplaceKeywords(ctx, now, r.ID, list)
	})
}

// CatchUp notes what the pages of live websites are for that were live before that was
// noted, of all tenants, and returns how many websites it read. One whose draft is gone
// is left out.
func (s *SEO) CatchUp(ctx context.Context) (int, error) {
	list, err := s.cfg.Store.Pending(ctx, "", 1<<20)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, id := range list {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		switch err := s.catchUp(ctx, id); domain.CodeOf(err) {
		case "":
			done++
		case domain.CodeNotFound:
		default:
			return done, err
		}
	}
	return done, nil
}

func (s *SEO) catchUp(ctx context.Context, id domain.WebsiteID) error {
	site, err := s.cfg.Websites.cfg.Websites.Get(ctx, id)
	if err != nil || site.LiveRelease == "" {
		return err
	}
	r, err := s.cfg.Websites.cfg.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return err
	}
	return s.note(ctx, site, r)
}
