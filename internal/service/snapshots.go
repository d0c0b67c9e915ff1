package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

type snapshotStore interface {
	Insert(ctx context.Context, s *domain.Snapshot) error
	Get(ctx context.Context, id domain.SnapshotID) (*domain.Snapshot, error)
	After(ctx context.Context, tenant domain.TenantID, id domain.SnapshotID, limit int) ([]domain.Snapshot, error)
	Citations(ctx context.Context, id domain.SnapshotID) ([]domain.SnapshotCitation, error)
	CitedBy(ctx context.Context, owner string) ([]domain.Evidence, error)
}

// blobKeeper keeps bytes by content; ReadAll refuses bytes that do not fit their name.
type blobKeeper interface {
	PutBytes(ctx context.Context, b []byte) (sha string, err error)
	ReadAll(ctx context.Context, sha string) ([]byte, error)
}

type pageLister interface {
	List(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Page, int, error)
}

type reportGetter interface {
	Get(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error)
}

// SnapshotsConfig is what Snapshots needs.
type SnapshotsConfig struct {
	Store   snapshotStore
	Blobs   blobKeeper
	Pages   pageLister
	Reports reportGetter
	Audit   auditStore
	Now     func() time.Time
}

// Snapshots keep pages as they were fetched, and prove that what cites them is still
// carried: the bytes fit their hash, the text fits its own, and every span stands in
// the text at its offset.
type Snapshots struct {
	cfg     SnapshotsConfig
	journal journal
}

// NewSnapshots returns the service.
func NewSnapshots(cfg SnapshotsConfig) *Snapshots {
	return &Snapshots{cfg, journal{cfg.Audit, cfg.Now}}
}

// ReadPage is a fetched page with what was read from it.
type ReadPage struct {
	*domain.FetchedPage
	Text        string // the main text
	Charset     string
	Title       string
	Author      string
	SiteName    string
	Language    string
	PublishedAt *time.Time
	Own         bool
}

// Keep stores a page for a tenant. It needs no principal: research does the work.
func (s *Snapshots) Keep(ctx context.Context, tenant domain.TenantID, p ReadPage) (*domain.Snapshot, error) {
	v := domain.Snapshot{
		Tenant: tenant.OrDefault(), URL: p.URL, FinalURL: p.FinalURL, FetchedAt: p.FetchedAt.UTC().Truncate(time.Microsecond), Status: p.Status,
		ContentType: p.ContentType, Charset: p.Charset, Size: int64(len(p.Body)), TextSize: int64(len(p.Text)), Title: p.Title, Author: p.Author,
		SiteName: p.SiteName, Language: p.Language, Own: p.Own,
	}
	if p.PublishedAt != nil {
		at := p.PublishedAt.UTC().Truncate(time.Microsecond)
		v.PublishedAt = &at
	}
	var err error
	if v.SHA256, err = s.cfg.Blobs.PutBytes(ctx, p.Body); err != nil {
		return nil, err
	}
	if v.TextSHA256, err = s.cfg.Blobs.PutBytes(ctx, []byte(p.Text)); err != nil {
		return nil, err
	}
	v = v.Seal()
	return &v, s.cfg.Store.Insert(ctx, &v)
}

// Get returns a snapshot with its main text and all that rests on it. The text is
// empty if it is damaged; Verify tells.
func (s *Snapshots) Get(ctx context.Context, id domain.SnapshotID) (*domain.Snapshot, string, []domain.SnapshotUse, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, "", nil, err
	}
	v, err := s.cfg.Store.Get(ctx, id)
	if v, err = visible(ctx, v, err, "Snapshot", string(id)); err != nil {
		return nil, "", nil, err
	}
	cited, err := s.cfg.Store.Citations(ctx, id)
	if err != nil {
		return nil, "", nil, err
	}
	uses, err := s.uses(ctx, cited)
	if err != nil {
		return nil, "", nil, err
	}
	text, _ := s.cfg.Blobs.ReadAll(ctx, v.TextSHA256) // what is damaged is said by Verify
	return v, string(text), uses, nil
}

// Check proves one piece of evidence that is a span of a snapshot. It needs no
// principal: gates do the work.
func (s *Snapshots) Check(ctx context.Context, e domain.Evidence) error {
	v, err := s.cfg.Store.Get(ctx, e.Snapshot)
	if err != nil {
		return err
	}
	text, err := s.read(ctx, v)
	if err != nil {
		return err
	}
	return stands(v, text, e)
}

