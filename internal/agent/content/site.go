package content

import (
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/market"
)

// siteWriter holds what the pages of one site share.
type siteWriter struct {
	in     WriteInput
	lang   string
	view   *market.View
	ledger *evidence.Ledger
	bank   bank
	all    *group
	readAt time.Time

	pageOf map[string]string // family key → slug of its product page
	facets map[string]*group // by slug of the best-for page
	attrs  map[string][2]*group
	// numberSets are the sets of numeric attributes, by name.
	numberSets map[string]domain.EvidenceID
	index      map[uint64]int // runs of words → number of pages that hold them
	drafts     []*pageWriter
	warnings   []string
	worst      float64
	titles     map[string]string // taken titles, descriptions and headings → slug
	merchant   map[uint64]bool   // eight-word runs of merchants' descriptions
}

func newSiteWriter(in WriteInput) (*siteWriter, error) {
	lang := in.Plan.Language
	if lang != "de" {
		lang = "en"
	}
	s := &siteWriter{
		in: in, lang: lang, view: market.New(in.Market, lang), ledger: evidence.NewLedger(), bank: banks()[lang],
		pageOf: map[string]string{}, facets: map[string]*group{}, attrs: map[string][2]*group{}, numberSets: map[string]domain.EvidenceID{}, index: map[uint64]int{}, titles: map[string]string{},
	}
	s.view.Lead(in.Plan.Angle.Leads)
	if len(s.view.Items) == 0 {
		return nil, domain.Errorf(domain.CodeNotEnoughData, "The market has no product with a price.")
	}
	note := "priced products of the market"
	if in.Market.Priceless {
		note, s.bank = "products of the market", productBanks()[lang]
	}
	s.all = s.newGroup(s.view.Items, note)
	s.readAt = latestRead(s.view.Items)
	for _, p := range in.Plan.Pages {
		if p.Kind == domain.PageProduct && len(p.Products) > 0 {
			s.pageOf[p.Products[0]] = p.Slug
		}
		if p.Facet != nil {
			f := *p.Facet
			s.facets[p.Slug] = s.newGroup(s.view.Select(&f), "priced products: "+f.Label)
		}
	}
	s.merchant = merchantRuns(in.Market)
	return s, nil
}

// latestRead is when the newest of the rows in use was read.
func latestRead(items []*market.Item) time.Time {
	var t time.Time
	for _, it := range items {
		if r := it.Row().ReadAt; r.After(t) {
			t = r
		}
	}
	return t.UTC()
}

// usedEvidence returns the evidence that claims of the kept pages need, with the
// inputs of computations, sorted by ID.
func (s *siteWriter) usedEvidence() []domain.Evidence {
	keep := map[domain.EvidenceID]bool{}
	var mark func(id domain.EvidenceID)
	mark = func(id domain.EvidenceID) {
		if keep[id] {
			return
		}
		keep[id] = true
		if e, ok := s.ledger.Get(id); ok {
			for _, input := range e.Inputs {
				mark(input)
			}
		}
	}
	for _, w := range s.drafts {
		for _, c := range w.page.Claims {
			for _, id := range c.Evidence {
				mark(id)
			}
		}
	}
	return slices.DeleteFunc(s.ledger.All(), func(e domain.Evidence) bool { return !keep[e.ID] })
}

// merchants returns the names of the merchants whose rows are used, by number of
// rows, most first.
func (s *siteWriter) merchants() []string {
	count := map[string]int{}
	for _, it := range s.view.Items {
		if n := it.Row().MerchantName; n != "" {
			count[n]++
		}
	}
	var out []string
	for n := range count {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(a, b)
	})
	return out
}

// planned returns the pages of a kind, in plan order.
func (s *siteWriter) planned(kind domain.PageKind) []domain.PlanPage {
	var out []domain.PlanPage
	for _, p := range s.in.Plan.Pages {
		if p.Kind == kind {
			out = append(out, p)
		}
	}
	return out
}
