package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/app"
	"empire/internal/domain"
)

// TestWebhooks delivers to a running server, and shows and replays what came,
// through the server and on its data directory: the answers are the same.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	const token = "tests-0123456789abcdef"
	dir := t.TempDir()
	const address = "tests-awin-0123456789"
	config := write(t, "empire.yaml", "webhooks:\n  n8n: "+token+"\n  awin: "+address+"\n")
	p, at := serve(t, dir, "--config", config)
	environ := []string{"EMPIRE_URL=" + at.URL, "EMPIRE_TOKEN=" + command(t, "user", "token", app.AdminEmail, "--data", dir).done(t).out}

	if status := deliver(t, at.URL, "n8n/ping", token, "one"); status != http.StatusOK {
		t.Fatalf("ping: %d", status)
	}
	if status := deliver(t, at.URL, "n8n/unheard-of", token, "two\x1b[31m"); status != http.StatusBadRequest {
		t.Fatalf("an id that is not printable: %d", status)
	}
	if status := deliver(t, at.URL, "n8n/unheard-of", token, "two"); status != http.StatusOK {
		t.Fatalf("unknown type: %d", status)
	}
	for path, want := range map[string]int{
		"n8n/ping": http.StatusUnauthorized, "awin/wrong-" + token: http.StatusUnauthorized, "mailgun": http.StatusNotFound,
		"awin/" + address: http.StatusBadRequest, // it holds no transaction
	} {
		if status := deliver(t, at.URL, path, "wrong", "three"); status != want {
			t.Errorf("%s with a wrong token: %d, want %d", path, status, want)
		}
	}
	done := awaitWebhook(t, environ, "processed")
	ignored := awaitWebhook(t, environ, "ignored")
	failed := awaitWebhook(t, environ, "failed")
	for _, line := range []string{
		"webhook list", "webhook list --limit 1 --offset 1", "webhook list --provider n8n --state rejected", "webhook list --provider awin",
		"webhook show " + string(done), "webhook show " + string(failed), "webhook show hook_none",
		"webhook replay " + string(done), "webhook replay " + string(failed) + " --force", "webhook replay hook_none",
		"webhook list --state odd", "webhook list --provider odd", "webhook list --limit 0",
	} {
		remote := commandEnv(t, environ, strings.Fields(line+" --json")...)
		local := command(t, append(strings.Fields(line), "--json", "--data", dir)...)
		var r, l any
		remote.decode(t, &r)
		local.decode(t, &l)
		if diff := cmp.Diff(l, r); diff != "" || remote.code != local.code {
			t.Errorf("%s: codes %d and %d (-local +remote):\n%s", line, local.code, remote.code, diff)
		}
		if remote, local = commandEnv(t, environ, strings.Fields(line)...), command(t, append(strings.Fields(line), "--data", dir)...); remote.out != local.out {
			t.Errorf("%s for people: local\n%s\nremote\n%s", line, local.out, remote.out)
		}
	}
	var again webhookView
	commandEnv(t, environ, "webhook", "replay", string(ignored), "--json").done(t).decode(t, &again)
	if again.State != domain.WebhookStored {
		t.Errorf("replayed: %+v", again)
	}
	if got := awaitWebhook(t, environ, "ignored"); got != ignored {
		t.Errorf("ignored: %s, want %s", got, ignored)
	}
	command(t, "webhook", "replay", string(done), "--force", "--data", dir).done(t)
	awaitWebhook(t, environ, "processed")
	log := p.errs.String()
	for _, private := range []string{token, address, "private words"} {
		if strings.Contains(log, private) {
			t.Errorf("the log holds %s:\n%s", private, log)
		}
	}
	if !strings.Contains(log, "/webhooks/awin/{path...}") {
		t.Errorf("the log does not name the route:\n%s", log)
	}
}

// deliver calls a webhook as n8n does with header authentication.
func deliver(t *testing.T, base, path, token, id string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", strings.TrimSuffix(base, "/")+"/webhooks/"+path, strings.NewReader("private words"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain")
	r.Header.Set("X-Empire-Token", token)
	r.Header["X-Empire-Event-Id"] = []string{strings.ReplaceAll(id, "\x1b", "\u00a0")} // no control character passes the client
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// awaitWebhook returns the newest event in a state, once there is one.
func awaitWebhook(t *testing.T, environ []string, state string) domain.WebhookEventID {
	t.Helper()
	deadline := time.After(time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		var list []webhookView
		commandEnv(t, environ, "webhook", "list", "--state", state, "--json").done(t).decode(t, &list)
		if len(list) > 0 {
			return list[0].ID
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no event is %s", state)
		}
	}
}
