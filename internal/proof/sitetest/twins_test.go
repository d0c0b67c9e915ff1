package sitetest_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"empire/internal/audit/gate"
	"empire/internal/domain"
	"empire/internal/proof/sitetest"
	"empire/internal/testkit"
)

// leastPairs is how many faults have to be planted.
const leastPairs = 60

// TestTwinsOnBuiltSites plants faults in the built pages of an English and a German
// site and wants each found on its page by its rule; changes that look alike and are
// harmless raise no alarm. Faults are planted together, one a page, and looked for
// together; with EMPIRE_TEST_TWINS=each every one has a site of its own, as `make twins`
// has it.
func TestTwinsOnBuiltSites(t *testing.T) {
	t.Parallel()
	testkit.Unraced(t)
	each := os.Getenv("EMPIRE_TEST_TWINS") == "each"
	for _, o := range []sitetest.Order{sitetest.English, sitetest.German} {
		t.Run(o.Language, func(t *testing.T) {
			t.Parallel()
			s := sitetest.Build(t, o)
			if found := findings(newGarden(t, s).check(t)); len(found) > 0 {
				t.Fatalf("the site itself has findings: %+v", found)
			}
			var list []placed
			next := map[domain.PageKind]int{}
			for i := range pairs {
				list = append(list, placed{&pairs[i], placeOf(t, s, pairs[i].kind, next)})
			}
			found, batches := 0, batch(list, each)
			for _, b := range batches {
				found += plantBad(t, s, b)
			}
			clean := 0
			for _, b := range batch(list, each) {
				clean += plantGood(t, s, b)
			}
			t.Logf("%s: %d of %d planted faults found, %d of %d clean twins pass, %d sites looked at", o.Language, found, len(list), clean, len(list), len(batches))
			if len(list) < leastPairs {
				t.Errorf("%d pairs, want at least %d", len(list), leastPairs)
			}
		})
	}
}

// placed is a pair with the page that it is planted on.
type placed struct {
	*pair
	path string
}

// placeOf returns the next page of a kind, in turn.
func placeOf(t *testing.T, s *sitetest.Site, kind domain.PageKind, next map[domain.PageKind]int) string {
	t.Helper()
	if kind == "" {
		return "/"
	}
	var paths []string
	for i := range s.Draft.Pages {
		if p := &s.Draft.Pages[i]; p.Kind == kind {
			paths = append(paths, p.Path())
		}
	}
	if len(paths) == 0 {
		t.Fatalf("the site has no page of kind %s", kind)
	}
	next[kind]++
	return paths[next[kind]%len(paths)]
}

// batch puts pairs together that do not touch the same page, nor the site as a whole
// by the same rule.
func batch(list []placed, each bool) [][]placed {
	var out [][]placed
	for _, p := range list {
		i := slices.IndexFunc(out, func(b []placed) bool {
			return !each && !slices.ContainsFunc(b, func(q placed) bool { return p.path == q.path && (p.kind != "" || q.kind != "" || p.rule == q.rule) })
		})
		if i < 0 {
			i, out = len(out), append(out, nil)
		}
		out[i] = append(out[i], p)
	}
	return out
}

func findings(r gate.Report) []domain.Finding {
	var out []domain.Finding
	for _, g := range r.Gates {
		out = append(out, g.Findings...)
	}
	return out
}

// plantBad plants faults in a copy of the site and returns how many are found.
func plantBad(t *testing.T, s *sitetest.Site, list []placed) int {
	t.Helper()
	g := newGarden(t, s)
	for _, p := range list {
		p.bad(plant{g, p.path})
		if g.fault != "" {
			t.Fatalf("%s/%s: %s", p.rule, p.name, g.fault)
		}
	}
	found, n := findings(g.check(t)), 0
	for _, p := range list {
		hit := slices.ContainsFunc(found, func(f domain.Finding) bool {
			return f.Rule == p.rule && f.Severity != domain.GatePass && (p.kind == "" || f.Page == p.path)
		})
		if hit {
			n++
			continue
		}
		t.Errorf("%s/%s on %s is not found; there: %s", p.rule, p.name, p.path, on(found, p.path))
	}
	return n
}

// plantGood plants harmless changes and returns how many raise no alarm.
func plantGood(t *testing.T, s *sitetest.Site, list []placed) int {
	t.Helper()
	g := newGarden(t, s)
	for _, p := range list {
		before := g.snapshot(p.path)
		p.good(plant{g, p.path})
		if g.fault != "" {
			t.Fatalf("%s/%s, clean: %s", p.rule, p.name, g.fault)
		}
		if g.same(before, p.path) {
			t.Errorf("%s/%s, clean: nothing was changed", p.rule, p.name)
		}
	}
	found, n := findings(g.check(t)), 0
	for _, p := range list {
		if slices.ContainsFunc(found, func(f domain.Finding) bool { return f.Page == p.path || p.kind == "" && f.Page == "" }) {
			t.Errorf("%s/%s, clean, on %s raises an alarm: %s", p.rule, p.name, p.path, on(found, p.path))
			continue
		}
		n++
	}
	for _, f := range found {
		if !slices.ContainsFunc(list, func(p placed) bool { return p.path == f.Page }) {
			t.Errorf("clean twins raise an alarm elsewhere: %+v", f)
		}
	}
	return n
}

// on lists the findings of a page and of the site as a whole.
func on(found []domain.Finding, path string) string {
	out := ""
	for _, f := range found {
		if f.Page == path || f.Page == "" {
			out += fmt.Sprintf("\n    %s %s %s: %s", f.Severity, f.Rule, f.Page, f.Message)
		}
	}
	return out
}
