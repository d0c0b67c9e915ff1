package app_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"empire/internal/app"
)

type stage struct {
	Name  string         `json:"name"`
	Agent string         `json:"agent"`
	Task  map[string]any `json:"task"`
}

func scanStage(name, topic string) stage {
	return stage{name, "opportunity_scanner", map[string]any{"type": "market_scan", "params": map[string]any{"topic": topic}}}
}

// TestInlineRunsOverHTTP sends pipelines as a client does: good ones, one that
// fails in the middle and ones that may not start.
func TestInlineRunsOverHTTP(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a *app.App, c *caller) {
		importSample(t, a)
		const runs = "/api/v1/pipelines/runs"
		ended := func(stages ...stage) (runAnswer, map[string]json.RawMessage) {
			t.Helper()
			var run runAnswer
			c.want("POST", runs, map[string]any{"stages": stages}, http.StatusAccepted, &run)
			c.until("the end of the run", "/api/v1/runs/"+run.ID, &run, func() bool { return run.Status == "completed" || run.Status == "failed" })
			var raw map[string]json.RawMessage
			c.want("GET", "/api/v1/runs/"+run.ID, nil, http.StatusOK, &raw)
			return run, raw
		}
		plan := stage{"plan", "website_builder", map[string]any{"type": "plan_website"}} // the topic comes from the first stage
		run, raw := ended(scanStage("look", sampleTopic), plan, scanStage("again", "office chairs"))
		if names := slices.Sorted(maps.Keys(run.Results)); run.Status != "completed" || !slices.Equal(names, []string{"again", "look", "plan"}) {
			t.Errorf("%s with results of %v", run.Status, names)
		}
		if run.Results["plan"]["topic"] != sampleTopic {
			t.Errorf("plan is about %v", run.Results["plan"]["topic"])
		}
		wantKeys(t, raw, []string{"pipeline_id", "status", "results", "execution_time"}, []string{"error", "failed_stage", "partial_results"})

		unplannable := stage{"lost", "website_builder", map[string]any{"type": "plan_website", "params": map[string]any{"topic": "unicorn saddles"}}}
		failed, raw := ended(scanStage("look", sampleTopic), unplannable, scanStage("never", sampleTopic))
		if failed.Status != "failed" || failed.FailedStage != "lost" || failed.Error == "" || len(failed.PartialResults) != 1 || len(failed.PartialResults["look"]) == 0 {
			t.Errorf("failed run = %+v", failed)
		}
		wantKeys(t, raw, []string{"pipeline_id", "status", "failed_stage", "error", "partial_results"}, []string{"results"})

		c.want("POST", "/api/v1/runs/"+run.ID+"/cancel", nil, http.StatusConflict, nil)
		before := c.count("/api/v1/runs")
		for name, stages := range map[string][]stage{
			"no stages":         {},
			"duplicate names":   {scanStage("a", sampleTopic), scanStage("a", sampleTopic)},
			"unknown agent":     {scanStage("a", sampleTopic), {"b", "nobody", map[string]any{"type": "market_scan"}}},
			"unknown task type": {scanStage("a", sampleTopic), {"b", "opportunity_scanner", map[string]any{"type": "fly"}}},
		} {
			res := c.do("POST", runs, map[string]any{"stages": stages})
			if res.status != http.StatusUnprocessableEntity || !strings.Contains(string(res.body), "stages") {
				t.Errorf("%s: %d %s", name, res.status, res.body)
			}
		}
		if after := c.count("/api/v1/runs"); after != before {
			t.Errorf("refused pipelines left %s runs, before there were %s", after, before)
		}
	})
}

// count returns how long a list is.
func (c *caller) count(path string) string {
	c.t.Helper()
	return c.want("GET", path+"?limit=1", nil, http.StatusOK, nil).header.Get("X-Total-Count")
}

func wantKeys(t *testing.T, raw map[string]json.RawMessage, there, missing []string) {
	t.Helper()
	for _, k := range there {
		if _, ok := raw[k]; !ok {
			t.Errorf("the answer lacks %s", k)
		}
	}
	for _, k := range missing {
		if _, ok := raw[k]; ok {
			t.Errorf("the answer has %s", k)
		}
	}
}
