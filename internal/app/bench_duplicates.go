package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
	"empire/internal/intelligence/twin"
	"empire/internal/service"
	"empire/internal/store"
)

// DuplicatesBench says what BenchDuplicates measures.
type DuplicatesBench struct {
	Websites, Pages, Words int
	Progress               func(done, total int) // of websites
}

// DuplicatesResult is what BenchDuplicates found.
type DuplicatesResult struct {
	Websites     int     `json:"websites"`
	Pages        int     `json:"pages"`
	DatabaseMB   float64 `json:"database_mb"`
	SignSeconds  float64 `json:"sign_seconds"`
	StoreSeconds float64 `json:"store_seconds"`
	CheckMS      float64 `json:"check_ms"` // one website against all others
	ListSeconds  float64 `json:"list_seconds"`
	Threshold    float64 `json:"threshold"`
	Compared     int     `json:"compared"`
	Pairs        int     `json:"pairs"`   // near-duplicates
	Planted      int     `json:"planted"` // of them, by the exact similarity of texts
	Found        int     `json:"found"`
	Recall       float64 `json:"recall"`
}

// plantEvery says which pages have a changed copy on the website before.
const plantEvery = 20

// BenchDuplicates fills a database of its own with the pages of a portfolio, compares
// them and removes it.
func BenchDuplicates(ctx context.Context, cfg DuplicatesBench) (res *DuplicatesResult, err error) {
	dir, err := os.MkdirTemp("", "empire-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "empire.db")
	db, err := store.Open(ctx, store.Config{Path: path, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Migrate(ctx); err != nil {
		return nil, err
	}
	b := &duplicatesBench{cfg: cfg, st: store.New(db), twins: twin.New(), res: &DuplicatesResult{Websites: cfg.Websites, Threshold: domain.DefaultDuplicateThreshold}}
	if err := b.fill(ctx); err != nil {
		return nil, err
	}
	if err := b.compare(ctx); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil {
		b.res.DatabaseMB = float64(info.Size()) / (1 << 20)
	}
	return b.res, nil
}

type duplicatesBench struct {
	cfg     DuplicatesBench
	st      *store.Store
	twins   *twin.Twins
	res     *DuplicatesResult
	last    *domain.Draft
	planted [][2]string // websites and paths of copies at the threshold
}

// text returns the words of a page: half of them rare, in an order of their own.
func (b *duplicatesBench) text(site, page int) []string {
	r := rand.New(rand.NewPCG(uint64(site), uint64(page))) //nolint:gosec // the same ones every time
	out := make([]string, b.cfg.Words)
	for i := range out {
		out[i] = fmt.Sprintf("w%d", r.IntN(2000)*(1+r.IntN(4)))
	}
	return out
}

func (b *duplicatesBench) draft(site int) *domain.Draft {
	id := domain.WebsiteID(fmt.Sprintf("site_%06d", site))
	d := &domain.Draft{Website: domain.Website{ID: id, Domain: fmt.Sprintf("s%d.example", site), Language: "en", Niche: fmt.Sprintf("niche %d", site)}}
	for page := range b.cfg.Pages {
		words := b.text(site, page)
		if n := site*b.cfg.Pages + page; site%2 == 1 && n%plantEvery == 0 { // websites with an even number are originals
			words = b.copied(site, page, n)
		}
		d.Pages = append(d.Pages, domain.Page{
			Kind: domain.PageGuide, Slug: fmt.Sprintf("p%d", page), Indexable: true,
			Blocks: []domain.Block{{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{{Text: strings.Join(words, " ")}}}}},
		})
	}
	return d
}

// copied returns the words of the page of the website before with some of them
// changed: up to a tenth.
func (b *duplicatesBench) copied(site, page, n int) []string {
	words := b.text(site-1, page)
	r := rand.New(rand.NewPCG(uint64(n), 1)) //nolint:gosec // the same ones every time
	original, share := strings.Join(words, " "), 0.1*float64(n/plantEvery%100)/100
	for i := range words {
		if r.Float64() < share {
			words[i] = fmt.Sprintf("x%d", r.IntN(5000))
		}
	}
	if nlp.Resemblance(original, strings.Join(words, " "), 5) >= b.res.Threshold {
		path := fmt.Sprintf("/p%d/", page)
		b.planted = append(b.planted, [2]string{fmt.Sprintf("site_%06d%s", site-1, path), fmt.Sprintf("site_%06d%s", site, path)})
	}
	return words
}

func (b *duplicatesBench) fill(ctx context.Context) error {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for site := range b.cfg.Websites {
		d := b.draft(site)
		w := &d.Website
		began := time.Now()
		release := domain.ReleaseID("rel_" + string(w.ID))
		profile, list := b.twins.Sign(d, release, at)
		signed := time.Now()
		w.Name, w.State, w.CreatedAt, w.UpdatedAt = fmt.Sprintf("s%d", site), domain.WebsiteDraft, at, at
		err := b.st.InTx(ctx, func(ctx context.Context) error {
			if err := b.st.Websites.Insert(ctx, w); err != nil {
				return err
			}
			if err := b.st.Releases.Insert(ctx, &domain.Release{ID: release, WebsiteID: w.ID, CreatedAt: at}); err != nil {
				return err
			}
			if err := b.st.Websites.SetLive(ctx, w.ID, release, at); err != nil {
				return err
			}
			return b.st.Signatures.Replace(ctx, profile, list)
		})
		if err != nil {
			return err
		}
		b.res.SignSeconds += signed.Sub(began).Seconds()
		b.res.StoreSeconds += time.Since(signed).Seconds()
		b.res.Pages += len(list)
		b.last = d
		if b.cfg.Progress != nil {
			b.cfg.Progress(site+1, b.cfg.Websites)
		}
	}
	return nil
}

func (b *duplicatesBench) compare(ctx context.Context) error {
	s := service.NewDuplicates(service.DuplicatesConfig{
		Tx: b.st, Store: b.st.Signatures, Websites: b.st.Websites, Releases: b.st.Releases, Signer: b.twins, Threshold: b.res.Threshold, Now: time.Now,
	})
	began := time.Now()
	if _, err := s.Check(ctx, b.last); err != nil {
		return err
	}
	b.res.CheckMS = float64(time.Since(began).Microseconds()) / 1000
	ctx = domain.WithPrincipal(ctx, &domain.Principal{Tenant: domain.DefaultTenant, Permissions: []domain.Permission{domain.IntelligenceUse}})
	began = time.Now()
	r, err := s.List(ctx, b.res.Threshold, domain.Window{Limit: b.cfg.Websites * b.cfg.Pages})
	if err != nil {
		return err
	}
	b.res.ListSeconds, b.res.Compared, b.res.Pairs = time.Since(began).Seconds(), r.Compared, r.Pairs
	cluster := map[string]int{}
	for i := range r.Clusters {
		for _, m := range r.Clusters[i].Members {
			cluster[string(m.WebsiteID)+m.Path] = i + 1
		}
	}
	for _, p := range b.planted {
		if c := cluster[p[0]]; c > 0 && c == cluster[p[1]] {
			b.res.Found++
		}
	}
	if b.res.Planted = len(b.planted); b.res.Planted > 0 {
		b.res.Recall = float64(b.res.Found) / float64(b.res.Planted)
	}
	return nil
}
