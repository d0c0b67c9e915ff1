package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"empire/internal/domain"
)

// JobSignatures reads the pages of a website whose live release moved to an earlier
// one, to hold them against those of others.
const JobSignatures = "signatures"

type signatureStore interface {
	Replace(ctx context.Context, profile *domain.SiteProfile, list []domain.PageSignature) error
	Of(ctx context.Context, id domain.WebsiteID) ([]domain.PageSignature, error)
	Live(ctx context.Context, tenant domain.TenantID) ([]domain.PageSignature, error)
	CountLive(ctx context.Context, tenant domain.TenantID, except domain.WebsiteID) (int, error)
	Candidates(ctx context.Context, tenant domain.TenantID, except domain.WebsiteID, bands []uint64) (map[uint64][]int64, error)
	Whole(ctx context.Context, nums []int64) ([]domain.PageSignature, error)
	Bands(ctx context.Context, fn func(band, num int64)) error
	Profiles(ctx context.Context, tenant domain.TenantID) ([]domain.SiteProfile, error)
	Pending(ctx context.Context, tenant domain.TenantID, limit int) ([]domain.WebsiteID, int, error)
}

// pageSigner makes what is kept of pages and compares it.
type pageSigner interface {
	Sign(d *domain.Draft, release domain.ReleaseID, at time.Time) (*domain.SiteProfile, []domain.PageSignature)
	Paths(d *domain.Draft) []string // of the pages that Sign signs
	Similarity(a, b *domain.PageSignature) float64
	Swapped(a, b *domain.PageSignature) float64 // of texts whose names are masked
	Doorways(p *domain.SiteProfile, others []domain.SiteProfile) []domain.Doorway
}

// DuplicatesConfig is what Duplicates needs.
type DuplicatesConfig struct {
	Tx       transactor
	Store    signatureStore
	Websites websiteGetter
	Releases interface {
		Get(ctx context.Context, id domain.ReleaseID) (*domain.Release, error)
	}
	// Draft reads what a release was built from.
	Draft   func(ctx context.Context, sha string) (*domain.Draft, error)
	Signer  pageSigner
	Enqueue func(ctx context.Context, kind string, args any, at time.Time) error
	// Threshold is the similarity from which on pages are near-duplicates; 0: nothing is
	// compared.
	Threshold float64
	Now       func() time.Time
}

// Duplicates keeps signatures of the pages of live websites, holds release candidates
// against them and finds clusters of pages that say much the same. A website is only
// compared with others of its tenant.
type Duplicates struct{ cfg DuplicatesConfig }

// NewDuplicates returns the service.
func NewDuplicates(c DuplicatesConfig) *Duplicates { return &Duplicates{c} }

// Bounds of a comparison.
const (
	maxCandidates = 64 // pages that one page is held against: those that share most bands
	maxTwins      = 10 // of a page that are told
	maxDoorways   = 200
)

// Check compares a draft with all other live websites of its tenant, the twins by the
// path of the candidate's page and similarity. It is the work of a step.
func (s *Duplicates) Check(ctx context.Context, d *domain.Draft) (*domain.PortfolioCheck, error) {
	out := &domain.PortfolioCheck{Threshold: s.cfg.Threshold}
	if s.cfg.Threshold == 0 {
		return out, nil
	}
	profile, list := s.cfg.Signer.Sign(d, "", s.cfg.Now().UTC())
	out.Pages = len(list)
	var err error
	if out.Others, err = s.cfg.Store.CountLive(ctx, profile.Tenant, profile.WebsiteID); err != nil {
		return nil, err
	}
	others, err := s.cfg.Store.Profiles(ctx, profile.Tenant)
	if err != nil {
		return nil, err
	}
	out.Doorways = s.cfg.Signer.Doorways(profile, others)
	out.Doorways = out.Doorways[:min(len(out.Doorways), maxDoorways)]
	out.Twins, err = s.twins(ctx, profile, list, others)
	return out, err
}

