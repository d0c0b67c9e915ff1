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
	"cmd/empire":                            {"app", "bench", "config", "domain", "client", "eval"},
	"client":                                {},
	"examples/go-agent":                     {},
	"internal/tool/clientgen":               {},
	"internal/app":                          {"*"},
	"internal/testkit":                      {"*"},
	"internal/testkit/apifuzz":              {},
	"internal/testkit/acmeserver":           {},
	"internal/testkit/mailserver":           {},
	"internal/testkit/natsserver":           {},
	"internal/testkit/modelserver":          {"domain"},
	"internal/testkit/modelserver/cmd":      {"domain", "testkit/modelserver"},
	"internal/config":                       {},
	"internal/telemetry":                    {},
	"internal/domain":                       {},
	"internal/sqltx":                        {},
	"internal/api":                          {"domain"},
	"internal/web":                          {"domain"},
	"internal/gateway":                      {"domain"},
	"internal/gateway/proxy":                {"domain"},
	"internal/webhook":                      {"domain"},
	"internal/ws":                           {"domain"},
	"internal/auth":                         {"domain"},
	"internal/edge":                         {"domain"},
	"internal/certificate":                  {"domain"},
	"internal/deploy":                       {"domain"},
	"internal/service":                      {"domain", "sqltx", "pipeline", "cron"},
	"internal/cron":                         {},
	"internal/pipeline":                     {"domain", "sqltx", "pipeline/spec"},
	"internal/pipeline/spec":                {"domain"},
	"internal/pipeline/shipped":             {"domain", "parallel", "pipeline", "agent", "agent/*"},
	"internal/agent":                        {"domain", "intelligence/*"},
	"internal/agent/opportunity":            {"agent", "domain", "intelligence/*"},
	"internal/agent/content":                {"agent", "domain", "intelligence/*"},
	"internal/agent/website":                {"agent", "domain", "intelligence/*", "sitegen"},
	"internal/agent/seo":                    {"agent", "domain", "parallel", "intelligence/*", "audit/seo"},
	"internal/agent/monetization":           {"agent", "domain", "intelligence/*"},
	"internal/intelligence/nlp":             {"domain"},
	"internal/intelligence/match":           {"domain"},
	"internal/intelligence/twin":            {"domain", "intelligence/nlp"},
	"internal/intelligence/evidence":        {"domain"},
	"internal/intelligence/graph":           {"domain"},
	"internal/intelligence/learn":           {"domain"},
	"internal/intelligence/market":          {"domain", "intelligence/evidence", "intelligence/nlp"},
	"internal/intelligence/forecast":        {"domain"},
	"internal/intelligence/embed":           {"domain", "intelligence/nlp"},
	"internal/intelligence/search":          {"domain", "intelligence/embed", "intelligence/nlp", "intelligence/vector"},
	"internal/intelligence/vector":          {"domain"},
	"internal/intelligence/vector/embedded": {"domain", "sqltx", "intelligence/vector"},
	"internal/intelligence/vector/chroma":   {"domain", "integration/rest", "intelligence/vector"},
	"internal/intelligence/extract":         {},
	"internal/intelligence/demand":          {"domain", "intelligence/forecast"},
	"internal/intelligence/research":        {"domain", "intelligence/evidence", "intelligence/extract", "intelligence/nlp"},
	"internal/analytics":                    {"domain", "analytics/bot", "accesslog"},
	"internal/accesslog":                    {"domain"},
	"internal/analytics/bot":                {},
	"internal/catalog":                      {"domain", "intelligence/match", "intelligence/nlp"},
	"internal/sample":                       {"domain"},
	"internal/parallel":                     {},
	"internal/sitegen":                      {"domain", "parallel"},
	"internal/hugo":                         {"domain"},
	"internal/audit":                        {"domain", "parallel"},
	"internal/audit/seo":                    {"domain", "parallel", "audit"},
	"internal/audit/compliance":             {"domain", "parallel", "audit", "intelligence/nlp"},
	"internal/audit/gate":                   {"domain", "parallel", "audit", "audit/*", "intelligence/evidence", "intelligence/nlp"},
	"internal/release":                      {"domain"},
	"internal/store":                        {"domain", "sqltx"},
	"internal/jobs":                         {"domain", "sqltx"},
	"internal/bench":                        {},
	"internal/eval":                         {"domain", "intelligence/*", "catalog", "analytics/*", "eval/*", "agent/opportunity"},
	"internal/eval/xz":                      {},
	"internal/judge":                        {},
	"internal/proof":                        {},
	"internal/blob":                         {"domain"},
	"internal/bus":                          {"domain"},
	"internal/cache":                        {"domain"},
	"internal/intelligence/llm":             {"domain"},
	"internal/intelligence/llm/wire":        {"domain", "intelligence/llm", "integration/rest"},
	"internal/intelligence/llm/openai":      {"domain", "intelligence/llm", "intelligence/llm/wire", "integration/rest"},
	"internal/intelligence/llm/anthropic":   {"domain", "intelligence/llm", "intelligence/llm/wire", "integration/rest"},
	"internal/intelligence/llm/gemini":      {"domain", "intelligence/llm", "intelligence/llm/wire", "integration/rest"},
	"internal/intelligence/llm/cassette":    {"domain"},
	"internal/intelligence/llm/ensemble":    {"domain", "intelligence/llm", "intelligence/nlp"},
	"internal/integration/rest":             {"domain"},
	"internal/integration/awin":             {"domain"},
	"internal/integration/digistore24":      {"domain"},
	"internal/integration/fetch":            {"domain", "intelligence/extract"},
	"internal/integration/hook":             {"domain", "integration/rest"},
	"internal/integration/indexnow":         {"domain", "integration/rest"},
	"internal/integration/mail":             {"domain"},
	"internal/integration/mailgun":          {"domain"},
	"internal/integration/n8n":              {"domain"},
	"internal/integration/searxng":          {"domain", "integration/rest"},
	"internal/integration/sendgrid":         {"domain"},
}

