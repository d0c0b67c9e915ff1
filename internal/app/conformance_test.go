package app_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// areas are the kinds of rows with how many each has, numbered from 1.
var areas = []struct {
	prefix string
	rows   int
}{
	{"AR-", 9}, {"GW-", 12}, {"AU-", 9}, {"EP-", 12}, {"WS-", 8}, {"AG-", 12}, {"OR-", 10}, {"PL-", 7}, {"OS-", 7}, {"WB-", 9},
	{"CO-", 7}, {"SE-", 3}, {"MO-", 3}, {"IN-", 10}, {"DB-", 9}, {"IX-", 7}, {"AN-", 3}, {"LE-", 3}, {"PF-", 12}, {"MG-", 7},
	{"RB-", 5}, {"RK-", 5}, {"MP-", 4}, {"DP-", 1}, {"DC-", 3}, {"D", 15}, {"L", 28},
}

// expectedRows returns the ids of all rows.
func expectedRows() []string {
	var out []string
	for _, a := range areas {
		for n := 1; n <= a.rows; n++ {
			if strings.HasSuffix(a.prefix, "-") {
				out = append(out, fmt.Sprintf("%s%02d", a.prefix, n))
			} else {
				out = append(out, fmt.Sprintf("%s%d", a.prefix, n))
			}
		}
	}
	return out
}

// TestConformance holds docs/conformance.md against the tests that there are.
func TestConformance(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	tree := &sourceTree{root: filepath.Join("..", "..")}
	for _, fault := range conformanceFaults(string(doc), expectedRows(), tree.has) {
		t.Error(fault)
	}
}

var (
	rowID   = regexp.MustCompile(`^(?:[A-Z]{2}-\d{2}|[DL]\d{1,2})$`)
	quoted  = regexp.MustCompile("`([^`]+)`")
	testRef = regexp.MustCompile(`^((?:internal|cmd)/[a-z0-9/]+) ((?:Test|Fuzz|Benchmark)\w*)(?:/\S+)?$`)
	command = regexp.MustCompile(`^(?:(make) ([a-z-]+)|(\.ci/run))$`)
)

// conformanceFaults says what is wrong with the tables of the document. has reports
// whether a package has a test function, a Makefile a target ("make" as package) or
// the repository a script ("" as function).
func conformanceFaults(doc string, ids []string, has func(where, name string) bool) []string {
	var faults []string
	seen := map[string]bool{}
	for line := range strings.Lines(doc) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if !strings.HasPrefix(line, "| ") || cells[0] == "id" || strings.HasPrefix(cells[0], "---") {
			continue
		}
		id := cells[0]
		switch {
		case len(cells) != 4:
			faults = append(faults, fmt.Sprintf("row %s has %d cells, want 4", id, len(cells)))
		case !rowID.MatchString(id) || !slices.Contains(ids, id):
			faults = append(faults, fmt.Sprintf("row %q is not expected", id))
		case seen[id]:
			faults = append(faults, "row "+id+" is there twice")
		default:
			seen[id] = true
			for _, f := range rowFaults(cells[1], cells[2], cells[3], has) {
				faults = append(faults, "row "+id+" "+f)
			}
		}
	}
	for _, id := range ids {
		if !seen[id] {
			faults = append(faults, "row "+id+" is missing")
		}
	}
	return faults
}

func rowFaults(text, proof, state string, has func(where, name string) bool) []string {
	var faults []string
	if text == "" {
		faults = append(faults, "has no text")
	}
	names := quoted.FindAllStringSubmatch(proof, -1)
	missing, partly := strings.CutPrefix(state, "partly: ")
	switch {
	case partly && strings.TrimSpace(missing) == "":
		faults = append(faults, "does not say what is missing")
	case state == "open" && proof != "":
		faults = append(faults, "is open and names a proof")
	case state != "met" && state != "open" && !partly:
		faults = append(faults, fmt.Sprintf("has the state %q, want met, open or what is missing after \"partly: \"", state))
	case state != "open" && len(names) == 0:
		faults = append(faults, "claims something and names nothing")
	}
	for _, n := range names {
		if ref := testRef.FindStringSubmatch(n[1]); ref != nil {
			if !has(ref[1], ref[2]) {
				faults = append(faults, "names "+n[1]+", which does not exist")
			}
		} else if ref := command.FindStringSubmatch(n[1]); ref == nil {
			faults = append(faults, "names "+n[1]+", which is neither a test nor a command of this repository")
		} else if !has(ref[1]+ref[3], ref[2]) {
			faults = append(faults, "names the command "+n[1]+", which does not exist")
		}
	}
	if rest := strings.Trim(quoted.ReplaceAllString(proof, ""), ", "); rest != "" {
		faults = append(faults, fmt.Sprintf("has %q beside its proofs", rest))
	}
	return faults
}

