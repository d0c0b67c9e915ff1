package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"empire/internal/domain"
)

type reviewService interface {
	Review(ctx context.Context, id domain.ApprovalID) (*domain.Review, error)
}

func (d *Dashboard) contentRoutes() {
	d.shows("/approvals", d.inbox)
	d.shows("/approvals/{id}/pages", d.reviewPages)
	d.shows("/approvals/{id}/changes", d.reviewChanges)
}

// inboxTabs are the states of approvals in the order of an inbox.
var inboxTabs = []string{
	"Waiting", "", "Approved", string(domain.ApprovalApproved), "Rejected", string(domain.ApprovalRejected),
	"Expired", string(domain.ApprovalExpired), "Void", string(domain.ApprovalVoid),
}

// inbox lists what waits for a person; other states are a tab away.
func (d *Dashboard) inbox(r *http.Request) (view, error) {
	ctx := r.Context()
	st := domain.ApprovalState(r.URL.Query().Get("state"))
	counts := map[string]int{}
	if sum, err := d.c.Approvals.Summary(ctx); err == nil {
		for k, n := range sum {
			counts[string(k)] = n
		}
		counts[""] = counts[string(domain.ApprovalPending)]
	}
	f := domain.ApprovalFilter{State: st}
	if st == "" {
		f.State = domain.ApprovalPending
	}
	list, total, err := d.c.Approvals.List(ctx, f, windowOf(r))
	g := &grid{Columns: []column{{Label: "Question"}, {Label: "State", Wide: true}, {Label: "Gates"}, {Label: "Pages", Num: true, Wide: true}, {Label: "Asked", Wide: true}, {Label: "Ends", Wide: true}}}
	show1 := d.approvalViewer(r)
	for i := range list {
		v := show1(&list[i])
		gates, pages := cell{}, cell{}
		if len(v.Payload.Gates) > 0 {
			gates = state(v.Verdict)
		}
		if v.Payload.Pages > 0 {
			pages = count(v.Payload.Pages)
		}
		g.add(cell{Text: v.Title, Link: "/approvals/" + string(v.ID), Sub: words(strings.ReplaceAll(v.Kind, "_", " "), v.Payload.Niche, v.Reason)},
			state(v.State), gates, pages, when(v.CreatedAt), whenever(v.ExpiresAt))
	}
	p := d.listed(r, panel{ID: "list", Grid: g}, len(list), total, err, st != "", empty{
		Text: "Nothing waits. What needs a person before it is published appears here.", Action: &anchor{Label: "To the runs", Address: "/runs"},
	})
	return show("content", sheet{Title: "Content", Lead: "What needs a person before it is published.", Tabs: tabsOf(r, "/approvals", "state", counts, inboxTabs...), Panels: []panel{p}})
}

// reviewTabs lead between the parts of a review.
func reviewTabs(a *domain.Approval, at string) []tab {
	if a.Kind != domain.ApprovePublish {
		return nil
	}
	base := "/approvals/" + string(a.ID)
	var out []tab
	for _, t := range []tab{{Label: "Decision", Address: base}, {Label: "Pages and evidence", Address: base + "/pages"}, {Label: "Changes", Address: base + "/changes"}} {
		t.Count, t.Current = -1, t.Address == base+at
		out = append(out, t)
	}
	return out
}

// reviewOf reads what an approval is about, and the sheet that its parts share.
func (d *Dashboard) reviewOf(r *http.Request, at string) (approvalView, *domain.Review, sheet, error) {
	a, err := d.c.Approvals.Get(r.Context(), domain.ApprovalID(r.PathValue("id")))
	if err != nil {
		return approvalView{}, nil, sheet{}, err
	}
	rev, err := d.c.Work.Review.Review(r.Context(), a.ID)
	if err != nil {
		return approvalView{}, nil, sheet{}, err
	}
	v := d.approvalViewer(r)(a)
	s := sheet{
		Crumbs: []anchor{{"Approvals", "/approvals", false}}, Title: a.Title, State: a.State,
		Tabs: reviewTabs(a, at),
	}
	if v.Preview != "" {
		s.Actions = append(s.Actions, anchor{Label: "Look at the new release", Address: v.Preview})
	}
	return v, rev, s, nil
}