// bare packages import nothing but the standard library and what the table says.
var bare = []string{"client", "internal/tool/clientgen", "internal/domain", "internal/parallel", "internal/sqltx", "internal/config", "internal/telemetry"}

// mayAlso are modules that a bare package needs all the same.
var mayAlso = map[string][]string{
	"internal/config":    {"github.com/knadh/koanf/", "github.com/go-viper/mapstructure/", "go.yaml.in/yaml/"},
	"internal/telemetry": {"github.com/prometheus/", "go.opentelemetry.io/otel"},
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
		seen[strings.TrimPrefix(fields[0], "empire/")] = true
		for _, fault := range layerFaults(fields[0], fields[1:]) {
			t.Error(fault)
		}
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("the table names %s, which does not exist", pkg)
		}
	}
}

// layerFaults says what is wrong with the imports of a package.
func layerFaults(path string, imports []string) []string {
	pkg := strings.TrimPrefix(path, "empire/")
	rules, known := allowed[pkg]
	if !known {
		if strings.HasSuffix(pkg, "test") { // suites that other packages' tests run
			return nil
		}
		return []string{"package " + pkg + " has no line in the table of layers"}
	}
	var faults []string
	for _, imported := range imports {
		ours, ok := strings.CutPrefix(imported, "empire/internal/")
		if imported == "empire/client" { // for programs outside, and for our own command
			ours, ok = "client", true
		}
		if ok && !permitted(rules, ours) {
			faults = append(faults, pkg+" imports "+ours+", which its layer does not allow")
		}
		if !ok && slices.Contains(bare, pkg) && !standard(imported) && !slices.ContainsFunc(mayAlso[pkg], func(p string) bool { return strings.HasPrefix(imported, p) }) {
			faults = append(faults, pkg+" imports "+imported+", but may import the standard library only")
		}
	}
	return faults
}

// standard reports whether a package is of the standard library: the others begin
// with a host name.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// TestLayersFindFaults gives the check imports that break the rules.
func TestLayersFindFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pkg, imported string
		faults        int
	}{
		{"internal/service", "empire/internal/domain", 0},
		{"internal/service", "empire/internal/api", 1},             // from the core to a transport
		{"internal/pipeline", "empire/internal/web", 1},            // the same
		{"internal/api", "empire/internal/service", 1},             // a transport declares what it needs
		{"internal/service", "empire/internal/store", 1},           // adapters are plugged in
		{"internal/agent/seo", "empire/internal/agent/content", 1}, // siblings
		{"internal/agent/seo", "empire/internal/intelligence/nlp", 0},
		{"internal/domain", "net/url", 0},
		{"internal/domain", "github.com/google/uuid", 1},
		{"internal/config", "go.yaml.in/yaml/v3", 0},
		{"internal/brandnew", "fmt", 1},
		{"cmd/empire", "empire/client", 0},
		{"internal/service", "empire/client", 1},
		{"client", "empire/internal/domain", 1},
	} {
		if got := layerFaults("empire/"+tt.pkg, []string{tt.imported}); len(got) != tt.faults {
			t.Errorf("%s imports %s: %q, want %d faults", tt.pkg, tt.imported, got, tt.faults)
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
