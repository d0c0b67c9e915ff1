package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestResearch asks about a topic on a data directory, and proves the report there and
// through a server.
func TestResearch(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<html lang="en"><head><title>Espresso machines</title></head><body><article><p>Most espresso machines press water through the coffee with a pressure of 9 bar. An espresso machine is a device that brews coffee under pressure. The water in espresso machines should have about 93 °C when it meets the coffee.</p></article></body></html>`))
	}))
	t.Cleanup(page.Close)
	dir := t.TempDir()
	environ := []string{"EMPIRE_RESEARCH_URLS=" + page.URL + "/a", "EMPIRE_RESEARCH_ALLOW=127.0.0.1", "EMPIRE_RESEARCH_INTERVAL=0s"}
	var r researchView
	commandEnv(t, environ, "research", "espresso machines", "--depth", "quick", "--competitors", "--json", "--data", dir).done(t).decode(t, &r)
	if r.Status != "completed" || len(r.Claims) < 2 || r.Competitors == nil || r.Sentiment != nil || r.Duration <= 0 || len(r.Sources) != 1 {
		t.Errorf("report = %+v", r)
	}
	people := commandEnv(t, environ, "research", "espresso machines", "--depth", "quick", "--data", dir).done(t)
	if !strings.Contains(people.out, "9 bar") || !strings.Contains(people.out, "No model is configured") || !strings.Contains(people.out, page.URL) {
		t.Errorf("for people: %s", people.out)
	}
	for _, line := range []string{"evidence verify", "evidence verify " + string(r.ID), "evidence verify " + string(r.Evidence[0].Snapshot)} {
		var v struct {
			Intact bool `json:"intact"`
			Spans  int  `json:"spans"`
		}
		command(t, append(strings.Fields(line), "--json", "--data", dir)...).done(t).decode(t, &v)
		if !v.Intact || v.Spans == 0 {
			t.Errorf("%s: %+v", line, v)
		}
	}
	remote := server(t, dir)
	if o := commandEnv(t, remote, "evidence", "verify", string(r.ID)).done(t); !strings.Contains(o.out, "Nothing is damaged") {
		t.Errorf("through a server: %s", o.out)
	}
	commandEnv(t, remote, "research", "espresso machines", "--depth", "quick", "--json").done(t).decode(t, &r)
	if r.Status != "completed" || len(r.Gaps) == 0 {
		t.Errorf("a server without sources: %+v", r)
	}
	for _, args := range [][]string{{"research"}, {"research", " "}, {"research", "tea", "--depth", "shallow"}, {"research", "tea", "--language", "fr"}, {"evidence", "verify", "x"}} {
		if o := command(t, append(args, "--data", dir)...); o.code != 2 {
			t.Errorf("%q: code %d, %s", args, o.code, o.errs)
		}
	}
}