// sourceTree knows the tests and commands of the repository.
type sourceTree struct {
	root  string
	mu    sync.Mutex
	tests map[string]map[string]bool // by package, read once
}

func (s *sourceTree) has(where, name string) bool {
	switch where {
	case "make":
		makefile, err := os.ReadFile(filepath.Join(s.root, "Makefile"))
		return err == nil && strings.Contains("\n"+string(makefile), "\n"+name+":")
	case ".ci/run":
		info, err := os.Stat(filepath.Join(s.root, ".ci", "run"))
		return err == nil && info.Mode()&0o100 != 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tests[where] == nil {
		if s.tests == nil {
			s.tests = map[string]map[string]bool{}
		}
		s.tests[where] = testFunctions(filepath.Join(s.root, filepath.FromSlash(where)))
	}
	return s.tests[where][name]
}

// testFunctions returns the test functions in a folder, as the go tool sees them.
func testFunctions(dir string) map[string]bool {
	out := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return out
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Type.Params.NumFields() == 1 {
				out[fn.Name.Name] = true
			}
		}
	}
	return out
}

// TestConformanceFindsFaults gives the check tables that claim too much.
func TestConformanceFindsFaults(t *testing.T) {
	t.Parallel()
	has := func(where, name string) bool {
		return where == "internal/app" && name == "TestDemo" || where == "make" && name == "bench" || where == ".ci/run"
	}
	for _, tt := range []struct{ name, row, want string }{
		{"met", "| AR-01 | starts | `internal/app TestDemo`, `make bench`, `.ci/run` | met |", ""},
		{"one case of a test", "| AR-01 | starts | `internal/app TestDemo/sqlite` | met |", ""},
		{"partly", "| AR-01 | starts | `internal/app TestDemo` | partly: on Mondays only |", ""},
		{"open", "| AR-01 | starts | | open |", ""},
		{"missing", "", "row AR-01 is missing"},
		{"unknown row", "| AR-01 | starts | | open |\n| AR-77 | flies | | open |", `row "AR-77" is not expected`},
		{"twice", "| AR-01 | starts | | open |\n| AR-01 | starts | | open |", "row AR-01 is there twice"},
		{"unknown test", "| AR-01 | starts | `internal/app TestNothing` | met |", "which does not exist"},
		{"unknown package", "| AR-01 | starts | `internal/nowhere TestDemo` | partly: a lot |", "which does not exist"},
		{"unknown target", "| AR-01 | starts | `make gold` | met |", "which does not exist"},
		{"no test", "| AR-01 | starts | | met |", "names nothing"},
		{"partly without a test", "| AR-01 | starts | | partly: a lot |", "names nothing"},
		{"partly without a gap", "| AR-01 | starts | `internal/app TestDemo` | partly |", "has the state"},
		{"open with a test", "| AR-01 | starts | `internal/app TestDemo` | open |", "is open and names a proof"},
		{"a promise", "| AR-01 | starts | by design | met |", "names nothing"},
		{"a promise beside a test", "| AR-01 | starts | `internal/app TestDemo` and more | met |", `has "and more" beside`},
		{"another command", "| AR-01 | starts | `rm -r x` | met |", "neither a test nor a command"},
		{"without text", "| AR-01 | | | open |", "has no text"},
		{"cells", "| AR-01 | starts | open |", "has 3 cells"},
	} {
		faults := conformanceFaults("| id | what | proof | state |\n| --- | --- | --- | --- |\n"+tt.row+"\n", []string{"AR-01"}, has)
		if got := strings.Join(faults, "\n"); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
