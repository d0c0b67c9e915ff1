package shipped

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"empire/internal/agent/seo"
	"empire/internal/domain"
)

const (
	// holdRounds is how often pages are held back and the rest is checked again: a page
	// may be reachable only from one that went.
	holdRounds = 3
	// maxHeld is the share of its pages that a website can miss and still be one.
	maxHeld = 0.5
)

// checked is a draft without the pages that were held back, its files and its gates.
type checked struct {
	draft *domain.Draft
	files []domain.File
	gates GateResult
	held  bool // the draft is not that which was asked for
}

// check builds a draft and runs all gates. Under the policy hold_page, pages that a gate
// refuses are left out, with all that leads to them, and a remark tells of each and why;
// a fault of a page that every website has, or of the website, is red as ever. The
// draft that was asked for keeps the pages. d is changed.
func (l *Launch) check(ctx context.Context, d *domain.Draft, m *domain.Market) (*checked, error) {
	out := &checked{draft: d}
	var remarks []domain.Finding
	whole := len(d.Pages)
	for round := 0; ; round++ {
		var err error
		if out.files, err = l.Builder.Build(ctx, d); err != nil {
			return nil, err
		}
		if out.gates, err = l.Gates.Check(ctx, d, m, out.files); err != nil {
			return nil, err
		}
		if domain.GateVerdict(out.gates.Gates) != domain.GateFail {
			break
		}
		refused := refusedPages(d, out.gates.Gates)
		if l.policy(&d.Website) != domain.HoldPage || round == holdRounds || len(refused) == 0 || float64(whole-len(d.Pages)+len(refused)) > maxHeld*float64(whole) {
			return nil, redGate(out.gates.Gates)
		}
		for i := range d.Pages {
			if why := refused[d.Pages[i].Slug]; why != nil {
				remarks = append(remarks, *why)
			}
		}
		withoutPages(d, refused)
		out.held = true
	}
	if out.held {
		out.gates.Gates = append(out.gates.Gates, domain.Gate{
			Name: domain.GateHeldPages, State: domain.GateWarn, Checked: whole, Findings: remarks,
			Summary: fmt.Sprintf("%d of %d pages stay drafts, because a gate refused them.", len(remarks), whole),
		})
	}
	return out, nil
}

// policy is that of a website, or else that of the configuration.
func (l *Launch) policy(w *domain.Website) domain.PagePolicy {
	if w.PagePolicy != "" {
		return w.PagePolicy
	}
	return l.PagePolicy
}

// refusedPages returns, by slug, a remark for each page that gates refuse; nil if
// something else is refused as well.
func refusedPages(d *domain.Draft, gates []domain.Gate) map[string]*domain.Finding {
	pages := map[string]*domain.Page{}
	for i := range d.Pages {
		pages[d.Pages[i].Path()] = &d.Pages[i]
	}
	out := map[string]*domain.Finding{}
	for i := range gates {
		if gates[i].State != domain.GateFail {
			continue
		}
		blamed := false
		for j := range gates[i].Findings {
			f := &gates[i].Findings[j]
			if f.Severity != domain.GateFail {
				continue
			}
			p := pages[f.Page]
			if p == nil || !p.Kind.Optional() {
				return nil
			}
			blamed = true
			if why := out[p.Slug]; why != nil {
				why.Message += " " + f.Rule + ": " + f.Message
				continue
			}
			out[p.Slug] = &domain.Finding{
				Rule: f.Rule, Severity: domain.GateWarn, Page: f.Page, Source: f.Source, Fix: f.Fix,
				Message: fmt.Sprintf("The page stays a draft, refused by gate %s: %s", gates[i].Name, f.Message),
			}
		}
		if !blamed {
			return nil
		}
	}
	return out
}

// withoutPages takes pages, by slug, out of a draft and its plan with all links that
// lead there.
func withoutPages(d *domain.Draft, gone map[string]*domain.Finding) {
	d.Pages = slices.DeleteFunc(d.Pages, func(p domain.Page) bool { return gone[p.Slug] != nil })
	d.Plan.Pages = slices.DeleteFunc(d.Plan.Pages, func(p domain.PlanPage) bool { return gone[p.Slug] != nil })
	for i := range d.Pages {
		p := &d.Pages[i]
		p.Related = slices.DeleteFunc(p.Related, func(r domain.PageRef) bool { return gone[r.Slug] != nil })
		for j := range p.Blocks {
			unlinkBlock(&p.Blocks[j], gone)
		}
	}
	d.Pages = seo.StructuredData(d)
}

func unlinkBlock(b *domain.Block, gone map[string]*domain.Finding) {
	slug := func(s **string) {
		if *s != nil && gone[strings.Trim(**s, "/")] != nil {
			*s = nil
		}
	}
	facts := func(list []domain.Fact) {
		for i := range list {
			slug(&list[i].Value.Slug)
		}
	}
	switch {
	case b.Paragraph != nil:
		unlink(b.Paragraph.Sentences, gone)
	case b.Disclosure != nil:
		unlink(b.Disclosure.Sentences, gone)
	case b.List != nil:
		b.List.Items = keptItems(b.List.Items, gone)
	case b.Table != nil:
		for i := range b.Table.Rows {
			for j := range b.Table.Rows[i].Cells {
				slug(&b.Table.Rows[i].Cells[j].Slug)
			}
		}
	case b.Product != nil:
		slug(&b.Product.Slug)
		unlink(b.Product.Text, gone)
		facts(b.Product.Facts)
	case b.Comparison != nil:
		for i := range b.Comparison.Products {
			slug(&b.Comparison.Products[i].Slug)
		}
		for i := range b.Comparison.Rows {
			for j := range b.Comparison.Rows[i].Cells {
				slug(&b.Comparison.Rows[i].Cells[j].Slug)
			}
		}
	case b.ProsCons != nil:
		unlink(b.ProsCons.Pros, gone)
		unlink(b.ProsCons.Cons, gone)
	case b.Figure != nil:
		unlink(b.Figure.Caption, gone)
	case b.FAQ != nil:
		for i := range b.FAQ.Items {
			unlink([]domain.Sentence{b.FAQ.Items[i].Question}, gone)
			unlink(b.FAQ.Items[i].Answer, gone)
		}
	}
}

// unlink takes links to pages that are gone off sentences; their words stay.
func unlink(list []domain.Sentence, gone map[string]*domain.Finding) (left, removed int) {
	for i := range list {
		before := len(list[i].Links)
		list[i].Links = slices.DeleteFunc(list[i].Links, func(l domain.InlineLink) bool { return gone[l.Slug] != nil })
		left += len(list[i].Links)
		removed += before - len(list[i].Links)
	}
	return left, removed
}

// keptItems drops the items of a list that only led to pages that are gone, unless none
// would be left.
func keptItems(items []domain.Paragraph, gone map[string]*domain.Finding) []domain.Paragraph {
	var kept []domain.Paragraph
	for i := range items {
		if left, removed := unlink(items[i].Sentences, gone); left > 0 || removed == 0 {
			kept = append(kept, items[i])
		}
	}
	if len(kept) == 0 {
		return items
	}
	return kept
}