// read returns the main text of a snapshot whose record, bytes and text are intact.
func (s *Snapshots) read(ctx context.Context, v *domain.Snapshot) (string, error) {
	if v.Seal().ID != v.ID {
		return "", domain.Errorf(domain.CodeConflict, "The record of snapshot %s of %s was changed.", v.ID, v.FinalURL)
	}
	for _, part := range []struct{ what, sha string }{{"page", v.SHA256}, {"text", v.TextSHA256}} {
		b, err := s.cfg.Blobs.ReadAll(ctx, part.sha)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			return "", &domain.Error{
				Code: domain.CodeConflict, Err: err,
				Message: fmt.Sprintf("The %s of snapshot %s of %s is missing or damaged: it does not fit the hash %s.", part.what, v.ID, v.FinalURL, part.sha),
			}
		}
		if part.what == "text" {
			return string(b), nil
		}
	}
	return "", nil // not reached
}

// stands checks that a span is where its evidence says.
func stands(v *domain.Snapshot, text string, e domain.Evidence) error {
	switch {
	case e.Seal().ID != e.ID:
		return domain.Errorf(domain.CodeConflict, "Evidence %s was changed.", e.ID)
	case e.SHA256 != v.SHA256 || e.URL != v.FinalURL:
		return domain.Errorf(domain.CodeConflict, "Evidence %s is of another page than snapshot %s.", e.ID, v.ID)
	case e.Value == "" || e.Offset < 0 || e.Offset > len(text) || !strings.HasPrefix(text[e.Offset:], e.Value):
		return domain.Errorf(domain.CodeConflict, "The span of evidence %s does not stand in snapshot %s at %d.", e.ID, v.ID, e.Offset)
	}
	return nil
}

// verifyChunk is how many snapshots are looked at between two looks into the store.
const verifyChunk = 100

// Verify proves a snapshot and all that rests on it; without an id all snapshots of
// the tenant.
func (s *Snapshots) Verify(ctx context.Context, id domain.SnapshotID) (*domain.SnapshotReport, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	out := &domain.SnapshotReport{Faults: []domain.SnapshotFault{}}
	if id != "" {
		v, err := s.cfg.Store.Get(ctx, id)
		if v, err = visible(ctx, v, err, "Snapshot", string(id)); err != nil {
			return nil, err
		}
		if err := s.verify(ctx, v, out); err != nil {
			return nil, err
		}
	}
	for after := domain.SnapshotID(""); id == ""; {
		list, err := s.cfg.Store.After(ctx, scope(ctx), after, verifyChunk)
		if err != nil {
			return nil, err
		}
		for i := range list {
			if err := s.verify(ctx, &list[i], out); err != nil {
				return nil, err
			}
			after = list[i].ID
		}
		if len(list) < verifyChunk {
			break
		}
	}
	out.Intact = len(out.Faults) == 0
	return out, s.journal.record(ctx, "evidence.verified", string(id), fmt.Sprintf("%d snapshots, %d spans, %d faults", out.Snapshots, out.Spans, len(out.Faults)))
}

// verify looks at one snapshot and all spans of it.
func (s *Snapshots) verify(ctx context.Context, v *domain.Snapshot, out *domain.SnapshotReport) error {
	cited, err := s.cfg.Store.Citations(ctx, v.ID)
	if err != nil {
		return err
	}
	out.Snapshots++
	text, broken := s.read(ctx, v)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if broken != nil {
		uses, err := s.uses(ctx, cited)
		if err != nil {
			return err
		}
		out.Faults = append(out.Faults, domain.SnapshotFault{Snapshot: v.ID, URL: v.FinalURL, Message: domain.MessageOf(broken), Uses: uses})
		return nil
	}
	for _, c := range cited {
		out.Spans++
		if err := stands(v, text, c.Evidence); err != nil {
			uses, failed := s.uses(ctx, []domain.SnapshotCitation{c})
			if failed != nil {
				return failed
			}
			out.Faults = append(out.Faults, domain.SnapshotFault{Snapshot: v.ID, URL: v.FinalURL, Evidence: c.Evidence.ID, Message: domain.MessageOf(err), Uses: uses})
		}
	}
	return nil
}

