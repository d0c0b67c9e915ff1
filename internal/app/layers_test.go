package app_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which packages of ours each package may import. "agent/*" stands for
// every package below agent. Arrows point down: nothing here may import a transport
// or app. A new package needs a line.
var allowed = map[string][]string{
	"cmd/empire":                     {"app", "config", "domain"},
	"internal/app":                   {"*"},
	"internal/testkit":               {"*"},
	"internal/config":                {},
	"internal/telemetry":             {},
	"internal/domain":                {},
	"internal/sqltx":                 {},
	"internal/api":                   {"domain"},
	"internal/web":                   {"domain"},
	"internal/gateway":               {"domain"},
	"internal/auth":                  {"domain"},
	"internal/edge":                  {"domain"},
	"internal/service":               {"domain", "sqltx", "pipeline"},
	"internal/pipeline":              {"domain", "sqltx"},
	"internal/pipeline/shipped":      {"domain", "pipeline", "agent", "agent/*"},
	"internal/agent":                 {"domain", "intelligence/*"},
	"internal/agent/opportunity":     {"agent", "domain", "intelligence/*"},
	"internal/agent/content":         {"agent", "domain", "intelligence/*"},
	"internal/agent/website":         {"agent", "domain", "intelligence/*", "sitegen"},
	"internal/agent/seo":             {"agent", "domain", "intelligence/*", "audit/seo"},
	"internal/agent/monetization":    {"agent", "domain", "intelligence/*"},
	"internal/intelligence/nlp":      {},
	"internal/intelligence/evidence": {"domain"},
	"internal/intelligence/market":   {"domain", "intelligence/evidence", "intelligence/nlp"},
	"internal/catalog":               {"domain"},
	"internal/sample":                {"domain"},
	"internal/sitegen":               {"domain"},
	"internal/audit":                 {"domain"},
	"internal/audit/seo":             {"domain", "audit"},
	"internal/audit/compliance":      {"domain", "audit", "intelligence/nlp"},
	"internal/audit/gate":            {"domain", "audit", "audit/*", "intelligence/evidence", "intelligence/nlp"},
	"internal/release":               {"domain"},
	"internal/store":                 {"domain", "sqltx"},
	"internal/jobs":                  {"domain", "sqltx"},
	"internal/blob":                  {"domain"},
	"internal/bus":                   {"domain"},
}

// TestLayers compares the imports of every package with the table.
func TestLayers(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "empire/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], "empire/")
		seen[pkg] = true
		rules, known := allowed[pkg]
		if !known {
			if strings.HasSuffix(pkg, "test") { // suites that other packages' tests run
				continue
			}
			t.Errorf("package %s has no line in the table of layers", pkg)
			continue
		}
		for _, imported := range fields[1:] {
			ours, ok := strings.CutPrefix(imported, "empire/internal/")
			if ok && !permitted(rules, ours) {
				t.Errorf("%s imports internal/%s, which its layer does not allow", pkg, ours)
			}
		}
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("the table names %s, which does not exist", pkg)
		}
	}
}

func permitted(rules []string, imported string) bool {
	if slices.Contains(rules, "*") || slices.Contains(rules, imported) {
		return true
	}
	for _, r := range rules {
		if prefix, ok := strings.CutSuffix(r, "*"); ok && strings.HasPrefix(imported, prefix) {
			return true
		}
	}
	return false
}
