package gate_test

import (
	"strings"
	"testing"

	"empire/internal/audit/gate"
	"empire/internal/domain"
)

func twinOf(path string, similarity float64, mine, theirs int, live bool) domain.Twin {
	return domain.Twin{
		Page:  domain.PagePlace{WebsiteID: "site_a", Domain: "a.example", Path: path, Evidence: mine, Since: at},
		Other: domain.PagePlace{WebsiteID: "site_b", Domain: "b.example", Path: "/b/", Evidence: theirs, Since: at.AddDate(0, 0, -1)}, Similarity: similarity, Live: live,
	}
}

func TestPortfolio(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		twins []domain.Twin
		state domain.GateState
		want  []string // of the findings' message and fix
	}{
		{"none", nil, domain.GatePass, nil},
		{"new page that says less", []domain.Twin{twinOf("/", 0.82, 3, 9, false)}, domain.GateFail, []string{"https://b.example/b/ of website site_b (similarity 0.82)", "Merge this page into https://b.example/b/", "more evidence (9 against 3)"}},
		{"new page that says more", []domain.Twin{twinOf("/", 0.6, 9, 3, false)}, domain.GateFail, []string{"Merge https://b.example/b/ into this page"}},
		{"live page that says less", []domain.Twin{twinOf("/", 0.6, 3, 9, true)}, domain.GateFail, []string{"Merge this page"}},
		{"live page that says more", []domain.Twin{twinOf("/", 0.6, 9, 3, true)}, domain.GateWarn, []string{"Retire the other page"}},
		{"live page of the same evidence that is younger", []domain.Twin{twinOf("/", 0.6, 3, 3, true)}, domain.GateFail, []string{"which is older"}},
		{"many twins of a page", []domain.Twin{twinOf("/", 0.9, 1, 2, false), twinOf("/", 0.8, 1, 2, false), twinOf("/", 0.7, 1, 2, false), twinOf("/", 0.6, 1, 2, false)}, domain.GateFail, []string{"and 1 more."}},
	} {
		g := gate.Portfolio(&domain.PortfolioCheck{Threshold: 0.5, Pages: 4, Others: 40, Twins: tt.twins})
		if g.Name != "portfolio" || g.State != tt.state || g.Checked != 4 || len(g.Findings) != min(1, len(tt.twins)) {
			t.Errorf("%s: gate = %+v, want %s", tt.name, g, tt.state)
			continue
		}
		for _, want := range tt.want {
			if f := g.Findings[0]; f.Rule != "L1" || f.Page != "/" || !strings.Contains(f.Message+" "+f.Fix, want) {
				t.Errorf("%s: finding %+v lacks %q", tt.name, f, want)
			}
		}
	}
	two := gate.Portfolio(&domain.PortfolioCheck{Threshold: 0.5, Twins: []domain.Twin{twinOf("/", 0.9, 1, 2, false), twinOf("/x/", 0.8, 1, 2, false)}})
	if len(two.Findings) != 2 || two.Findings[1].Page != "/x/" {
		t.Errorf("two pages: %+v", two.Findings)
	}
	doorway := gate.Portfolio(&domain.PortfolioCheck{Threshold: 0.5, Doorways: []domain.Doorway{{OtherID: "site_b", Other: "b.example", Niche: 1, Outline: 0.7, Targets: 0.9}}})
	if doorway.State != domain.GateWarn || doorway.Findings[0].Rule != "L3" || !strings.Contains(doorway.Findings[0].Message, "site_b (b.example)") {
		t.Errorf("doorway: %+v", doorway)
	}
	if off := gate.Portfolio(&domain.PortfolioCheck{}); off.State != domain.GatePass || !strings.Contains(off.Summary, "switched off") {
		t.Errorf("off: %+v", off)
	}
}
