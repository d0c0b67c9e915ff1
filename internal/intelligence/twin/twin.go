// Package twin finds pages of different websites that say much the same, and websites
// that lead the same visitors to the same targets.
//
//	draft ─▶ Sign ─▶ one signature for each page that may rank, one profile of the site
//	two signatures ─▶ Similarity: Jaccard similarity of the sets of five-word shingles
//	                 of their texts, and of these with all names masked
//	two profiles ─▶ Doorways: the same niche, the same outline, the same targets
//
// Signatures share bands (locality-sensitive hashing, see nlp.Signer): pages without a
// common band are not held against each other. At the default threshold a pair is
// missed once in 250 times, at domain.MinDuplicateThreshold once in 50.
package twin

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// The shares from which on two websites look like doorways to one target.
const (
	MinNiche   = 0.6
	MinOutline = 0.6
	MinTargets = 0.8
)

// maxShingles is kept of a page: longer ones are compared by a sample.
const maxShingles = 8192

// Of masked texts less is kept: they matter only where nearly all is the same.
const (
	maskedShingles = 1024
	maskedHashes   = 64
)

// Twins signs and compares. It is safe for concurrent use.
type Twins struct{ signer, masked *nlp.Signer }

// New returns Twins.
func New() *Twins {
	return &Twins{
		nlp.NewSigner(nlp.DuplicateConfig{Words: 5, Threshold: domain.DefaultDuplicateThreshold, MaxShingles: maxShingles}),
		nlp.NewSigner(nlp.DuplicateConfig{Words: 5, Threshold: domain.SwapThreshold, Hashes: maskedHashes, MaxShingles: maskedShingles}),
	}
}

// Compared reports whether a page counts: one that may rank by its own text. What the
// law wants and how a site works is the same on all sites of an operator.
func Compared(p *domain.Page) bool {
	return p.Indexable && !p.Kind.Legal() && p.Kind != domain.PageMethod
}

// Sign returns what is kept of a draft: its profile, and the signatures of the pages
// that are compared, in their order, live since at.
func (t *Twins) Sign(d *domain.Draft, release domain.ReleaseID, at time.Time) (*domain.SiteProfile, []domain.PageSignature) {
	profile := &domain.SiteProfile{
		WebsiteID: d.Website.ID, Tenant: d.Website.Tenant.OrDefault(), Release: release, Domain: d.Website.Domain, At: at,
		Terms: terms(d.Website.Language, d.Website.Niche),
	}
	var list []domain.PageSignature
	named := names(d)
	for i := range d.Pages {
		p := &d.Pages[i]
		profile.Outline = append(profile.Outline, hash(outline(p)))
		for _, key := range p.Products {
			profile.Products = append(profile.Products, hash(key))
		}
		for j := range p.Offers {
			if target := target(&p.Offers[j]); target != "" {
				profile.Targets = append(profile.Targets, target)
			}
		}
		if Compared(p) {
			list = append(list, t.page(d, p, named, at))
		}
	}
	profile.Outline, profile.Products, profile.Targets = unique(profile.Outline), unique(profile.Products), unique(profile.Targets)
	return profile, list
}

// Paths returns the paths of the pages that Sign signs.
func (t *Twins) Paths(d *domain.Draft) []string {
	var out []string
	for i := range d.Pages {
		if Compared(&d.Pages[i]) {
			out = append(out, d.Pages[i].Path())
		}
	}
	return out
}

func (t *Twins) page(d *domain.Draft, p *domain.Page, named map[string]bool, at time.Time) domain.PageSignature {
	text := p.PlainText()
	s, masked := t.signer.Sign(text), t.masked.Sign(mask(text, named))
	bands := slices.Clone(s.Bands)
	for _, b := range masked.Bands {
		bands = append(bands, b^swapSalt)
	}
	id := p.ID
	if id == "" {
		id = domain.PageIDOf(d.Website.ID, p.Slug)
	}
	return domain.PageSignature{
		WebsiteID: d.Website.ID, PageID: id, Path: p.Path(), Kind: p.Kind, Title: p.Title, Bands: bands, Hashes: s.Hashes, Limit: s.Limit,
		Masked: masked.Hashes, MaskedLimit: masked.Limit,
		Evidence: evidence(p), FirstAt: at,
	}
}

// Similarity returns the Jaccard similarity of the shingle sets of two pages, 0 to 1.
func (t *Twins) Similarity(a, b *domain.PageSignature) float64 {
	return nlp.Signature{Hashes: a.Hashes, Limit: a.Limit}.Jaccard(nlp.Signature{Hashes: b.Hashes, Limit: b.Limit})
}

// Swapped returns the similarity of two pages whose names are masked, 0 to 1; 0 of
// pages that were signed before names were masked.
func (t *Twins) Swapped(a, b *domain.PageSignature) float64 {
	if len(a.Masked) == 0 || len(b.Masked) == 0 {
		return 0
	}
	return nlp.Signature{Hashes: a.Masked, Limit: a.MaskedLimit}.Jaccard(nlp.Signature{Hashes: b.Masked, Limit: b.MaskedLimit})
}

// Doorways returns the websites among others that lead to the same targets as p with
// nearly the same outline about nearly the same niche. A website without targets
// leads nowhere.
func (t *Twins) Doorways(p *domain.SiteProfile, others []domain.SiteProfile) []domain.Doorway {
	var out []domain.Doorway
	for i := range others {
		o := &others[i]
		if o.WebsiteID == p.WebsiteID {
			continue
		}
		targets := share(p.Targets, o.Targets)
		if targets < MinTargets {
			continue
		}
		niche := max(share(p.Terms, o.Terms), share(p.Products, o.Products))
		if niche < MinNiche {
			continue
		}
		if form := share(p.Outline, o.Outline); form >= MinOutline {
			out = append(out, domain.Doorway{
				WebsiteID: p.WebsiteID, Domain: p.Domain, OtherID: o.WebsiteID, Other: o.Domain, Niche: niche, Outline: form, Targets: targets,
			})
		}
	}
	return out
}

// terms are the words of a niche that carry meaning, as stems.
func terms(language, niche string) []string {
	var out []string
	for _, w := range nlp.Words(niche) {
		if !nlp.StopWord(language, w) {
			out = append(out, nlp.Stem(language, w))
		}
	}
	return unique(out)
}

// outline is the form of a page: its kind and the sequence of its blocks, with equal
// neighbors as one.
func outline(p *domain.Page) string {
	kinds := make([]string, 0, len(p.Blocks)+1)
	kinds = append(kinds, string(p.Kind))
	for i := range p.Blocks {
		kinds = append(kinds, string(p.Blocks[i].Type))
	}
	return strings.Join(slices.Compact(kinds), " ")
}

func target(o *domain.Offer) string {
	if o.ProgramID != "" {
		return string(o.ProgramID)
	}
	return o.MerchantName
}

func evidence(p *domain.Page) int {
	seen := map[domain.EvidenceID]bool{}
	for i := range p.Claims {
		for _, id := range p.Claims[i].Evidence {
			seen[id] = true
		}
	}
	return len(seen)
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return h.Sum32()
}

func unique[T interface{ ~string | ~uint32 }](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

// share is the Jaccard similarity of two sorted sets; 0 for two empty ones.
func share[T interface{ ~string | ~uint32 }](a, b []T) float64 {
	i, j, both := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			both, i, j = both+1, i+1, j+1
		}
	}
	if all := len(a) + len(b) - both; all > 0 {
		return float64(both) / float64(all)
	}
	return 0
}