// twins holds the pages of a candidate against live pages of other websites.
func (s *Duplicates) twins(ctx context.Context, profile *domain.SiteProfile, list []domain.PageSignature, others []domain.SiteProfile) ([]domain.Twin, error) {
	near, err := s.candidates(ctx, profile, list)
	if err != nil {
		return nil, err
	}
	var nums []int64
	for _, n := range near {
		nums = append(nums, n...)
	}
	if len(nums) == 0 {
		return nil, nil
	}
	slices.Sort(nums)
	held, err := s.whole(ctx, slices.Compact(nums))
	if err != nil {
		return nil, err
	}
	own, err := s.cfg.Store.Of(ctx, profile.WebsiteID)
	if err != nil {
		return nil, err
	}
	since := map[domain.PageID]time.Time{}
	for i := range own {
		since[own[i].PageID] = own[i].FirstAt
	}
	hosts := map[domain.WebsiteID]string{profile.WebsiteID: profile.Domain}
	for i := range others {
		hosts[others[i].WebsiteID] = others[i].Domain
	}
	var out []domain.Twin
	for i := range list {
		p := &list[i]
		at, live := since[p.PageID]
		if live {
			p.FirstAt = at
		}
		var of []domain.Twin
		for _, n := range near[i] {
			o := held[n]
			if o == nil {
				continue
			}
			if sim, swapped := s.alike(p, o, s.cfg.Threshold); sim > 0 {
				of = append(of, domain.Twin{Page: placeOf(p, hosts), Other: placeOf(o, hosts), Similarity: sim, Swapped: swapped, Live: live})
			}
		}
		slices.SortStableFunc(of, func(a, b domain.Twin) int { return cmp.Compare(b.Similarity, a.Similarity) })
		out = append(out, of[:min(len(of), maxTwins)]...)
	}
	slices.SortStableFunc(out, func(a, b domain.Twin) int { return cmp.Compare(a.Page.Path, b.Page.Path) })
	return out, nil
}

// alike returns how similar two pages are if that is at least the threshold, or, with
// all names masked, at least domain.SwapThreshold; else 0.
func (s *Duplicates) alike(a, b *domain.PageSignature, threshold float64) (similarity float64, swapped bool) {
	if sim := s.cfg.Signer.Similarity(a, b); sim >= threshold {
		return sim, false
	}
	if sim := s.cfg.Signer.Swapped(a, b); sim >= max(threshold, domain.SwapThreshold) {
		return sim, true
	}
	return 0, false
}

// candidates returns for each page of a candidate the pages of other websites that
// share bands with it, those with the most first.
func (s *Duplicates) candidates(ctx context.Context, profile *domain.SiteProfile, list []domain.PageSignature) ([][]int64, error) {
	var bands []uint64
	for i := range list {
		bands = append(bands, list[i].Bands...)
	}
	if len(bands) == 0 {
		return make([][]int64, len(list)), nil
	}
	slices.Sort(bands)
	found, err := s.cfg.Store.Candidates(ctx, profile.Tenant, profile.WebsiteID, slices.Compact(bands))
	if err != nil {
		return nil, err
	}
	out := make([][]int64, len(list))
	for i := range list {
		common := map[int64]int{}
		for _, b := range list[i].Bands {
			for _, n := range found[b] {
				common[n]++
			}
		}
		for n := range common {
			out[i] = append(out[i], n)
		}
		slices.SortFunc(out[i], func(a, b int64) int { return cmp.Or(cmp.Compare(common[b], common[a]), cmp.Compare(a, b)) })
		out[i] = out[i][:min(len(out[i]), maxCandidates)]
	}
	return out, nil
}

// wholeAtOnce is how many signatures one statement reads.
const wholeAtOnce = 2000

// whole reads signatures with their hashes.
func (s *Duplicates) whole(ctx context.Context, nums []int64) (map[int64]*domain.PageSignature, error) {
	out := make(map[int64]*domain.PageSignature, len(nums))
	for part := range slices.Chunk(nums, wholeAtOnce) {
		list, err := s.cfg.Store.Whole(ctx, part)
		if err != nil {
			return nil, err
		}
		for i := range list {
			out[list[i].Num] = &list[i]
		}
	}
	return out, nil
}

