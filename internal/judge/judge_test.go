package judge_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/tabwriter"

	"empire/internal/testkit"
)

// kinds are the kinds of page that Lighthouse looks at.
var kinds = []string{"home", "guide", "comparison", "product"}

// TestJudges builds sites, serves them and lets all judges look at them. Its log is a
// table of the scores.
func TestJudges(t *testing.T) {
	if testkit.Race {
		t.Skip("the judges look at another process; the gate runs them without the race detector")
	}
	judgeFile(t, "axe-core/axe.min.js") // before anything is built
	long := os.Getenv("EMPIRE_TEST_JUDGE_SITES") == "all"
	list := orders[:1]
	if long {
		list = orders
	}
	sites := build(t, list)
	table := &strings.Builder{}
	w := tabwriter.NewWriter(table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "site\tpage\tform\tperformance\taccessibility\tbest practices\tseo")
	for i := range sites {
		s := &sites[i]
		t.Run(s.Domain, func(t *testing.T) {
			s.validate(t)
			bad, checks := s.inBrowser(t)
			if os.Getenv("EMPIRE_TEST_JUDGE_SCORES") != "off" {
				s.lighthouse(t, w, long)
			}
			fmt.Fprintf(w, "%s\t%d pages\taxe\t%d violations in %d checks\t\t\t\n", s.Domain, len(s.pages), bad, checks)
		})
	}
	_ = w.Flush()
	t.Logf("\n%s", table)
}

// lighthouse adds the scores of one page of each kind to the table.
func (s *site) lighthouse(t *testing.T, w *tabwriter.Writer, long bool) {
	t.Helper()
	for _, p := range s.longest(kinds...) {
		for _, form := range []string{"desktop", "mobile"} {
			scores, faults := lighthouse(t, s.address(p), form, !long)
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\n", s.Domain, p.path, form, scores[0], scores[1], scores[2], scores[3])
			for c, name := range categories {
				if scores[c] < floors[form][c] {
					t.Errorf("%s %s: %s is %d, want %d\n  %s", p.path, form, name, scores[c], floors[form][c], strings.Join(faults, "\n  "))
				}
			}
		}
	}
}

// validate runs both checkers of HTML over all pages.
func (s *site) validate(t *testing.T) {
	t.Helper()
	var files []string
	for _, p := range s.pages {
		files = append(files, p.file)
		if p.bytes > maxPage {
			t.Errorf("%s has %d bytes, want at most %d", p.path, p.bytes, maxPage)
		}
	}
	testkit.CheckHTML(t, files)
	config := t.TempDir() + "/htmlvalidate.json"
	if err := os.WriteFile(config, []byte(`{"root": true, "extends": ["html-validate:recommended"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{judgeFile(t, "html-validate/bin/html-validate.mjs"), "--config", config, "--formatter", "text", "--max-warnings", "0"}, files...)
	if out, err := exec.CommandContext(t.Context(), testkit.Look(t, "node"), args...).CombinedOutput(); err != nil {
		t.Errorf("html-validate: %v\n%.6000s", err, out)
	}
}