// reviewPages lists the pages of a candidate, or shows the sentences of one with the
// evidence beside each.
func (d *Dashboard) reviewPages(r *http.Request) (view, error) {
	v, rev, s, err := d.reviewOf(r, "/pages")
	if err != nil {
		return view{}, err
	}
	if path := r.URL.Query().Get("page"); path != "" {
		i := slices.IndexFunc(rev.Pages, func(p domain.Page) bool { return p.Path() == path })
		if i < 0 {
			return view{}, domain.Errorf(domain.CodeNotFound, "The release has no page %s.", path)
		}
		p := &rev.Pages[i]
		if v.Preview != "" {
			s.Actions = []anchor{{Label: "Look at this page", Address: joinURL(v.Preview, path)}}
		}
		s.Panels = []panel{d.editsPanel(r, v.Approval), sentencesOf(p, rev.Evidence)}
		if can(r, domain.WebsitesManage) && v.State == domain.ApprovalPending && !v.Over {
			s.Panels = append(s.Panels, editablePanel(p, v.Approval))
		}
		if s.Panels[0].Grid == nil {
			s.Panels = s.Panels[1:]
		}
		return show("content", s)
	}
	g := &grid{Columns: []column{{Label: "Page"}, {Label: "Kind"}, {Label: "Claims", Num: true}, {Label: "Offers", Num: true, Wide: true}, {Label: "Writer", Wide: true}}}
	base := "/approvals/" + string(v.ID) + "/pages"
	for i := range rev.Pages {
		p := &rev.Pages[i]
		g.add(cell{Text: p.Title, Link: address(base, "page", p.Path()), Sub: p.Path()}, text(string(p.Kind)), count(len(p.Claims)), count(len(p.Offers)), text(p.Writer))
	}
	s.Panels = []panel{{ID: "pages", Note: "Open a page to see what each sentence rests on.", Grid: g}}
	return show("content", s)
}

// sentencesOf shows all texts of a page with what they rest on.
func sentencesOf(p *domain.Page, evidence []domain.Evidence) panel {
	held := make(map[domain.EvidenceID]*domain.Evidence, len(evidence))
	for i := range evidence {
		held[evidence[i].ID] = &evidence[i]
	}
	claims := make(map[domain.ClaimID]*domain.Claim, len(p.Claims))
	for i := range p.Claims {
		claims[p.Claims[i].ID] = &p.Claims[i]
	}
	g := &grid{Columns: []column{{Label: "Text"}, {Label: "Rests on"}}}
	facts, without := 0, 0
	for _, t := range textsOf(p) {
		var rests []string
		for _, id := range t.claims {
			c := claims[id]
			if c == nil {
				continue
			}
			facts++
			for _, e := range c.Evidence {
				if ev := held[e]; ev != nil {
					rests = append(rests, c.Text+": "+evidenceText(ev))
				}
			}
		}
		if len(rests) == 0 {
			if !t.opinion {
				without++
			}
			rests = []string{map[bool]string{true: "Advice: it states no fact about a product.", false: "It states no fact."}[t.opinion]}
		}
		g.add(cell{Text: t.text, Sub: t.kind}, cell{Text: rests[0], Sub: strings.Join(rests[1:], " · ")})
	}
	return panel{ID: "sentences", Title: p.Title, Grid: g, Facts: []fact{
		{"Texts", count(len(g.Rows))}, {"Facts with evidence", count(facts)}, {"Texts without facts", count(without)},
	}}
}

