package research

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// sameClaim is how much of their words two sentences with the same figures share from
// which on they are one claim.
const sameClaim = 0.6

// ledger collects the evidence of a report, each piece once.
type ledger struct {
	items  map[domain.EvidenceID]domain.Evidence
	values *evidence.Ledger // of feeds
}

func newLedger() *ledger {
	return &ledger{map[domain.EvidenceID]domain.Evidence{}, evidence.NewLedger()}
}

func (l *ledger) cite(s *span) domain.EvidenceID {
	e := s.doc.snap.Cites(s.text, s.offset)
	l.items[e.ID] = e
	return e.ID
}

func (l *ledger) all() []domain.Evidence {
	for _, e := range l.values.All() {
		l.items[e.ID] = e
	}
	return slices.SortedFunc(maps.Values(l.items), func(a, b domain.Evidence) int { return cmp.Compare(a.ID, b.ID) })
}

// draft is a claim with the spans that carry it, the best first.
type draft struct {
	spans     []*span
	statement string
	chosenBy  []string
}

func (d *draft) docs() []*document {
	var out []*document
	for _, s := range d.spans {
		if !slices.Contains(out, s.doc) {
			out = append(out, s.doc)
		}
	}
	return out
}

// claims turns spans into the claims of the report.
func (w *work) claims(ctx context.Context, l *ledger) error {
	drafts := w.drafts(w.spans())
	w.in.Progress(domain.ResearchProgress{Stage: "write", Message: "choosing claims", Total: len(drafts)})
	chosen := drafts
	if len(w.cfg.Models) > 0 && len(drafts) > 0 {
		shown := drafts[:min(len(drafts), w.plan.Shown)]
		picked, err := w.models.choose(ctx, w.in.Params, shown, w.plan.Claims)
		if err != nil {
			return err
		}
		if len(picked) > 0 {
			chosen = picked
			w.report.Method = domain.MethodModel
		}
	}
	for _, d := range w.balanced(chosen) {
		w.addClaim(d, l)
	}
	return nil
}

// drafts joins spans that say the same: the same figures and most of their words.
func (*work) drafts(spans []*span) []*draft {
	var out []*draft
	byNumber := map[string][]*draft{}
	for _, s := range spans {
		i := slices.IndexFunc(byNumber[s.number], func(d *draft) bool { return jaccard(d.spans[0].stems, s.stems) >= sameClaim })
		if i >= 0 {
			d := byNumber[s.number][i]
			d.spans = append(d.spans, s)
			continue
		}
		d := &draft{spans: []*span{s}}
		byNumber[s.number] = append(byNumber[s.number], d)
		out = append(out, d)
	}
	// What several independent pages say comes before what one says.
	slices.SortStableFunc(out, func(a, b *draft) int { return cmp.Compare(b.weight(), a.weight()) })
	return out
}

func (d *draft) weight() float64 {
	return d.spans[0].score + 0.15*float64(min(3, independent(d.docs())-1))
}

// balanced takes claims up to the bound of the plan, and of one page at most two
// fifths, but three.
func (w *work) balanced(list []*draft) []*draft {
	most := max(3, w.plan.Claims*2/5)
	perPage := map[*document]int{}
	var out []*draft
	for _, d := range list {
		if lead := d.spans[0].doc; len(out) < w.plan.Claims && perPage[lead] < most {
			perPage[lead]++
			out = append(out, d)
		}
	}
	return out
}

func (w *work) addClaim(d *draft, l *ledger) {
	lead := d.spans[0]
	docs := d.docs()
	c := domain.ResearchClaim{
		ID: domain.ClaimID(fmt.Sprintf("c%d", len(w.report.Claims)+1)), Kind: lead.kind, Text: lead.text, Statement: d.statement, Evidence: []domain.EvidenceID{},
		Sources: []string{}, Independent: independent(docs), Relevance: round(max(0, min(1, lead.score))), ChosenBy: d.chosenBy,
	}
	if n := w.models.answered; n > 0 {
		c.Agreement = round(float64(len(d.chosenBy)) / float64(n))
	}
	for _, s := range d.spans {
		if id := l.cite(s); !slices.Contains(c.Evidence, id) {
			c.Evidence = append(c.Evidence, id)
		}
	}
	for _, doc := range docs {
		c.Sources = append(c.Sources, doc.id)
		doc.claims++
		if at := doc.newest(); c.Newest == nil || at.After(*c.Newest) {
			c.Newest = &at
		}
		for i := range w.report.Sources {
			if w.report.Sources[i].ID == doc.id {
				w.report.Sources[i].Claims++
			}
		}
	}
	w.report.Claims = append(w.report.Claims, c)
}

// marketFacts adds what the feeds say: how many products, and their prices.
func (w *work) marketFacts(ctx context.Context, l *ledger) error {
	if w.cfg.Market == nil {
		return nil
	}
	m, err := w.cfg.Market(ctx, w.topic.text, w.topic.language)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.report.Gaps = append(w.report.Gaps, "The feeds say nothing about the topic: "+domain.MessageOf(err))
		return nil
	}
	var rows []string
	var prices []float64
	currency := ""
	for i := range m.Families {
		if p := m.Families[i].Lead(); p.Price != nil {
			rows, prices, currency = append(rows, p.Key), append(prices, p.Price.Major()), p.Price.Currency
		}
	}
	if len(rows) == 0 {
		return nil
	}
	at := m.At.UTC()
	source := domain.ResearchSource{ID: "feeds", Title: "Product feeds", FoundBy: "feeds", FetchedAt: &at, Own: true, SameAs: nil, Relevant: 1}
	set := l.values.Set("search_price", rows, prices, fmt.Sprintf("prices of %d products", len(rows)))
	for _, f := range []struct{ formula, text string }{
		{"count", "Products with a price in the feeds: %s"}, {"median", "Median price in the feeds: %s " + currency},
		{"min", "Lowest price in the feeds: %s " + currency}, {"max", "Highest price in the feeds: %s " + currency},
	} {
		id, _, ok := l.values.Compute(f.formula, f.formula+" of the prices of "+m.Niche, []domain.EvidenceID{set})
		if !ok {
			continue
		}
		e, _ := l.values.Get(id)
		w.report.Claims = append(w.report.Claims, domain.ResearchClaim{
			ID: domain.ClaimID(fmt.Sprintf("c%d", len(w.report.Claims)+1)), Kind: kindMarket, Text: strings.ReplaceAll(f.text, "%s", e.Value),
			Evidence: []domain.EvidenceID{id}, Sources: []string{source.ID}, Newest: &at, Relevance: 1,
		})
		source.Claims++
	}
	w.report.Sources = append(w.report.Sources, source)
	return nil
}
