package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"sites", "did you mean site"},
		{"site", "needs one of the commands"},
		{"site lists", "did you mean list"},
		{"import", "needs one of the commands"},
		{"serve --prot 80", "unknown flag: --prot"},
		{"site list --limit many", "invalid argument"},
		{"site list --limit 0", "--limit"},
		{"site list --offset -1", "--offset"},
		{"site list extra", `"extra"`},
		{"site show", "needs SITE"},
		{"site show a b", `"b"`},
		{"site publish a", "needs --release"},
		{"run show", "needs RUN"},
		{"run timeline", "needs RUN"},
		{"run list --state done", "queued, running"},
		{"pipeline", "needs one of the commands apply, delete, list, run, show"},
		{"pipeline show", "needs NAME"},
		{"pipeline apply", "needs FILE"},
		{"pipeline run p --param x", "--param"},
		{"pipeline run p --priority urgent", "--priority"},
		{"schedule add n --pipeline p", "--cron or --every"},
		{"schedule add n --pipeline p --every 1h --overlap maybe", "--overlap"},
		{"schedule update sched_x", "something to change"},
		{"schedule update sched_x --enable --disable", "--enable or --disable"},
		{"approval approve", "needs APPROVAL"},
		{"approval list --state done", "pending, approved"},
		{"approval list --state void --all", "not both"},
		{"approval reject appr_x", "needs --reason"},
		{"agent task opportunity_scanner", "needs TYPE"},
		{"agent create counter", "--task-type"}, {"agent create", "needs AGENT"}, {"agent create c --task-type x --config [1]", "JSON object"},
		{"agent task", "needs AGENT and TYPE"},
		{"agent task a b --params [1]", "JSON object"},
		{"agent message a", "needs JSON"},
		{"agent message a [1]", "JSON object"},
		{"agent message a {} --priority urgent", "normal or high"},
		{"agent message a {} --ttl 0s", "--ttl"},
		{"agent inbox a --state odd", "queued, handled or dead"},
		{"dead-letter list --kind odd", "message or task"},
		{"dead-letter list --reason odd", "agent_not_found"},
		{"dead-letter", "needs one of the commands list, replay, show"},
		{"launch --niche chairs", "needs --niche and --domain"},
		{"demo --feed x.csv", "--niche and --domain"},
		{"demo --language fr", "en or de"},
		{"import feed", "needs FILE"},
		{"import keywords x --language fr", "en or de"},
		{"user add a@shop.example --permission all", "admin.full"},
		{"user add a@shop.example --tenant Acme!", "--tenant"},
		{"user update a@shop.example", "--name or --permission"},
		{"user update a@shop.example --permission all", "admin.full"},
		{"user delete", "needs EMAIL"},
		{"user totp", "needs one of the commands off"},
		{"user totp off", "needs EMAIL"},
		{"user password", "needs EMAIL"},
		{"apikey", "needs one of the commands create, list, revoke, rotate"},
		{"apikey create --name x", "--scope"},
		{"apikey create --name x --scope all", "admin.full"},
		{"apikey create --name x --scope websites.read --expires soon", "--expires"},
		{"budget create --name x", "needs --name, --period and --limit"},
		{"budget create --name x --period week --limit 5.00", "day, month, total"},
		{"budget create --name x --period day --limit 5.001", "--limit"},
		{"budget create --name x --period day --limit 5.00 --on-limit stop", "pause, ask, fail"},
		{"budget update articles", "--name, --limit"},
		{"budget raise articles", "needs --by"},
		{"budget spending --by colour", "site, pipeline"},
		{"budget spending --from monday", "--from"},
		{"budget delete", "needs BUDGET"},
		{"price set openai", "needs MODEL"},
		{"price set openai m", "needs --input and --output"},
		{"price set openai m --input 0.0000001 --output 1", "--input"},
		{"price resettle openai m", "needs --from"},
		{"apikey revoke", "needs KEY"},
		{"apikey rotate key_x --overlap 169h", "--overlap"},
	} {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			o := command(t, append(strings.Fields(tt.line), "--data", dir)...)
			if o.code != exitUsage || !strings.Contains(o.errs, tt.want) || !strings.HasPrefix(o.errs, "empire: ") {
				t.Errorf("code %d, %q; want 2 and %q", o.code, o.errs, tt.want)
			}
			if o.out != "" {
				t.Errorf("standard output: %q", o.out)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("wrong use made a data directory")
			}
			var v struct{ Error failure }
			command(t, append(strings.Fields(tt.line), "--data", dir, "--json")...).decode(t, &v)
			if v.Error.Code != codeUsage || !strings.Contains(v.Error.Message, tt.want) {
				t.Errorf("as JSON: %+v", v.Error)
			}
		})
	}
}

func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "empire.yaml")
	if err := os.WriteFile(file, []byte("listen:\n  port: 80\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, line, key string
		environ         []string
	}{
		{"unknown key in the file", "config show --config " + file, "listen.port", nil},
		{"no such file", "config show --config " + file + "x", file + "x", nil},
		{"unknown variable", "site list", "EMPIRE_LISTEN_PORT", []string{"EMPIRE_LISTEN_PORT=80"}},
		{"bad duration", "serve", "shutdown.timeout", []string{"EMPIRE_SHUTDOWN_TIMEOUT=soon"}},
		{"unknown role", "serve --role king", "role", nil},
		{"bad URL", "run list --pg mysql://localhost/x", "database.url", nil},
		{"bad log level of a quiet command", "agent list", "log.level", []string{"EMPIRE_LOG_LEVEL=loud"}},
		{"bad address", "demo --once --listen 8080", "listen.api", nil},
		{"short secret", "doctor", "auth.secret", []string{"EMPIRE_AUTH_SECRET=short"}},
		{"bad server", "site list", "EMPIRE_URL", []string{"EMPIRE_URL=server"}},
		{"server without token", "site list", "EMPIRE_TOKEN", []string{"EMPIRE_URL=http://127.0.0.1:1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := commandEnv(t, append(tt.environ, "EMPIRE_DATA="+t.TempDir()), strings.Fields(tt.line)...)
			if o.code != exitUsage || !strings.Contains(o.errs+o.out, tt.key) {
				t.Errorf("code %d; want 2 and %s named:\n%s%s", o.code, tt.key, o.out, o.errs)
			}
		})
	}
}

// TestNoData names what is wrong with a data directory in one line.
func TestNoData(t *testing.T) {
	t.Parallel()
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "empire.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, dir, want string }{
		{"damaged database", damaged, filepath.Join(damaged, "empire.db")},
		{"file in place of the directory", file, file},
	} {
		for _, line := range []string{"site list", "serve", "demo --once", "launch --niche a --domain b.example"} {
			t.Run(tt.name+"/"+line, func(t *testing.T) {
				t.Parallel()
				o := command(t, append(strings.Fields(line), "--data", tt.dir)...)
				if o.code != exitFailed || !strings.Contains(o.errs, tt.want) || strings.Count(o.errs, "\n") != 1 {
					t.Errorf("code %d: %q; want 1 and one line with %s", o.code, o.errs, tt.want)
				}
			})
		}
	}
}

// TestSecondProcess refuses to serve a data directory twice.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	serve(t, dir)
	for _, line := range []string{"serve", "demo --once"} {
		o := command(t, append(strings.Fields(line), "--data", dir)...)
		if o.code != exitFailed || !strings.Contains(o.errs, "is locked by pid") || !strings.Contains(o.errs, "--data") {
			t.Errorf("%s: code %d, %q", line, o.code, o.errs)
		}
	}
	command(t, "site", "list", "--data", dir).done(t)
}
