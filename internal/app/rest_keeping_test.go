package app_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"empire/internal/app"
)

// keptSite is a website as the API shows it.
type keptSite struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Title    string `json:"title"`
	Operator struct {
		Phone string `json:"phone"`
	} `json:"operator"`
}

// TestKeepWebsitesOverHTTP walks a website that was added by hand through its life
// on both databases, with conditions through the whole gateway, and reads it in the
// log.
func TestKeepWebsitesOverHTTP(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a *app.App, c *caller) {
		importSample(t, a)
		var site keptSite
		made := c.want("POST", "/api/v1/websites", map[string]any{"domain": "kept.example", "niche": "office chairs", "title": "Chairs"}, http.StatusCreated, &site)
		place := "/api/v1/websites/" + site.ID
		if made.header.Get("Location") != place || site.State != "draft" {
			t.Fatalf("added %+v at %s", site, made.header.Get("Location"))
		}
		c.want("POST", "/api/v1/websites", map[string]any{"domain": "kept.example", "niche": "office chairs"}, http.StatusConflict, nil)
		c.want("GET", place+"/export", nil, http.StatusConflict, nil)
		tag := c.want("GET", place, nil, http.StatusOK, nil).header.Get("ETag")
		if tag != made.header.Get("ETag") || tag == "" {
			t.Errorf("ETag = %q, after adding it %q", tag, made.header.Get("ETag"))
		}
		patch := map[string]any{"title": "Better chairs", "operator": map[string]any{"phone": "+49 30 7654321"}}
		next := c.want("PATCH", place, patch, http.StatusOK, &site, "If-Match", tag)
		if site.Title != "Better chairs" || site.Operator.Phone != "+49 30 7654321" {
			t.Errorf("changed to %+v", site)
		}
		c.want("PATCH", place, patch, http.StatusPreconditionFailed, nil, "If-Match", tag)
		if got := c.do("GET", place, nil, "If-None-Match", next.header.Get("ETag")); got.status != http.StatusNotModified || len(got.body) != 0 {
			t.Errorf("the present state again: %d %s", got.status, got.body)
		}
		c.publishKept(place)
		export := c.want("GET", place+"/export", nil, http.StatusOK, nil)
		z, err := zip.NewReader(bytes.NewReader(export.body), int64(len(export.body)))
		if err != nil || len(z.File) < 10 || !strings.Contains(export.header.Get("Content-Disposition"), "kept.example-1.zip") {
			t.Fatalf("archive of %d bytes: %v, %v", len(export.body), err, export.header)
		}
		c.want("DELETE", place, nil, http.StatusConflict, nil)
		var results []struct {
			Status int `json:"status"`
		}
		c.want("POST", "/api/v1/websites/bulk", map[string]any{"action": "archive", "ids": []string{site.ID, "site_0"}}, http.StatusOK, &results)
		if len(results) != 2 || results[0].Status != 200 || results[1].Status != 404 {
			t.Errorf("results = %+v", results)
		}
		c.want("DELETE", place, nil, http.StatusNoContent, nil)
		c.want("GET", place, nil, http.StatusNotFound, nil)
		c.checkKeptLog(site.ID)
	})
}

// publishKept builds a website and approves it.
func (c *caller) publishKept(place string) {
	c.t.Helper()
	var run runAnswer
	started := c.want("POST", place+"/rebuild", nil, http.StatusAccepted, &run)
	c.want("POST", place+"/rebuild", nil, http.StatusConflict, nil)
	c.until("the question", started.header.Get("Location"), &run, func() bool { return run.Status == "waiting" || run.Status == "failed" })
	c.decide(&run, "approve", "")
	if run.Status != "completed" {
		c.t.Fatalf("the run %s", run.Status)
	}
}

// checkKeptLog wants the log to tell the life of a website without a gap, newest
// first, and the same as a file.
func (c *caller) checkKeptLog(id string) {
	c.t.Helper()
	var log []struct {
		Seq    int64   `json:"seq"`
		Action string  `json:"action"`
		Before *string `json:"before"`
		After  *string `json:"after"`
	}
	c.want("GET", "/api/v1/audit?object="+id, nil, http.StatusOK, &log)
	var actions []string
	var later *string
	for i, e := range log {
		actions = append(actions, strings.TrimPrefix(e.Action, "website."))
		if e.Before == nil && e.After == nil || e.Action == "links.registered" { // that is the state of links
			continue
		}
		if i > 0 && (later == nil || e.After == nil || *later != *e.After) {
			c.t.Errorf("%s does not lead to the next state", e.Action)
		}
		later = e.Before
	}
	if got, want := strings.Join(actions, " "), "deleted archived release.published links.registered titled rebuild updated created"; got != want {
		c.t.Errorf("the log tells %s, want %s", got, want)
	}
	file := c.want("GET", "/api/v1/audit/export?format=csv&object="+id, nil, http.StatusOK, nil)
	if lines := strings.Count(string(file.body), "\r\n"); lines != len(log)+1 {
		c.t.Errorf("the file has %d lines for %d entries", lines, len(log))
	}
}