func placeOf(p *domain.PageSignature, hosts map[domain.WebsiteID]string) domain.PagePlace {
	return domain.PagePlace{
		WebsiteID: p.WebsiteID, Domain: hosts[p.WebsiteID], PageID: p.PageID, Path: p.Path, Title: p.Title, Evidence: p.Evidence, Since: p.FirstAt.UTC(),
	}
}

// Refuse is Check in the transaction that publishes a candidate: what it was compared
// with may have grown since its gates were asked. A page that another website says is
// CodeGateRed.
func (s *Duplicates) Refuse(ctx context.Context, d *domain.Draft) error {
	c, err := s.Check(ctx, d)
	if err != nil {
		return err
	}
	for i := range c.Twins {
		if t := &c.Twins[i]; !t.Live || !t.Keep() {
			return domain.Errorf(domain.CodeGateRed, "Page %s says what https://%s%s of website %s says"+butForNames(t)+" (similarity %.2f of %.2f, rule L1). Merge them, or build the site again.",
				t.Page.Path, t.Other.Domain, t.Other.Path, t.Other.WebsiteID, t.Similarity, c.Threshold)
		}
	}
	return nil
}

func butForNames(t *domain.Twin) string {
	if t.Swapped {
		return ", but for the names"
	}
	return ""
}

// Fresh returns how many pages of a draft that may rank its website does not have.
func (s *Duplicates) Fresh(ctx context.Context, d *domain.Draft) (int, error) {
	own, err := s.cfg.Store.Of(ctx, d.Website.ID)
	if err != nil {
		return 0, err
	}
	has := map[string]bool{}
	for i := range own {
		has[own[i].Path] = true
	}
	fresh := 0
	for _, path := range s.cfg.Signer.Paths(d) {
		if !has[path] {
			fresh++
		}
	}
	return fresh, nil
}

// Moved follows a website's live release in the transaction that moves it: at once
// with the draft that it was built from, else by a job.
func (s *Duplicates) Moved(ctx context.Context, site *domain.Website, r *domain.Release, d *domain.Draft) error {
	if d == nil {
		return s.cfg.Enqueue(ctx, JobSignatures, signaturesArgs{site.ID}, time.Time{})
	}
	return s.sign(ctx, site, r, d)
}

func (s *Duplicates) sign(ctx context.Context, site *domain.Website, r *domain.Release, d *domain.Draft) error {
	signed := *d // a draft may be older than the website's tenant and domain
	signed.Website = *site
	profile, list := s.cfg.Signer.Sign(&signed, r.ID, s.cfg.Now().UTC())
	return s.cfg.Store.Replace(ctx, profile, list)
}

type signaturesArgs struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
}

// Work reads the pages of one website. It is the handler of JobSignatures.
func (s *Duplicates) Work(ctx context.Context, args json.RawMessage) error {
	var a signaturesArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Invalid("args", "The arguments of the job cannot be read.")
	}
	return s.read(ctx, a.WebsiteID)
}

// read signs the pages of the live release of a website.
func (s *Duplicates) read(ctx context.Context, id domain.WebsiteID) error {
	site, err := s.cfg.Websites.Get(ctx, id)
	if err != nil {
		return err
	}
	if site.LiveRelease == "" {
		return nil
	}
	r, err := s.cfg.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return err
	}
	d, err := s.cfg.Draft(ctx, r.Draft)
	if err != nil {
		return fmt.Errorf("read draft of release %s: %w", r.ID, err)
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error { return s.sign(ctx, site, r, d) })
}

// CatchUp reads the pages of live websites that were not read yet, of all tenants, and
// returns how many it read. A website whose draft is gone is left out.
func (s *Duplicates) CatchUp(ctx context.Context) (int, error) {
	list, _, err := s.cfg.Store.Pending(ctx, "", 1<<20)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, id := range list {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		switch err := s.read(ctx, id); domain.CodeOf(err) {
		case "":
			done++
		case domain.CodeNotFound:
		default:
			return done, err
		}
	}
	return done, nil
}
