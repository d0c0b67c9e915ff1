package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/testkit"
)

// TestJSON runs every command with --json: standard output is one JSON value and
// nothing else, whether it succeeds or fails.
func TestJSON(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	dir := demoData(t)
	o := ids(t, dir)
	programs := filepath.Join(t.TempDir(), "programs.csv")
	keywords := filepath.Join(t.TempDir(), "keywords.csv")
	weekly, faulty := filepath.Join(t.TempDir(), "weekly.yaml"), filepath.Join(t.TempDir(), "faulty.yaml")
	links, visits := filepath.Join(t.TempDir(), "links.csv"), filepath.Join(t.TempDir(), "access.log")
	goals := filepath.Join(t.TempDir(), "goals.json")
	for file, text := range map[string]string{
		programs: "network,advertiser_id,name,commission_percent\nawin,77,Shop,5\n",
		keywords: "keyword,volume\nespresso machine,1000\n",
		weekly:   "name: weekly\nparameters: [{name: n, type: number}]\nsteps: [{name: rest, wait: 1h}]\n",
		faulty:   "name: weekly\nsteps: [{name: rest}]\n",
		links:    "merchant,destination,slug\nShop,https://shop.example/k2,k2\n",
		goals:    `{"goals": [{"name": "Offer", "kind": "click", "target": ""}], "funnels": []}`,
		visits:   `192.0.2.1 - - [10/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 100 "-" "Mozilla/5.0"` + "\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// One after the other: several of them take the data directory.
	lines := []struct {
		line string
		code int
	}{
		{"site list", 0}, {"site show " + sampleSite, 0}, {"site audit " + sampleSite, 0}, {"site preview " + sampleSite, 0},
		{"site export " + sampleSite, 0}, {"site rollback " + sampleSite, 0}, {"site publish " + sampleSite + " --release " + o.release, 0},
		{"site show nowhere.example", 1}, {"site rollback nowhere.example", 1}, {"site publish " + sampleSite + " --release rel_none", 1},
		{"site diff " + sampleSite, 0}, {"site diff " + sampleSite + " --from 9", 1}, {"site verify " + sampleSite, 0}, {"site verify nowhere.example", 1},
		{"site deploy " + sampleSite + " --to folder:" + filepath.Join(t.TempDir(), "sites"), 0}, {"site deploy " + sampleSite, 2}, {"site deploy " + sampleSite + " --to ftp:x", 1},
		{"site bulk rebuild --all --dry-run", 0}, {"site bulk explode --all", 2}, {"site bulk archive", 2}, {"site bulk archive --state odd", 2}, {"site bulk archive --tag none", 1},
		{"site tag " + sampleSite + " de winter", 0}, {"site tag " + sampleSite, 0}, {"site tag " + sampleSite + " Ä", 1}, {"site bulk rollback --tag winter --detach", 0}, {"site bulk publish --tag de", 0},
		{"fleet batch list", 0}, {"fleet batch show bat_none", 1}, {"fleet batch show bat_none --state odd", 2}, {"fleet batch cancel bat_none", 1}, {"site tag " + sampleSite + " --none", 0}, {"site stats " + sampleSite, 0}, {"site stats " + sampleSite + " --period soon", 2},
		{"redirect set " + sampleSite + " /old-guide/ /", 0}, {"redirect set " + sampleSite + " old /", 1}, {"redirect list " + sampleSite, 0},
		{"redirect delete " + sampleSite + " /old-guide/", 0}, {"redirect delete " + sampleSite + " /old-guide/", 1},
		{"site restore " + sampleSite + " / --from 9", 1}, {"site retire " + sampleSite + " /nothing/ --reason x", 1}, {"site retirements " + sampleSite, 0}, {"site retirements nowhere.example", 1},
		{"site planned", 0}, {"site planned --cancel plan_none", 1}, {"edge hosts", 0}, {"analytics import " + visits + " --site " + sampleSite, 0},
		{"analytics portfolio", 0}, {"analytics portfolio --period soon", 2}, {"analytics websites --sort clicks", 0}, {"analytics websites --sort beauty", 2},
		{"analytics programs --period 12m", 0}, {"analytics goals " + sampleSite + " --set " + goals, 0}, {"analytics goals " + sampleSite + " --set " + programs, 1}, {"analytics goals nowhere.example", 1},
		{"analytics import " + visits + " --site " + sampleSite, 1}, {"analytics import " + visits + " --site nowhere.example", 1},
		{"link import " + links, 0}, {"link import /nowhere", 1}, {"link add https://shop.example/k3 --merchant Shop --slug k3", 0}, {"link add https://shop.example/k3", 1}, {"link list --query k3", 0},
		{"link list --state odd", 2}, {"alerts list", 0}, {"alerts list --state odd", 2}, {"alerts show alert_none", 1}, {"alerts ack alert_none", 1}, {"alerts rules list", 0}, {"alerts rules show latency", 0}, {"alerts rules show rule_none", 1},
		{"alerts rules set latency --threshold 800", 0}, {"alerts rules set latency", 2}, {"alerts rules set latency --threshold -1", 1}, {"alerts rules silence latency --for 1h", 0}, {"alerts rules silence latency", 2}, {"alerts rules reset latency", 0},
		{"alerts rules add budget --threshold 50 --channels none", 0}, {"alerts rules add odd", 1}, {"alerts rules delete latency", 1}, {"alerts deliveries", 0}, {"alerts deliveries --state odd", 2}, {"alerts test mail", 1}, {"alerts test pigeon", 2}, {"link show link_none", 1}, {"link health --dead", 0}, {"link health --state odd", 2}, {"link check link_none", 1}, {"link swaps", 0}, {"link swaps --state odd", 2}, {"link undo swap_none", 1}, {"link pause link_none", 1}, {"link set link_none --state closed", 1}, {"link outlinks", 0}, {"feed history feed_none 1", 1},
		{"run list", 0}, {"run list --site " + sampleSite + " --state completed", 0}, {"run show " + o.run, 0}, {"run show run_none", 1}, {"run timeline " + o.run, 0}, {"run timeline run_none", 1},
		{"run cancel " + o.run, 1}, {"run retry " + o.run, 1},
		{"run retry " + o.run + " --from nothing", 1},
		{"pipeline list", 0}, {"pipeline show launch_website", 0}, {"pipeline show weekly", 1}, {"pipeline apply " + weekly + " --check", 0}, {"pipeline apply " + weekly, 0},
		{"pipeline apply " + faulty, 1}, {"pipeline show weekly", 0}, {"pipeline run weekly --param n=3 --priority low", 0}, {"pipeline run weekly --param x=3", 1},
		{"schedule add nightly --pipeline weekly --every 6h", 0}, {"schedule add nightly --pipeline weekly --every 6h", 1}, {"schedule list", 0},
		{"schedule show sched_none", 1}, {"schedule update sched_none --disable", 1}, {"schedule delete sched_none", 1},
		{"pipeline delete weekly", 0}, {"pipeline delete weekly", 1},
		{"approval list", 0}, {"approval list --all", 0}, {"approval show " + o.approval, 0}, {"approval show appr_none", 1},
		{"approval list --state expired --kind raise_budget --run run_none --site " + sampleSite, 0}, {"approval log", 0}, {"approval verify-log", 0},
		{"approval approve " + o.approval, 1}, {"approval reject " + o.approval + " --reason late", 1},
		{"agent list", 0}, {"agent show website_builder", 0}, {"agent show nobody", 1},
		{"agent create counter --task-type count --capability counting", 0}, {"agent create counter --task-type count", 1}, {"agent create Counter! --task-type count", 1},
		{"agent update counter --name Counter --concurrency 4", 0}, {"agent update opportunity_scanner --config {\"timeout_seconds\":600}", 0},
		{"agent update opportunity_scanner --config {\"timeout_seconds\":0}", 1}, {"agent delete opportunity_scanner", 1}, {"agent delete counter --drain", 0}, {"agent delete counter", 1},
		{"agent task opportunity_scanner market_scan --params {\"topic\":\"unicorns\"}", 0},
		{"agent task opportunity_scanner market_scan --params {\"topic\":\"robot_vacuums\"}", 0},
		{"launch --niche unicorns --domain unicorns.example", 1}, {"launch --niche x --domain " + sampleSite, 1}, {"site build nowhere.example", 1},
		{"import feed /nowhere/feed.csv", 1}, {"import feed " + dir, 1}, {"import feed " + programs, 1},
		{"search keyboards --kind product", 0}, {"feed delete nothing", 1}, {"import chroma /nowhere/dump.jsonl", 1}, {"import chroma " + keywords, 1},
		{"graph show", 0}, {"graph sources", 0}, {"graph sources site:none", 1}, {"graph communities --limit 2", 0}, {"graph rank --by degree --limit 3", 0},
		{"graph rank --by beauty", 2}, {"graph stale", 0}, {"graph node niche:none", 1}, {"graph path brand:a brand:b", 1}, {"graph export", 0},
		{"graph forget import:none --dry-run", 1}, {"import graph /nowhere.json", 1}, {"import graph " + programs, 1}, {"import trends /nowhere.csv", 1},
		{"scan robot_vacuums", 0}, {"scan", 0}, {"trends robot_vacuums", 0}, {"trends robot_vacuums --period soon", 2},
		{"opportunity list", 0}, {"opportunity show opp_none", 1}, {"research robot_vacuums --depth quick", 0}, {"research robot_vacuums --depth bottomless", 2},
		{"evidence verify", 0}, {"evidence verify snap_none", 1},
		{"bench duplicates --websites 6 --pages 20 --words 60", 0}, {"duplicates", 0}, {"duplicates --threshold 0.9", 0}, {"duplicates --threshold 0.1", 2},
		{"site audit " + sampleSite + " --history", 0}, {"site audit " + sampleSite + " --release " + o.release, 0}, {"site audit " + sampleSite + " --release rel_none", 1},
		{"site audit " + sampleSite + " --history --release x", 2}, {"seo rules", 0}, {"seo keywords " + sampleSite, 0}, {"seo keywords nowhere.example", 1},
		{"seo conflicts", 0}, {"seo conflicts --limit 0", 2}, {"seo submissions", 0}, {"seo submissions nowhere.example", 1},
		{"fleet status", 0}, {"fleet freeze " + sampleSite + " --reason cliff", 0}, {"fleet freeze", 2}, {"fleet freeze nowhere.example --reason x", 1}, {"site build " + sampleSite, 1},
		{"fleet unfreeze " + sampleSite, 0}, {"fleet unfreeze", 1}, {"fleet change list", 0}, {"fleet change show chg_none", 1}, {"fleet change continue chg_none", 1},
		{"fleet change stop chg_none", 1}, {"fleet change start --reason x --canary 0", 2}, {"fleet change start --reason x --filter niche=nothing", 1},
		{"bench vectors --count 200 --dimension 16 --queries 5", 0},
		{"import programs " + programs, 0}, {"import programs " + keywords, 1}, {"import keywords " + keywords, 0}, {"import keywords /nowhere", 1},
		{"user list", 0}, {"user add editor@shop.example", 0}, {"user add editor@shop.example", 1}, {"user password editor@shop.example", 0},
		{"user password nobody@shop.example", 1}, {"user token editor@shop.example", 0}, {"user token nobody@shop.example", 1},
		{"user update editor@shop.example --name Ed --permission websites.manage", 0}, {"user update admin@localhost --permission agents.read", 1},
		{"user totp off editor@shop.example", 1}, {"user totp off nobody@shop.example", 1},
		{"apikey create --name n8n --scope websites.read", 0}, {"apikey create --user editor@shop.example --name n8n --scope agents.read", 1},
		{"apikey list", 0}, {"apikey list --user nobody@shop.example", 1}, {"apikey revoke key_none", 1}, {"apikey rotate key_none", 1},
		{"user delete editor@shop.example", 0}, {"user delete editor@shop.example", 1}, {"user delete admin@localhost", 1},
		{"agent message website_builder {\"a\":1} --priority high --ttl 1h", 0}, {"agent message nobody {\"a\":1}", 1}, {"agent inbox website_generator --state queued", 0},
		{"agent inbox nobody", 1}, {"dead-letter list --kind message --reason agent_not_found --open", 0}, {"dead-letter show dead_none", 1},
		{"dead-letter replay dead_none", 1}, {"orchestrator", 0},
		{"webhook list", 0}, {"webhook list --provider n8n --state failed", 0}, {"webhook show hook_none", 1}, {"webhook replay hook_none", 1},
		{"budget list", 0}, {"budget create --name articles --period day --limit 5.00", 0}, {"budget create --name articles --period day --limit 5.00", 1},
		{"budget update articles --limit 6.00 --degrade-at 80", 0}, {"budget raise articles --by 0.50", 0}, {"budget spending --by site", 0},
		{"budget raise nothing --by 1.00", 1}, {"budget delete articles", 0}, {"budget delete articles", 1},
		{"price list", 0}, {"price set openai gpt-6-luna --input 0.10 --output 0.50 --from 2026-03-01", 0}, {"price resettle openai gpt-6-luna --from 2026-06-01 --to 2026-06-02", 0},
		{"price resettle openai unheard-of --from 2026-06-01 --to 2026-06-02", 1},
		{"eval robots", 1}, {"eval nothing", 2}, {"config show", 0}, {"doctor", 0}, {"migrate status", 0}, {"migrate up", 0}, {"version", 0},
	}
	tried := map[string]bool{
		"demo": true, "serve": true, "bench api": true, "bench sockets": true, "bench messages": true, "bench edge": true, "bench events": true, "bench bare": true, "bench sites": true, "bench dashboard": true, "bench serve": true, // have tests of their own
	}
	for _, tt := range lines {
		t.Run(tt.line, func(t *testing.T) {
			args := strings.Fields(tt.line)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "robot_vacuums", "robot vacuums")
			}
			for path := range commands() {
				tried[path] = tried[path] || strings.HasPrefix(tt.line+" ", path+" ")
			}
			got := commandEnv(t, []string{"EMPIRE_LISTEN_API=127.0.0.1:0", "EMPIRE_LISTEN_EDGE=127.0.0.1:0"}, append(args, "--data", dir, "--json")...)
			if got.code != tt.code {
				t.Errorf("exit code %d, want %d\n%s%s", got.code, tt.code, got.out, got.errs)
			}
			var v any
			got.decode(t, &v)
		})
	}
	for path, c := range commands() {
		if !tried[path] && !c.HasSubCommands() && path != "help" && !strings.HasPrefix(path, "completion") {
			t.Errorf("empire %s was not tried", path)
		}
	}
}

// known are ids of things in the demo's data directory.
type known struct{ release, run, approval string }

func ids(t *testing.T, dir string) known {
	t.Helper()
	var sites []siteView
	command(t, "site", "list", "--json", "--data", dir).done(t).decode(t, &sites)
	var runs []runView
	command(t, "run", "list", "--json", "--data", dir).done(t).decode(t, &runs)
	var approvals []approvalView
	command(t, "approval", "list", "--all", "--json", "--data", dir).done(t).decode(t, &approvals)
	if len(sites) != 1 || sites[0].LiveRelease == nil || len(runs) != 2 || len(approvals) != 2 {
		t.Fatalf("the demo left %d sites, %d runs, %d approvals", len(sites), len(runs), len(approvals))
	}
	return known{string(*sites[0].LiveRelease), string(runs[0].ID), string(approvals[0].ID)}
}
