package app_test

import (
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// validTasks are parameters that each task type takes; $site stands for a website
// that is live. A new type needs a line.
var validTasks = map[string]map[string]any{
	"market_scan":                {"topic": sampleTopic},
	"market_analysis":            {"topic": sampleTopic},
	"competitor_research":        {"topic": sampleTopic},
	"trend_detection":            {"topic": sampleTopic, "period": "90d"},
	"affiliate_program_scanning": {"topic": sampleTopic, "min_commission": 3},
	"viral_potential_assessment": {"topic": sampleTopic},
	"plan_website":               {"topic": sampleTopic},
	"generate_content":           {"topic": sampleTopic, "content_types": []string{"article"}},
	"audit":                      {"website_id": "$site"},
	"structured_data":            {"website_id": "$site"},
	"optimize_content":           {"content": "# Espresso machines\n\nA text.", "target_keywords": []string{"espresso machine"}},
	"internal_links":             {"website_id": "$site"},
	"keyword_map":                {"website_id": "$site"},
	"content_refresh":            {"website_id": "$site"},
	"programme_match":            {"website_id": "$site"},
	"link_placement":             {"website_id": "$site"},
	"epc_report":                 {"website_id": "$site", "period": "7d"},
	"link_health":                {"website_id": "$site"},
	"offer_swap":                 {"website_id": "$site", "link_id": "$link"},
}

// TestEveryAgentKeepsTheContract gives every agent a valid task of every type that it
// takes, by its name and its aliases, and ones that it does not: the answer has the
// standard form, and is never null.
func TestEveryAgentKeepsTheContract(t *testing.T) {
	t.Parallel()
	a := startWith(t, map[string]string{"limits.intelligence": "0", "limits.write": "0", "limits.read": "0"})
	c := newCaller(t, a)
	importSample(t, a)
	site := c.launch(sampleTopic, "espresso.example")
	c.decide(&site, "approve", "")
	if site.Status != "completed" {
		t.Fatalf("run = %+v", site)
	}
	var agents []struct {
		ID        string   `json:"id"`
		Aliases   []string `json:"aliases"`
		TaskTypes []string `json:"task_types"`
	}
	c.want("GET", "/api/v1/agents", nil, http.StatusOK, &agents)
	var link []struct{ ID string } // the first of those that the build registered
	c.want("GET", "/api/v1/links?limit=1", nil, http.StatusOK, &link)
	tried := 0
	for _, agent := range agents {
		if len(agent.TaskTypes) == 0 {
			t.Errorf("agent %s takes no task", agent.ID)
		}
		for _, kind := range agent.TaskTypes {
			params, known := validTasks[kind]
			if !known {
				t.Errorf("agent %s takes %s, of which this test knows no valid task", agent.ID, kind)
				continue
			}
			if params["website_id"] != nil {
				params = maps.Clone(params)
				params["website_id"] = site.WebsiteID
			}
			if params["link_id"] != nil {
				params["link_id"] = link[0].ID
			}
			c.keeps(append(agent.Aliases, agent.ID), kind, params)
			tried++
		}
		for _, kind := range []string{"fly", "MARKET_SCAN", "approve", " "} {
			res := c.do("POST", "/api/v1/agents/"+agent.ID+"/tasks", map[string]any{"type": kind, "params": map[string]any{"topic": sampleTopic}})
			if text := string(res.body); res.status != http.StatusUnprocessableEntity || kind != " " && !strings.Contains(text, "unsupported_task_type") {
				t.Errorf("%s of %s: %d %s", kind, agent.ID, res.status, text)
			}
		}
	}
	// No feed changed since the website was launched.
	if r := c.finished("seo_optimizer", "content_refresh", map[string]any{"website_id": site.WebsiteID}).Result; !reflect.DeepEqual(r["pages"], []any{}) || r["fresh"] == 0.0 {
		t.Errorf("pages to refresh = %.500v, %v are fresh", r["pages"], r["fresh"])
	}
	if tried != len(validTasks) {
		t.Errorf("%d task types were tried, this test knows %d", tried, len(validTasks))
	}
}

// keeps gives the same task under each name of an agent.
func (c *caller) keeps(names []string, kind string, params map[string]any) {
	c.t.Helper()
	for _, name := range names {
		task := c.finished(name, kind, params)
		if task.Status != "completed" || len(task.Result) == 0 || task.Error != nil || !strings.HasPrefix(task.ID, "task_") {
			c.t.Errorf("%s of %s: %+v", kind, name, task)
		}
		for field, value := range task.Result {
			if value == nil {
				c.t.Errorf("%s of %s: the field %s of the result is null", kind, name, field)
			}
		}
		// Well-formed, but without what it needs: refused at once, or a failure that says why.
		refused := c.do("POST", "/api/v1/agents/"+name+"/tasks", map[string]any{"type": kind, "params": map[string]any{}})
		if text := string(refused.body); refused.status == http.StatusUnprocessableEntity {
			if !strings.Contains(text, `"errors"`) || !strings.Contains(text, `."`) {
				c.t.Errorf("%s of %s without parameters: %s", kind, name, text)
			}
			continue
		}
		bad := c.finished(name, kind, map[string]any{})
		if bad.Status != "failed" || bad.Error == nil || bad.Error.Code == "" || bad.Error.Code == "internal" || !strings.HasSuffix(bad.Error.Message, ".") {
			c.t.Errorf("%s of %s without parameters: %+v, %+v, want a failure with a code and a sentence", kind, name, bad, bad.Error)
		}
	}
}
