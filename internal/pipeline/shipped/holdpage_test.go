package shipped_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"empire/internal/audit/gate"
	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
	"empire/internal/sample"
)

// faulty are the real gates, which also refuse some pages.
type faulty struct{ paths []string }

func (f *faulty) Check(ctx context.Context, d *domain.Draft, m *domain.Market, files []domain.File) (shipped.GateResult, error) {
	r, err := gate.Check(ctx, d, m, files, nil)
	planted := domain.Gate{Name: "planted", State: domain.GatePass}
	for _, path := range f.paths {
		if path != "" && !slices.ContainsFunc(d.Pages, func(p domain.Page) bool { return p.Path() == path }) {
			continue
		}
		planted.State = domain.GateFail
		planted.Findings = append(planted.Findings, domain.Finding{Rule: "L0", Severity: domain.GateFail, Page: path, Message: "It is planted."})
	}
	return shipped.GateResult{Gates: append(r.Gates, planted), Pages: r.Pages}, err
}

// TestHoldPage: under hold_page a refused page is left out with all that leads there,
// and the gates look at the website without it; a page that every website has, or a
// fault of the website, holds the website, and so does hold_site.
func TestHoldPage(t *testing.T) {
	t.Parallel()
	f := newRefresher(t)
	market, err := f.shop.Build(t.Context(), sample.Niches()[0], sample.Language, nil, day, nil)
	if err != nil {
		t.Fatal(err)
	}
	pick := func(kind domain.PageKind) *domain.Page {
		i := slices.IndexFunc(f.live.Pages, func(p domain.Page) bool { return p.Kind == kind })
		if i < 0 {
			t.Fatalf("the website has no page of kind %s", kind)
		}
		return &f.live.Pages[i]
	}
	product, comparison := pick(domain.PageProduct), pick(domain.PageComparison)
	gates := &faulty{}
	l := f.runtime.Launch
	l.Gates = gates
	raw, err := json.Marshal(f.live)
	if err != nil {
		t.Fatal(err)
	}
	check := func(site, config domain.PagePolicy, paths ...string) (*domain.Draft, []domain.File, []domain.Gate, error) {
		t.Helper()
		var d domain.Draft
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		d.Website.PagePolicy, l.PagePolicy, gates.paths = site, config, paths
		out, files, got, held, err := l.Check(t.Context(), &d, market)
		if err == nil && held != (len(paths) > 0) {
			t.Errorf("held = %t with %v", held, paths)
		}
		return out, files, got, err
	}
	if _, _, _, err := check("", ""); err != nil {
		t.Fatalf("the sample does not pass its gates: %v", err)
	}

	d, files, got, err := check("", domain.HoldPage, product.Path(), comparison.Path())
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Pages) != len(f.live.Pages)-2 {
		t.Errorf("%d of %d pages are left", len(d.Pages), len(f.live.Pages))
	}
	for _, file := range files {
		for _, path := range []string{product.Path(), comparison.Path()} {
			if file.Path == path || strings.Contains(string(file.Body), `"`+path) || strings.Contains(string(file.Body), f.live.Website.Domain+path) {
				t.Errorf("%s leads to %s, which is held back", file.Path, path)
			}
		}
	}
	held := got[len(got)-1]
	if domain.GateVerdict(got) != domain.GateWarn || held.Name != domain.GateHeldPages || len(held.Findings) != 2 {
		t.Fatalf("gates = %+v", got)
	}
	for _, x := range held.Findings {
		if x.Page != product.Path() && x.Page != comparison.Path() || !strings.Contains(x.Message, "stays a draft, refused by gate planted: It is planted.") {
			t.Errorf("remark = %+v", x)
		}
	}

	for name, tt := range map[string]struct {
		site, config domain.PagePolicy
		paths        []string
		red          bool
	}{
		"by default": {"", "", []string{product.Path()}, true},
		"its own":    {domain.HoldPage, domain.HoldSite, []string{product.Path()}, false},
		"imprint":    {domain.HoldPage, "", []string{product.Path(), pick(domain.PageImprint).Path()}, true},
		"of no page": {domain.HoldPage, "", []string{product.Path(), ""}, true},
	} {
		_, _, _, err := check(tt.site, tt.config, tt.paths...)
		if red := domain.CodeOf(err) == domain.CodeGateRed; red != tt.red || err != nil && !red {
			t.Errorf("%s: %v, want it red: %t", name, err, tt.red)
		}
	}
	var most []string
	for i := range f.live.Pages {
		if p := &f.live.Pages[i]; p.Kind.Optional() {
			most = append(most, p.Path())
		}
	}
	if _, _, _, err := check(domain.HoldPage, "", most...); domain.CodeOf(err) != domain.CodeGateRed {
		t.Errorf("%d of %d pages refused: %v, want no website", len(most), len(f.live.Pages), err)
	}
}
