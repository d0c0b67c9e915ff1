package app_test

import (
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/testkit"
)

type agentAnswer struct {
	ID           string     `json:"id"`
	Status       string     `json:"status"`
	TaskTypes    []string   `json:"task_types"`
	Capabilities []string   `json:"capabilities"`
	LastActivity *time.Time `json:"last_activity"`
	Metrics      struct {
		TasksCompleted      *int     `json:"tasks_completed"`
		AverageResponseTime *float64 `json:"average_response_time"`
		SuccessRate         *float64 `json:"success_rate"`
	} `json:"metrics"`
}

type taskAnswer struct {
	ID        string         `json:"id"`
	Status    string         `json:"status"`
	StatusURL string         `json:"status_url"`
	Result    map[string]any `json:"result"`
	Error     *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// TestAgentsOverHTTP lists the five agents before and after work.
func TestAgentsOverHTTP(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a *app.App, c *caller) {
		var agents []agentAnswer
		c.want("GET", "/api/v1/agents/", nil, http.StatusOK, &agents)
		want := []string{"content_generator", "monetization_agent", "opportunity_scanner", "seo_optimization_agent", "website_generator"}
		got := ids(agents, func(a agentAnswer) string { return a.ID })
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("agents = %v, want %v", got, want)
		}
		for _, ag := range agents {
			m := ag.Metrics
			if ag.Status != "idle" || len(ag.Capabilities) == 0 || ag.LastActivity != nil {
				t.Errorf("a new agent is %+v", ag)
			}
			if m.TasksCompleted == nil || *m.TasksCompleted != 0 || m.AverageResponseTime == nil || *m.AverageResponseTime != 0 || m.SuccessRate == nil || *m.SuccessRate != 1 {
				t.Errorf("figures of a new agent = %+v", m)
			}
		}
		var alias struct {
			ID string `json:"id"`
		}
		c.want("GET", "/api/v1/agents/website_builder/status", nil, http.StatusOK, &alias)
		if alias.ID != "website_generator" {
			t.Errorf("website_builder is %q", alias.ID)
		}
		c.want("GET", "/api/v1/agents?colour=red", nil, http.StatusUnprocessableEntity, nil)
		c.want("GET", "/api/v1/agents?capability=flying", nil, http.StatusUnprocessableEntity, nil)
		for _, id := range []string{"nobody", "..%2f..%2fetc%2fpasswd", "%00", "OPPORTUNITY_SCANNER%20"} {
			c.want("GET", "/api/v1/agents/"+id+"/status", nil, http.StatusNotFound, nil)
		}
		importSample(t, a)
		c.finished("opportunity_scanner", "market_scan", map[string]any{"topic": sampleTopic})
		var scanner agentAnswer
		c.want("GET", "/api/v1/agents/opportunity_scanner", nil, http.StatusOK, &scanner)
		if scanner.LastActivity == nil || time.Since(*scanner.LastActivity) > time.Minute || *scanner.Metrics.TasksCompleted != 1 {
			t.Errorf("after a task the scanner is %+v", scanner)
		}
		var holders []agentAnswer
		c.want("GET", "/api/v1/agents?capability=article_generation", nil, http.StatusOK, &holders)
		if len(holders) != 1 || holders[0].ID != "content_generator" {
			t.Errorf("holders of article_generation: %+v", holders)
		}
	})
}

const sampleTopic = "espresso machines"

// finished gives an agent a task and waits for its end.
func (c *caller) finished(agent, kind string, params map[string]any) taskAnswer {
	c.t.Helper()
	var task taskAnswer
	c.want("POST", "/api/v1/agents/"+agent+"/tasks", map[string]any{"type": kind, "params": params}, http.StatusAccepted, &task)
	c.until("the end of the task", task.StatusURL, &task, func() bool { return task.Status == "completed" || task.Status == "failed" })
	return task
}