// uses says which claims rest on citations: of reports, and of the published pages of
// websites. Evidence of a website that no page shows any more has no page.
func (s *Snapshots) uses(ctx context.Context, cited []domain.SnapshotCitation) ([]domain.SnapshotUse, error) {
	out := []domain.SnapshotUse{}
	byOwner := map[string][]domain.EvidenceID{}
	var owners []string
	for _, c := range cited {
		if byOwner[c.Owner] == nil {
			owners = append(owners, c.Owner)
		}
		byOwner[c.Owner] = append(byOwner[c.Owner], c.Evidence.ID)
	}
	for _, owner := range owners {
		ids := byOwner[owner]
		if strings.HasPrefix(owner, "rsch_") {
			r, err := s.cfg.Reports.Get(ctx, domain.ResearchID(owner))
			if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
				return nil, err
			}
			out = append(out, reportUses(domain.ResearchID(owner), r, ids)...)
			continue
		}
		uses, err := s.pageUses(ctx, domain.WebsiteID(owner), ids)
		if err != nil {
			return nil, err
		}
		out = append(out, uses...)
	}
	return out, nil
}

func reportUses(id domain.ResearchID, r *domain.ResearchReport, ids []domain.EvidenceID) []domain.SnapshotUse {
	out := []domain.SnapshotUse{}
	for _, e := range ids {
		use := domain.SnapshotUse{Evidence: e, Report: id}
		if r != nil {
			for _, c := range r.Claims {
				if slices.Contains(c.Evidence, e) {
					use.Claim = c.Text
				}
			}
		}
		out = append(out, use)
	}
	return out
}

func (s *Snapshots) pageUses(ctx context.Context, id domain.WebsiteID, ids []domain.EvidenceID) ([]domain.SnapshotUse, error) {
	var out []domain.SnapshotUse
	shown := map[domain.EvidenceID]bool{}
	for offset := 0; ; {
		pages, total, err := s.cfg.Pages.List(ctx, id, domain.Window{Limit: verifyChunk, Offset: offset})
		if err != nil {
			return nil, err
		}
		for i := range pages {
			for _, c := range pages[i].Claims {
				for _, e := range c.Evidence {
					if slices.Contains(ids, e) {
						shown[e] = true
						out = append(out, domain.SnapshotUse{Evidence: e, Website: id, Page: pages[i].Path(), Claim: c.Text})
					}
				}
			}
		}
		if offset += len(pages); len(pages) == 0 || offset >= total {
			break
		}
	}
	for _, e := range ids {
		if !shown[e] {
			out = append(out, domain.SnapshotUse{Evidence: e, Website: id})
		}
	}
	return out, nil
}

// Recheck looks at the snapshots that the published pages of a website rest on, and
// turns the gate "grounding" red where one was damaged, with one finding for each
// page. It needs no principal: the service of websites does the work.
func (s *Snapshots) Recheck(ctx context.Context, id domain.WebsiteID, gates []domain.Gate) ([]domain.Gate, error) {
	cited, err := s.cfg.Store.CitedBy(ctx, string(id))
	if err != nil || len(cited) == 0 {
		return gates, err
	}
	var findings []domain.Finding
	for _, e := range cited {
		broken := s.Check(ctx, e)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if broken == nil {
			continue
		}
		uses, err := s.pageUses(ctx, id, []domain.EvidenceID{e.ID})
		if err != nil {
			return nil, err
		}
		for _, u := range uses {
			if u.Page != "" {
				findings = append(findings, domain.Finding{
					Rule: "EVIDENCE", Severity: domain.GateFail, Page: u.Page, Message: fmt.Sprintf("claim %q: %s", u.Claim, domain.MessageOf(broken)),
					Fix: "Restore the snapshot from a backup, or research the claim again.",
				})
			}
		}
	}
	if len(findings) == 0 {
		return gates, nil
	}
	out := slices.Clone(gates)
	i := slices.IndexFunc(out, func(g domain.Gate) bool { return g.Name == "grounding" })
	if i < 0 {
		out = append(out, domain.Gate{Name: "grounding"})
		i = len(out) - 1
	}
	out[i].State = domain.GateFail
	out[i].Findings = append(slices.Clone(out[i].Findings), findings...)
	out[i].Summary = fmt.Sprintf("%d findings: evidence was damaged after the release.", len(findings))
	return out, nil
}
