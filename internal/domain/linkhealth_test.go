package domain_test

import (
	"testing"
	"time"

	"empire/internal/domain"
)

// TestLinkHealth: only a row of failing looks over time makes a link dead; what learned
// nothing never does, and a page that is well ends the row.
func TestLinkHealth(t *testing.T) {
	t.Parallel()
	policy := domain.LookPolicy{Looks: 3, Span: 24 * time.Hour, Every: 72 * time.Hour, Again: 6 * time.Hour}
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	type look struct {
		hours int
		state domain.LookState
	}
	for name, tt := range map[string]struct {
		looks   []look
		dead    domain.LookState // empty: alive
		failing int
	}{
		"three over a day":        {[]look{{0, domain.LookGone}, {12, domain.LookGone}, {24, domain.LookSoft}}, domain.LookSoft, 3},
		"three within a day":      {[]look{{0, domain.LookGone}, {7, domain.LookGone}, {14, domain.LookGone}}, "", 3},
		"then one more":           {[]look{{0, domain.LookGone}, {7, domain.LookGone}, {14, domain.LookGone}, {25, domain.LookGone}}, domain.LookGone, 4},
		"impatient":               {[]look{{0, domain.LookGone}, {1, domain.LookGone}, {2, domain.LookGone}, {25, domain.LookGone}}, "", 2},
		"two only":                {[]look{{0, domain.LookSoldOut}, {48, domain.LookSoldOut}}, "", 2},
		"a wall for weeks":        {[]look{{0, domain.LookUnknown}, {72, domain.LookUnknown}, {144, domain.LookUnknown}, {900, domain.LookUnknown}}, "", 0},
		"a wall in between":       {[]look{{0, domain.LookGone}, {12, domain.LookUnknown}, {24, domain.LookGone}, {36, domain.LookGone}}, domain.LookGone, 3},
		"well in between":         {[]look{{0, domain.LookGone}, {12, domain.LookGone}, {24, domain.LookOK}, {36, domain.LookGone}}, "", 1},
		"moved":                   {[]look{{0, domain.LookGone}, {12, domain.LookGone}, {24, domain.LookMoved}}, "", 0},
		"the program closed":      {[]look{{0, domain.LookClosed}}, domain.LookClosed, 0},
		"and opened again":        {[]look{{0, domain.LookClosed}, {72, domain.LookOK}}, "", 0},
		"dead, then a wall":       {[]look{{0, domain.LookGone}, {12, domain.LookGone}, {24, domain.LookGone}, {96, domain.LookUnknown}}, domain.LookGone, 3},
		"sold out, then in stock": {[]look{{0, domain.LookSoldOut}, {12, domain.LookSoldOut}, {24, domain.LookSoldOut}, {96, domain.LookOK}}, "", 0},
		"nothing to look at":      {[]look{{0, domain.LookNone}}, "", 0},
	} {
		h := domain.LinkHealth{LinkID: "link_1"}
		for _, l := range tt.looks {
			h.Note(domain.LinkLook{At: begin.Add(time.Duration(l.hours) * time.Hour), State: l.state}, policy)
		}
		if h.Dead != (tt.dead != "") || h.DeadAs != tt.dead || h.Failing != tt.failing || h.Looks != len(tt.looks) {
			t.Errorf("%s: dead %t of %q after %d failing of %d looks, want %q after %d", name, h.Dead, h.DeadAs, h.Failing, h.Looks, tt.dead, tt.failing)
		}
	}
	h := domain.LinkHealth{}
	h.Note(domain.LinkLook{At: begin, State: domain.LookGone}, policy)
	if got := h.NextAt.Sub(begin); got != policy.Again {
		t.Errorf("after a failing look it is looked at after %s", got)
	}
	h.Note(domain.LinkLook{At: begin, State: domain.LookOK}, policy)
	if got := h.NextAt.Sub(begin); got != policy.Every {
		t.Errorf("a page that is well is looked at after %s", got)
	}
}