// TestTasksOverHTTP gives an agent a task, twice with one key, and wrong ones.
func TestTasksOverHTTP(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, a *app.App, c *caller) {
		importSample(t, a)
		const tasks = "/api/v1/agents/opportunity_scanner/tasks"
		scan := map[string]any{"type": "market_scan", "params": map[string]any{"topic": sampleTopic}}
		var first, second taskAnswer
		res := c.want("POST", tasks, scan, http.StatusAccepted, &first, "Idempotency-Key", "scan-1")
		if !strings.HasPrefix(first.ID, "task_") || first.StatusURL != "/api/v1/tasks/"+first.ID || res.header.Get("Location") != first.StatusURL {
			t.Errorf("task = %+v, location %q", first, res.header.Get("Location"))
		}
		c.want("POST", tasks, scan, http.StatusAccepted, &second, "Idempotency-Key", "scan-1")
		if second.ID != first.ID {
			t.Errorf("the same key gave task %s, then %s", first.ID, second.ID)
		}
		other := map[string]any{"type": "market_scan", "params": map[string]any{"topic": "office chairs"}}
		c.want("POST", tasks, other, http.StatusConflict, nil, "Idempotency-Key", "scan-1")
		c.until("the end of the task", first.StatusURL, &first, func() bool { return first.Status == "completed" })
		for _, name := range []string{"research", "affiliate_programs", "confidence_score", "viral_potential", "recommended_actions", "next_actions", "estimated_revenue"} {
			if first.Result[name] == nil {
				t.Errorf("the result lacks %s", name)
			}
		}
		c.want("POST", "/api/v1/agents/nobody/tasks", scan, http.StatusNotFound, nil)
		refused := c.want("POST", tasks, map[string]any{"type": "fly"}, http.StatusUnprocessableEntity, nil)
		if text := string(refused.body); !strings.Contains(text, "unsupported_task_type") || !strings.Contains(text, "market_scan") {
			t.Errorf("the refusal does not list the task types: %s", text)
		}
		for _, topic := range []any{nil, "", "of the best", strings.Repeat("kite ", 20), 7} {
			bad := map[string]any{"type": "market_scan", "params": map[string]any{"topic": topic}}
			if text := string(c.want("POST", tasks, bad, http.StatusUnprocessableEntity, nil).body); !strings.Contains(text, "topic") {
				t.Errorf("topic %v: %s", topic, text)
			}
		}
		bad := map[string]any{"type": "affiliate_program_scanning", "params": map[string]any{"topic": sampleTopic, "min_commission": "abc"}}
		c.want("POST", tasks, bad, http.StatusUnprocessableEntity, nil)
		c.want("GET", "/api/v1/tasks/task_unknown", nil, http.StatusNotFound, nil)
	})
}

// TestContentPieces checks the arithmetic of written pieces with wc.
func TestContentPieces(t *testing.T) {
	t.Parallel()
	wc := testkit.Look(t, "wc")
	a := start(t, t.TempDir(), "")
	c := newCaller(t, a)
	importSample(t, a)
	types := []string{"article", "product_review", "comparison", "landing_page", "email_sequence", "social_media", "buying_guide"}
	task := c.finished("content_generator", "generate_content", map[string]any{"topic": sampleTopic, "content_types": types, "product": "e", "tone": "friendly", "target_audience": "small kitchens", "conversion_goal": "compare"})
	if task.Status != "completed" {
		t.Fatalf("%+v", task.Error)
	}
	pieces, _ := task.Result["content_pieces"].([]any)
	if len(pieces) != len(types) || task.Result["total_pieces"] != float64(len(types)) {
		t.Fatalf("%d pieces, total_pieces %v", len(pieces), task.Result["total_pieces"])
	}
	words := 0
	for i, p := range pieces {
		piece, _ := p.(map[string]any)
		text, _ := piece["content"].(string)
		counted := wordCount(t, wc, text)
		words += counted
		if piece["type"] != types[i] || counted < 50 || piece["word_count"] != float64(counted) {
			t.Errorf("%v: word_count %v, wc says %d", piece["type"], piece["word_count"], counted)
		}
		if score, ok := piece["readability_score"].(float64); !ok || score == 0 {
			t.Errorf("%v: readability_score %v", piece["type"], piece["readability_score"])
		}
	}
	if got := task.Result["estimated_reading_time"]; got != float64(words)/200 {
		t.Errorf("reading time %v for %d words", got, words)
	}
	if task.Result["seo_optimized"] != false {
		t.Error("pieces that no audit saw are called optimized")
	}
	for _, bad := range []map[string]any{
		{"topic": sampleTopic, "content_types": []string{}},
		{"topic": sampleTopic, "content_types": []string{"poem"}},
		{"topic": sampleTopic},
		{"topic": sampleTopic, "content_types": types, "style": "loud"},
		{"topic": sampleTopic, "content_types": []string{"product_review"}},
		{"topic": sampleTopic, "content_types": []string{"product_review"}, "product": "e", "tone": "rude"},
		{"topic": sampleTopic, "content_types": []string{"landing_page"}, "conversion_goal": "compare"},
		{"topic": sampleTopic, "content_types": []string{"landing_page"}, "target_audience": "cooks"},
		{"topic": sampleTopic, "content_types": []string{"social_media"}, "networks": []string{"fax"}},
		{"topic": sampleTopic, "content_types": []string{"email_sequence"}, "count": 99},
	} {
		c.want("POST", "/api/v1/agents/content_generator/tasks", map[string]any{"type": "generate_content", "params": bad}, http.StatusUnprocessableEntity, nil)
	}
}

func wordCount(t *testing.T, wc, text string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), wc, "-w")
	cmd.Env = []string{"LC_ALL=C.UTF-8"}
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
