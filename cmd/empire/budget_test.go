package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRemoteBudgets sets budgets and prices through a server; what it shows is what
// its data directory shows.
func TestRemoteBudgets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	environ := server(t, dir)
	remote := func(line string) outcome { return commandEnv(t, environ, append(strings.Fields(line), "--json")...) }
	var b budgetView
	remote("budget create --name articles --period month --time-zone Europe/Berlin --limit 5.00 --pipeline launch_website --degrade-at 80 --on-limit ask").done(t).decode(t, &b)
	if b.Limit.Minor != 500 || b.Limit.Currency != "USD" || b.Scope.Pipeline != "launch_website" || b.DegradeAt != 80 || b.OnLimit != "ask" || b.Current.End == nil {
		t.Errorf("created: %+v", b)
	}
	remote("budget update articles --limit 6.50 --on-limit fail").done(t).decode(t, &b)
	if b.Limit.Minor != 650 || b.OnLimit != "fail" || b.DegradeAt != 80 {
		t.Errorf("changed: %+v", b)
	}
	remote("budget raise articles --by 1.25").done(t).decode(t, &b)
	if b.Current.RaisedMicros != 1_250_000 || b.Current.LeftMicros != 7_750_000 || b.Limit.Minor != 650 {
		t.Errorf("raised: %+v", b)
	}
	var p priceView
	remote("price set openai gpt-6-luna --input 0.10 --cached-input 0.01 --output 0.50 --from 2026-03-01").done(t).decode(t, &p)
	if p.InputMicros != 100_000 || p.CachedInputMicros != 10_000 || p.CacheWriteMicros != 100_000 || p.OutputMicros != 500_000 || p.EffectiveFrom.Month() != 3 {
		t.Errorf("price: %+v", p)
	}
	for _, line := range []string{
		"budget list", "budget list --limit 1 --offset 1", "budget spending --by agent --from 2026-03-01 --to 2026-04-01", "budget raise nothing --by 1.00",
		"budget raise articles --by 0.00", "budget create --name articles --period day --limit 1.00", "budget create --name x --period day --limit 1.00 --site nowhere.example",
		"budget create --name y --period day --limit 1.00 --currency EUR", "price list", "price set openai m --input 1 --output 1 --currency EUR",
		"price resettle openai gpt-6-luna --from 2026-03-01 --to 2026-04-01", "price resettle openai unheard-of --from 2026-03-01",
		"budget delete nothing",
	} {
		var r, l any
		there, here := remote(line), command(t, append(strings.Fields(line), "--json", "--data", dir)...)
		there.decode(t, &r)
		here.decode(t, &l)
		if diff := cmp.Diff(l, r); (diff != "" || there.code != here.code) && !strings.Contains(line, "0.00") { // whose range the server checks first
			t.Errorf("%s: codes %d and %d (-local +remote):\n%s", line, here.code, there.code, diff)
		}
		there, here = commandEnv(t, environ, strings.Fields(line)...), command(t, append(strings.Fields(line), "--data", dir)...)
		if there.out != here.out {
			t.Errorf("%s for people: local\n%s\nremote\n%s", line, here.out, there.out)
		}
	}
	remote("budget delete articles").done(t)
	if o := commandEnv(t, environ, "budget", "list").done(t); !strings.Contains(o.out, "no budgets") {
		t.Errorf("after deleting: %s", o.out)
	}
}