// evidenceText says in one line where a fact is from.
func evidenceText(e *domain.Evidence) string {
	switch e.Kind {
	case domain.EvidenceFeed:
		return fmt.Sprintf("field %s of row %s says “%s”", e.Field, e.RowKey, e.Value)
	case domain.EvidenceSet:
		return fmt.Sprintf("field %s of %s", e.Field, plural(len(e.Rows), "row", "rows"))
	case domain.EvidenceComputation:
		return words(e.Note, "computed as "+e.Formula+" = "+e.Value)
	case domain.EvidenceSnapshot:
		return fmt.Sprintf("%s says “%s”", e.URL, e.Value)
	case domain.EvidenceSetting:
		return "the operator states “" + e.Value + "”"
	}
	return words(e.Note, e.Value)
}

// reviewChanges shows what differs from the live release.
func (d *Dashboard) reviewChanges(r *http.Request) (view, error) {
	v, rev, s, err := d.reviewOf(r, "/changes")
	if err != nil {
		return view{}, err
	}
	switch {
	case rev.Diff == nil:
		s.Panels = []panel{{ID: "changes", Empty: &empty{Text: "Nothing is live yet: all of it is new."}}}
	case len(rev.Diff.Pages)+len(rev.Diff.Files) == 0:
		s.Panels = []panel{{ID: "changes", Empty: &empty{Text: "Nothing differs from the live release."}}}
	default:
		s.Panels = diffPanels(rev.Diff)
	}
	if v.State != domain.ApprovalPending {
		s.Lead = "It is decided already; this compares it with what is live today."
	}
	return show("content", s)
}

// maxDiffPages bounds how many pages of a comparison are told in full.
const maxDiffPages = 60

func diffPanels(diff *domain.ReleaseDiff) []panel {
	counts := map[domain.ChangeKind]int{}
	for i := range diff.Pages {
		counts[diff.Pages[i].Kind]++
	}
	out := []panel{{ID: "summary", Note: fmt.Sprintf("Against the live release No. %d.", diff.From.Number), Facts: []fact{
		{"Pages added", count(counts[domain.Added])}, {"Pages changed", count(counts[domain.Changed])}, {"Pages removed", count(counts[domain.Removed])},
		{"Files that differ", count(len(diff.Files))},
	}}}
	for i := range diff.Pages {
		if i == maxDiffPages {
			out = append(out, panel{ID: "more", Note: plural(len(diff.Pages)-i, "more page differs", "more pages differ") + ". The API and the command empire site diff tell all."})
			break
		}
		out = append(out, pageDiffPanel(&diff.Pages[i], i))
	}
	return out
}

func pageDiffPanel(p *domain.PageDiff, n int) panel {
	g := &grid{Columns: []column{{Label: "Before"}, {Label: "After"}, {Label: "Why", Wide: true}}}
	for _, f := range p.Fields {
		g.add(cell{Text: f.Before, Sub: f.Name}, text(f.After), cell{})
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		var gone, come, why []string
		for _, l := range b.Lines {
			if l.Kind == domain.Removed {
				gone = append(gone, l.Text)
			} else {
				come = append(come, l.Text)
			}
		}
		for _, reason := range b.Reasons {
			why = append(why, reasonText(&reason))
		}
		g.add(cell{Text: strings.Join(gone, " "), Sub: string(b.Type)}, text(strings.Join(come, " ")), text(strings.Join(why, " · ")))
	}
	for _, o := range p.Offers {
		g.add(cell{Text: offerText(o.Before), Sub: "offer"}, text(offerText(o.After)), cell{})
	}
	return panel{ID: fmt.Sprintf("page-%d", n), Title: p.Path + " " + string(p.Kind), Note: p.Title, Grid: g}
}

func reasonText(c *domain.ChangeReason) string {
	s := map[domain.ReasonKind]string{
		domain.ReasonEvidence: "the source says something else", domain.ReasonNew: "a new source", domain.ReasonGone: "the source is gone",
		domain.ReasonWriter: "another writer", domain.ReasonWording: "other words for the same facts",
	}[c.Kind]
	if c.Before+c.After != "" {
		return fmt.Sprintf("%s: %s “%s” → “%s”", s, c.What, c.Before, c.After)
	}
	return words(s, c.What)
}

func offerText(o *domain.OfferSide) string {
	if o == nil {
		return ""
	}
	return words(o.Product, o.Merchant, o.Price)
}
