package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"empire/internal/api"
	"empire/internal/domain"
)

const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// endpoint is one operation with a good request, and what it must refuse.
type endpoint struct {
	method, path string
	query        string            // of the good request
	right        domain.Permission // empty: signed in is enough
	body         string
	status       int
	unknown      string   // the same with an id that does not exist
	bad          []string // query strings, or bodies for POST, that are 422
}

var endpoints = slices.Concat(identityEndpoints, budgetEndpoints, researchEndpoints, fleetEndpoints, batchEndpoints, revisionEndpoints, seoEndpoints, analyticsEndpoints, alertEndpoints, []endpoint{
	{method: "GET", path: "/agents", right: domain.AgentsRead, status: 200, bad: append([]string{"?status=asleep", "?kind=robot", "?capability=flying"}, badWindows...)},
	{
		method: "POST", path: "/agents", right: domain.AgentsManage, status: 201,
		body: `{"id":"helper","task_types":["research"],"config_schema":{"type":"object","properties":{"a":{"type":"integer"}}},"config":{"a":1}}`,
		bad: []string{
			`{}`, `{"id":"helper"}`, `{"id":"helper","task_types":[]}`, `{"id":"h","task_types":["a"]}`, `{"id":"helper","task_types":["a"],"config_schema":{"type":"string"}}`,
			`{"id":"helper","task_types":["a"],"config_schema":{"type":"object","properties":{"a":{"type":"text"},"b":{"type":"what"}}}}`,
			`{"id":"helper","task_types":["a"],"max_concurrency":0}`, `{"id":"helper","task_types":["a"],"kind":"builtin"}`, `{"id":"helper","task_types":["a"],"config":[]}`,
		},
	},
	{
		method: "PATCH", path: "/agents/opportunity_scanner", right: domain.AgentsManage, status: 200, unknown: "/agents/nobody", body: `{"config":{"timeout_seconds":60}}`,
		bad: []string{`{"task_types":[]}`, `{"config":7}`, `{"version":0}`, `{"id":"x"}`, `{"max_concurrency":1001}`},
	},
	{method: "DELETE", path: "/agents/opportunity_scanner", right: domain.AgentsManage, status: 200, unknown: "/agents/nobody"},
	{
		method: "POST", path: "/tasks", right: domain.AgentsManage, status: 202, body: `{"capability":"market_analysis","type":"market_scan"}`,
		bad: []string{`{}`, `{"type":"market_scan"}`, `{"capability":"flying","type":"market_scan"}`, `{"capability":"market_analysis","type":"fly"}`, `{"capability":"market_analysis","type":"market_scan","timeout_seconds":0}`},
	},
	{method: "GET", path: "/agents/opportunity_scanner", right: domain.AgentsRead, status: 200, unknown: "/agents/nobody", bad: []string{"?x=1"}},
	{method: "GET", path: "/agents/opportunity_scanner/status", right: domain.AgentsRead, status: 200, unknown: "/agents/nobody/status"},
	{
		method: "POST", path: "/agents/opportunity_scanner/tasks", right: domain.AgentsManage, status: 202, unknown: "/agents/nobody/tasks",
		body: `{"type":"market_scan","params":{"topic":"tea"}}`,
		bad:  []string{`{}`, `{"type":""}`, `{"type":1}`, `{"type":"market_scan","params":[]}`, `{"type":"market_scan","x":1}`, `{"type":"fly"}`, `[]`, `null`},
	},
	{
		method: "POST", path: "/agents/opportunity_scanner/messages", right: domain.AgentsManage, status: 202, unknown: "/agents/nobody/messages",
		body: `{"message":{"note":"hello"}}`,
		bad: []string{
			`{}`, `{"message":7}`, `{"message":{},"priority":"urgent"}`, `{"message":{},"ttl_seconds":0}`, `{"message":{},"ttl_seconds":2592001}`,
			`{"message":{},"from":"content_generator"}`, `{"message":{},"requires_response":"yes"}`, `[]`,
		},
	},
	{
		method: "GET", path: "/agents/opportunity_scanner/messages", right: domain.AgentsRead, status: 200, unknown: "/agents/nobody/messages",
		bad: append([]string{"?state=odd"}, badWindows...),
	},
	{
		method: "GET", path: "/dead-letters", right: domain.AgentsRead, status: 200,
		bad: append([]string{"?kind=odd", "?reason=odd", "?replayed=maybe", "?agent_id=" + strings.Repeat("a", 101)}, badWindows...),
	},
	{method: "GET", path: "/dead-letters/dead_1", right: domain.AgentsRead, status: 200, unknown: "/dead-letters/dead_2", bad: []string{"?x=1"}},
	{method: "POST", path: "/dead-letters/dead_1/replay", right: domain.AgentsManage, status: 202, unknown: "/dead-letters/dead_2/replay"},
	{method: "GET", path: "/orchestrator", right: domain.AgentsRead, status: 200, bad: []string{"?x=1"}},
	{method: "GET", path: "/tasks", right: domain.AgentsRead, status: 200, bad: append([]string{"?status=odd"}, badWindows...)},
	{method: "GET", path: "/tasks/task_1", right: domain.AgentsRead, status: 200, unknown: "/tasks/task_2"},
	{method: "POST", path: "/tasks/task_1/cancel", right: domain.AgentsManage, status: 200, unknown: "/tasks/task_2/cancel"},
	{method: "GET", path: "/websites", right: domain.WebsitesRead, status: 200, bad: append([]string{"?cursor=site_1&offset=5", "?cursor=" + strings.Repeat("s", 101)}, badWindows...)},
	{
		method: "POST", path: "/websites", right: domain.WebsitesManage, status: 201, body: `{"niche":"tea","domain":"tea.example"}`,
		bad: []string{
			`{"niche":"tea"}`, `{"domain":"tea.example"}`, `{"niche":"tea","domain":"tea.example","language":"fr"}`,
			`{"niche":"tea","domain":"tea.example","name":"Tea"}`, `{"niche":"tea","domain":"tea.example","name":"-tea"}`,
			`{"niche":"tea","domain":"tea.example","name":""}`, `{"niche":"tea","domain":"tea.example","title":7}`,
			`{"niche":"tea","domain":"tea.example","tenant":"acme"}`, `{"niche":"tea","domain":"tea.example","title":"` + strings.Repeat("a", 201) + `"}`,
		},
	},
	{method: "GET", path: "/websites/site_1", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2"},
	{
		method: "PATCH", path: "/websites/site_1", right: domain.WebsitesManage, status: 200, unknown: "/websites/site_2", body: `{"title":"Tea"}`,
		bad: []string{
			`{"title":""}`, `{"niche":""}`, `{"state":"gone"}`, `{"feed_ids":"all"}`, `{"domain":"other.example"}`, `{"tenant":"acme"}`,
			`{"operator":{"phone":1}}`, `{"operator":{"fax":"1"}}`, `{"operator":[]}`, `{"title":"` + strings.Repeat("a", 201) + `"}`,
		},
	},
	{method: "DELETE", path: "/websites/site_1", right: domain.WebsitesManage, status: 204, unknown: "/websites/site_2"},
	{method: "POST", path: "/websites/site_1/rebuild", right: domain.WebsitesManage, status: 202, unknown: "/websites/site_2/rebuild"},
	{method: "GET", path: "/websites/site_1/export", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/export", bad: []string{"?format=tar"}},
	{
		method: "POST", path: "/websites/bulk", right: domain.WebsitesManage, status: 200, body: `{"action":"archive","ids":["site_1","site_2"]}`,
		bad: []string{
			`{"action":"archive"}`, `{"ids":["site_1"]}`, `{"action":"delete","ids":["site_1"]}`, `{"action":"archive","ids":[]}`,
			`{"action":"archive","ids":["site_1","site_1"]}`, `{"action":"archive","ids":[7]}`, `{"action":"archive","ids":` + manyIDs(1001) + `}`,
		},
	},
	{
		method: "GET", path: "/audit", right: domain.AdminFull, status: 200,
		bad: append([]string{"?cursor=-1", "?cursor=x", "?cursor=5&offset=5", "?since=yesterday", "?until=2026", "?actor=" + strings.Repeat("u", 101)}, badWindows...),
	},
	{method: "GET", path: "/audit/export", right: domain.AdminFull, status: 200, bad: []string{"?format=xml", "?since=x", "?limit=5"}},
	{
		method: "POST", path: "/websites/generate", right: domain.WebsitesManage, status: 202, body: `{"niche":"tea","domain":"tea.example"}`,
		bad: []string{
			`{"niche":"tea"}`, `{"domain":"tea.example"}`, `{"niche":"","domain":"tea.example"}`, `{"niche":"tea","domain":"bad"}`,
			`{"niche":"tea","domain":"tea.example","language":"fr"}`, `{"niche":"tea","domain":"tea.example","extra":1}`,
			`{"niche":"` + strings.Repeat("a", 101) + `","domain":"tea.example"}`, `{"niche":"tea","domain":"tea.example","feeds":"all"}`,
		},
	},
	{method: "GET", path: "/websites/site_1/pages", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/pages", bad: badWindows},
	{method: "GET", path: "/websites/site_1/pages/page_1", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_1/pages/page_2"},
	{method: "GET", path: "/websites/site_1/releases", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/releases", bad: badWindows},
	{method: "GET", path: "/websites/site_1/redirects", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/redirects"},
	{
		method: "PUT", path: "/websites/site_1/redirects", right: domain.WebsitesManage, status: 200, unknown: "/websites/site_2/redirects",
		body: `{"path":"/old/","target":"/new/"}`, bad: []string{`{}`, `{"path":"old","target":"/"}`, `{"path":"/old/","target":"ftp://x"}`, `{"path":"/old/","target":7}`},
	},
	{
		method: "DELETE", path: "/websites/site_1/redirects", query: "?path=/old/", right: domain.WebsitesManage, status: 204, unknown: "/websites/site_2/redirects?path=/old/",
		bad: []string{"?path=old", "?x=1"},
	},
	{method: "GET", path: "/links", right: domain.WebsitesRead, status: 200, bad: append([]string{"?state=off", "?network=" + strings.Repeat("n", 41)}, badWindows...)},
	{method: "GET", path: "/links/outlinks", right: domain.WebsitesRead, status: 200, unknown: "/links/outlinks?website_id=site_2", bad: append([]string{"?all=perhaps"}, badWindows...)},
	{method: "GET", path: "/links/health", query: "?state=gone&dead=true", right: domain.WebsitesRead, status: 200, bad: append([]string{"?state=odd", "?dead=perhaps"}, badWindows...)},
	{method: "GET", path: "/links/swaps", query: "?state=applied", right: domain.WebsitesRead, status: 200, bad: append([]string{"?state=odd"}, badWindows...)},
	{method: "POST", path: "/links/link_1/check", right: domain.WebsitesManage, status: 200, unknown: "/links/link_2/check"},
	{method: "POST", path: "/links/swaps/swap_1/undo", right: domain.WebsitesManage, status: 200, unknown: "/links/swaps/swap_2/undo"},
	{method: "GET", path: "/links/link_1", right: domain.WebsitesRead, status: 200, unknown: "/links/link_2"},
	{method: "GET", path: "/links/link_1/history", right: domain.WebsitesRead, status: 200, unknown: "/links/link_2/history"},
	{
		method: "POST", path: "/links", right: domain.WebsitesManage, status: 201, body: `{"merchant":"Shop","destination":"https://shop.example/","slug":"k2"}`,
		bad: []string{`{}`, `{"destination":""}`, `{"destination":"https://a.example/","slug":"A B"}`, `{"destination":"https://a.example/","form":"x"}`, `{"destination":"https://a.example/","state":"off"}`, `{"destination":"https://a.example/","way":"around"}`},
	},
	{
		method: "POST", path: "/links/import", right: domain.WebsitesManage, status: 200, body: `{"links":[{"merchant":"Shop","destination":"https://shop.example/"}]}`,
		bad: []string{`{}`, `{"links":[]}`, `{"links":[{"merchant":"Shop"}]}`, `{"links":"all"}`},
	},
	{
		method: "PATCH", path: "/links/link_1", right: domain.WebsitesManage, status: 200, unknown: "/links/link_2", body: `{"state":"paused"}`,
		bad: []string{`{"state":"off"}`, `{"slug":"x"}`, `{"destination":""}`, `{"way":"around"}`},
	},
	{
		method: "GET", path: "/products/history", query: "?feed_id=feed_1&key=1001", right: domain.WebsitesRead, status: 200, unknown: "/products/history?feed_id=feed_1&key=1002",
		bad: []string{"?feed_id=feed_1", "?key=1", "?feed_id=&key=1"},
	},
	{
		method: "GET", path: "/websites/site_1/releases/rel_1/diff", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_1/releases/rel_2/diff",
		bad: []string{"?page=guide", "?page=/" + strings.Repeat("a", 600), "?against=" + strings.Repeat("r", 101), "?x=1"},
	},
	{
		method: "POST", path: "/websites/site_1/publish", right: domain.WebsitesManage, status: 200, unknown: "/websites/site_2/publish",
		body: `{"release_id":"rel_1"}`, bad: []string{`{}`, `{"release_id":""}`, `{"release_id":7}`},
	},
	{
		method: "POST", path: "/websites/site_1/rollback", right: domain.WebsitesManage, status: 200, unknown: "/websites/site_2/rollback",
		bad: []string{`{"release":"rel_1"}`, `[]`},
	},
	{method: "GET", path: "/system/edge", right: domain.WebsitesRead, status: 200, bad: badWindows},
	{method: "GET", path: "/websites/site_1/audit", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/audit"},
	{method: "GET", path: "/pipelines", right: domain.AgentsRead, status: 200, bad: badWindows},
	{method: "GET", path: "/pipelines/weekly", right: domain.AgentsRead, status: 200, unknown: "/pipelines/monthly", bad: []string{"?x=1"}},
	{
		method: "PUT", path: "/pipelines/weekly", right: domain.AgentsManage, status: 200, unknown: "/pipelines/monthly", body: `{"definition":"name: weekly"}`,
		bad: []string{`{}`, `{"definition":""}`, `{"definition":{}}`, `{"definition":"bad"}`},
	},
	{method: "DELETE", path: "/pipelines/weekly", right: domain.AgentsManage, status: 204, unknown: "/pipelines/monthly"},
	{method: "POST", path: "/pipelines/validate", right: domain.AgentsRead, status: 200, body: `{"definition":"x"}`, bad: []string{`{}`, `{"text":"x"}`}},
	{method: "GET", path: "/schedules", right: domain.AgentsRead, status: 200, bad: badWindows},
	{
		method: "POST", path: "/schedules", right: domain.AgentsManage, status: 201, body: `{"name":"n","pipeline":"p","cron":"0 3 * * *"}`,
		bad: []string{`{}`, `{"name":"n","pipeline":"p"}`, `{"name":"n","pipeline":"p","every":"soon"}`, `{"name":"n","pipeline":"p","cron":"x","overlap":"maybe"}`},
	},
	{method: "GET", path: "/schedules/sched_1", right: domain.AgentsRead, status: 200, unknown: "/schedules/sched_2"},
	{
		method: "PATCH", path: "/schedules/sched_1", right: domain.AgentsManage, status: 200, unknown: "/schedules/sched_2", body: `{"enabled":false}`,
		bad: []string{`{"enabled":"no"}`, `{"every":"x"}`, `{"pipeline":"other"}`},
	},
	{method: "DELETE", path: "/schedules/sched_1", right: domain.AgentsManage, status: 204, unknown: "/schedules/sched_2"},
	{
		method: "POST", path: "/pipelines/runs", right: domain.AgentsManage, status: 202,
		body: `{"stages":[{"name":"a","agent":"opportunity_scanner","task":{"type":"market_scan"}}]}`,
		bad:  []string{`{}`, `{"stages":[]}`, `{"stages":[{"name":"a"}]}`, `{"stages":[{"name":"","agent":"x","task":{"type":"y"}}]}`, `{"params":3}`},
	},
	{method: "GET", path: "/runs", right: domain.AgentsRead, status: 200, bad: append([]string{"?status=odd"}, badWindows...)},
	{method: "GET", path: "/runs/run_1", right: domain.AgentsRead, status: 200, unknown: "/runs/run_2"},
	{method: "GET", path: "/runs/run_1/events", right: domain.AgentsRead, status: 200, unknown: "/runs/run_2/events", bad: []string{"?after=-1", "?limit=0", "?x=1"}},
	{method: "GET", path: "/intelligence/graph", right: domain.IntelligenceUse, status: 200, bad: []string{"?at=yesterday", "?x=1"}},
	{method: "GET", path: "/intelligence/graph/nodes", query: "?type=niche&query=a", right: domain.IntelligenceUse, status: 200, bad: append([]string{"?type=odd", "?query=" + strings.Repeat("q", 201)}, badWindows...)},
	{method: "GET", path: "/intelligence/graph/nodes/niche:a%2Fn_1", right: domain.IntelligenceUse, status: 200, unknown: "/intelligence/graph/nodes/niche:n_2", bad: []string{"?at=x"}},
	{
		method: "GET", path: "/intelligence/graph/path", query: "?from=niche:n_1&to=page:p_1", right: domain.IntelligenceUse, status: 200,
		unknown: "/intelligence/graph/path?from=niche:n_1&to=page:p_2", bad: []string{"", "?from=niche:n_1", "?to=niche:n_1", "?from=x&to=niche:n_1", "?from=niche:n_1&to=odd:x"},
	},
	{method: "GET", path: "/intelligence/graph/rank", query: "?type=niche&by=degree", right: domain.IntelligenceUse, status: 200, bad: append([]string{"?by=size", "?type=odd"}, badWindows...)},
	{method: "GET", path: "/intelligence/graph/communities", right: domain.IntelligenceUse, status: 200, bad: badWindows},
	{method: "GET", path: "/intelligence/graph/export", right: domain.IntelligenceUse, status: 200, bad: []string{"?format=gexf"}},
	{method: "GET", path: "/intelligence/graph/sources", right: domain.IntelligenceUse, status: 200, bad: badWindows},
	{method: "GET", path: "/intelligence/graph/sources/feed:f_1", right: domain.IntelligenceUse, status: 200, unknown: "/intelligence/graph/sources/feed:f_2"},
	{method: "DELETE", path: "/intelligence/graph/sources/feed:f_1", right: domain.WebsitesManage, status: 200, unknown: "/intelligence/graph/sources/feed:f_2"},
	{method: "GET", path: "/intelligence/graph/stale", right: domain.IntelligenceUse, status: 200, bad: append([]string{"?source=" + strings.Repeat("q", 401)}, badWindows...)},
	{method: "GET", path: "/runs/run_1/timeline", right: domain.AgentsRead, status: 200, unknown: "/runs/run_2/timeline", bad: []string{"?after=odd", "?limit=0", "?limit=1001"}},
	{method: "POST", path: "/runs/run_1/cancel", right: domain.AgentsManage, status: 200, unknown: "/runs/run_2/cancel"},
	{method: "POST", path: "/runs/run_1/retry", right: domain.AgentsManage, status: 409, unknown: "/runs/run_2/retry"},
	{
		method: "POST", path: "/intelligence/opportunity-scan", right: domain.IntelligenceUse, status: 200, body: `{"topic":"tea"}`,
		bad: []string{
			`{"topic":""}`, `{"niche":" "}`, `{"topic":"tea","niche":"coffee"}`, `{"topic":"tea","min_commission":-1}`, `{"topic":"tea","min_commission":101}`,
			`{"topic":"tea","min_commission":"abc"}`, `{"topic":"tea","traffic_requirements":"huge"}`, `{"topic":"tea","language":"fr"}`, `{"topic":"tea","depth":"deep"}`,
			`{"topic":"` + strings.Repeat("a", 81) + `"}`, `{"limit":0}`,
		},
	},
	{method: "GET", path: "/intelligence/opportunities", right: domain.IntelligenceUse, status: 200, bad: badWindows},
	{method: "GET", path: "/intelligence/opportunities/opp_1", right: domain.IntelligenceUse, status: 200, unknown: "/intelligence/opportunities/opp_2"},
	{method: "GET", path: "/intelligence/estimates", right: domain.IntelligenceUse, status: 200, bad: append([]string{"?kind=odd"}, badWindows...)},
	{
		method: "GET", path: "/intelligence/trends?industry=tea", right: domain.IntelligenceUse, status: 200,
		bad: []string{"&period=soon", "&period=0d", "&period=30", "&x=1"},
	},
	{method: "GET", path: "/approvals", right: domain.WebsitesRead, status: 200, bad: append([]string{"?state=odd"}, badWindows...)},
	{method: "GET", path: "/approvals/summary", right: domain.WebsitesRead, status: 200},
	{method: "GET", path: "/approvals/log", right: domain.AdminFull, status: 200, bad: []string{"?after=-1", "?limit=0", "?limit=1001", "?after=x"}},
	{method: "GET", path: "/approvals/log/verify", right: domain.AdminFull, status: 200},
	{method: "GET", path: "/approvals/appr_1", right: domain.WebsitesRead, status: 200, unknown: "/approvals/appr_2"},
	{method: "GET", path: "/approvals/appr_1/texts", right: domain.WebsitesRead, status: 200, unknown: "/approvals/appr_2/texts"},
	{method: "GET", path: "/approvals/appr_1/edits", right: domain.WebsitesRead, status: 200, unknown: "/approvals/appr_2/edits"},
	{
		method: "POST", path: "/approvals/appr_1/edits", right: domain.WebsitesManage, status: 202, unknown: "/approvals/appr_2/edits",
		body: `{"payload_hash":"` + hash + `","changes":[{"page":"/","ref":"title","old":"Tea","new":"Teas"}]}`,
	},
	{
		method: "POST", path: "/approvals/appr_1/decision", right: domain.WebsitesManage, status: 200, unknown: "/approvals/appr_2/decision",
		body: `{"decision":"approve","payload_hash":"` + hash + `"}`,
		bad:  []string{`{}`, `{"decision":"approve"}`, `{"decision":"yes","payload_hash":"` + hash + `"}`, `{"decision":"approve","payload_hash":"abc"}`},
	},
	{method: "GET", path: "/feeds", right: domain.WebsitesRead, status: 200, bad: badWindows},
	{
		method: "POST", path: "/intelligence/search", right: domain.IntelligenceUse, status: 200, body: `{"query":"board","kinds":["product"]}`,
		bad: []string{`{}`, `{"query":""}`, `{"query":" "}`, `{"query":"a","limit":0}`, `{"query":"a","kinds":["user"]}`, `{"query":"a","x":1}`},
	},
	{method: "GET", path: "/products", right: domain.WebsitesRead, status: 200, bad: badWindows},
	{method: "GET", path: "/programs", right: domain.WebsitesRead, status: 200, bad: badWindows},
	{method: "GET", path: "/webhooks", right: domain.AdminFull, status: 200, bad: append([]string{"?provider=odd", "?state=odd"}, badWindows...)},
	{method: "GET", path: "/webhooks/hook_1", right: domain.AdminFull, status: 200, unknown: "/webhooks/hook_2", bad: []string{"?x=1"}},
	{method: "POST", path: "/webhooks/hook_1/replay", right: domain.AdminFull, status: 202, unknown: "/webhooks/hook_2/replay"},
	{method: "GET", path: "/system/components", right: domain.AgentsRead, status: 200, bad: badWindows},
	{method: "GET", path: "/system/components/store", right: domain.AgentsRead, status: 200, unknown: "/system/components/unicorn", bad: []string{"?x=1"}},
	{method: "GET", path: "/system/services", right: domain.AgentsRead, status: 200, bad: badWindows},
	{
		method: "POST", path: "/system/services", right: domain.AgentsManage, status: 200, body: `{"id":"php-1","name":"legacy","url":"http://10.0.0.9:8000"}`,
		bad: []string{
			`{}`, `{"id":"a","name":"b"}`, `{"id":"","name":"b","url":"http://c"}`, `{"id":"a","name":"b","url":"http://c","lease_seconds":61}`,
			`{"id":"a","name":"b","url":"http://c","lease_seconds":0}`, `{"id":"a","name":"b","url":"http://c","weight":101}`, `{"id":"a","name":"b","url":"http://c","x":1}`,
		},
	},
	{method: "DELETE", path: "/system/services/php-1", right: domain.AgentsManage, status: 204, unknown: "/system/services/php-2"},
	{method: "GET", path: "/system/routes", right: domain.AgentsRead, status: 200, bad: []string{"?x=1"}},
	{method: "POST", path: "/system/routes/reload", right: domain.AdminFull, status: 200},
})

// manyIDs returns a JSON array of different identifiers.
func manyIDs(n int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"site_%d"`, i)
	}
	return "[" + strings.Join(ids, ",") + "]"
}

var badWindows = []string{"?limit=0", "?limit=-1", "?limit=10001", "?limit=x", "?limit=1.5", "?offset=-1", "?offset=x", "?offset=99999999999999999999", "?x=1"}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{sites: 3})
	for _, e := range endpoints {
		t.Run(e.method+" "+e.path, func(t *testing.T) {
			t.Parallel()
			path := api.Base + e.path
			if w := call(t, a, admin, e.method, path+e.query, e.body); w.Code != e.status {
				t.Errorf("allowed: %d, want %d\n%s", w.Code, e.status, w.Body)
			}
			if w := call(t, a, admin, e.method, path+"/"+e.query, e.body); w.Code != e.status {
				t.Errorf("with a trailing slash: %d, want %d", w.Code, e.status)
			}
			w := call(t, a, nil, e.method, path, "not even JSON")
			if p := problemOf(t, w); w.Code != 401 || p.Type != "urn:empire:error:unauthenticated" || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("not signed in: %d %+v", w.Code, p)
			}
			checkRight(t, a, e)
			if e.unknown != "" {
				w := call(t, a, admin, e.method, api.Base+e.unknown, e.body)
				if p := problemOf(t, w); w.Code != 404 || p.Type != "urn:empire:error:not_found" {
					t.Errorf("unknown id: %d %+v", w.Code, p)
				}
			}
			for _, bad := range e.bad {
				target, body := path, bad
				if e.method == "GET" {
					target, body = path+bad, ""
				}
				w := call(t, a, admin, e.method, target, body)
				if p := problemOf(t, w); w.Code != 422 {
					t.Errorf("%s: %d, want 422\n%+v", bad, w.Code, p)
				}
			}
		})
	}
}

// checkRight tries an endpoint with every permission but the needed one, and with
// the needed one alone.
func checkRight(t *testing.T, a *api.API, e endpoint) {
	t.Helper()
	if e.right == "" {
		return
	}
	for _, right := range domain.Permissions() {
		w := call(t, a, &domain.Principal{UserID: "user_2", Permissions: []domain.Permission{right}}, e.method, api.Base+e.path+e.query, e.body)
		allowed := right == e.right || right == domain.AdminFull
		if allowed && w.Code != e.status {
			t.Errorf("with %s: %d, want %d", right, w.Code, e.status)
		}
		if !allowed && (w.Code != 403 || problemOf(t, w).Type != "urn:empire:error:forbidden") {
			t.Errorf("with %s only: %d, want 403", right, w.Code)
		}
	}
}

// TestEndpointsCoverTheDocument fails when an operation is missing in the table.
func TestEndpointsCoverTheDocument(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths map[string]map[string]struct {
			Security   *[]map[string][]string `json:"security"`
			Permission domain.Permission      `json:"x-permission"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(document(t), &doc); err != nil {
		t.Fatal(err)
	}
	declared := 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			declared++
			if path == "/auth/login" {
				continue
			}
			i := slices.IndexFunc(endpoints, func(e endpoint) bool {
				return strings.EqualFold(e.method, method) && matches(path, strings.Split(e.path, "?")[0])
			})
			if i < 0 {
				t.Errorf("%s %s is not tested", method, path)
				continue
			}
			if op.Permission != endpoints[i].right || op.Security == nil || len(*op.Security) != 2 {
				t.Errorf("%s %s declares %q, want %q", method, path, op.Permission, endpoints[i].right)
			}
		}
	}
	if declared != len(endpoints)+1 {
		t.Errorf("%d operations in the document, %d in the table", declared, len(endpoints)+1)
	}
}

func matches(template, path string) bool {
	a, b := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(a, b, func(x, y string) bool { return x == y || strings.HasPrefix(x, "{") && y != "generate" })
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		fail       error
		status     int
		header     string
	}{
		{"right", `{"email":"a@example.com","password":"right"}`, nil, 200, ""},
		{"wrong", `{"email":"a@example.com","password":"wrong"}`, nil, 401, "Www-Authenticate"},
		{"missing password", `{"email":"a@example.com"}`, nil, 422, ""},
		{"unknown field", `{"email":"a@example.com","password":"right","code":"1"}`, nil, 422, ""},
		{"locked", `{"email":"a@example.com","password":"right"}`, &domain.Error{Code: domain.CodeRateLimited, Message: "Too many.", RetryAfter: 90e9}, 429, "Retry-After"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := call(t, newAPI(&fakes{fail: tt.fail}), nil, "POST", "/api/v1/auth/login", tt.body)
			if w.Code != tt.status || tt.header != "" && w.Header().Get(tt.header) == "" {
				t.Errorf("%d %v, want %d with %q", w.Code, w.Header(), tt.status, tt.header)
			}
			if strings.Contains(w.Body.String(), "right") {
				t.Errorf("the answer repeats the password: %s", w.Body)
			}
			if tt.status == 200 {
				want := `{"access_token":"a.b.c","token_type":"bearer","expires_in":86400}`
				if got := strings.TrimSpace(w.Body.String()); got != want {
					t.Errorf("body = %s, want %s", got, want)
				}
			}
		})
	}
}

func TestFaultsOfTheRequest(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	generate := "/api/v1/websites/generate"
	good := `{"niche":"tea","domain":"tea.example"}`
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		kind                     string
	}{
		{"broken JSON", "POST", generate, `{"niche":`, nil, 400, "malformed"},
		{"two values", "POST", generate, good + good, nil, 400, "malformed"},
		{"repeated name", "POST", generate, `{"niche":"tea","niche":"coffee","domain":"tea.example"}`, nil, 400, "malformed"},
		{"repeated name inside", "POST", "/api/v1/agents/opportunity_scanner/tasks", `{"type":"market_scan","params":{"a":[{"b":1,"b":2}]}}`, nil, 400, "malformed"},
		{"NaN", "POST", generate, `{"niche":NaN}`, nil, 400, "malformed"},
		{"too deep", "POST", "/api/v1/agents/opportunity_scanner/tasks", `{"type":"market_scan","params":{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}}`, nil, 400, "malformed"},
		{"not UTF-8", "POST", generate, "{\"niche\":\"\xff\",\"domain\":\"tea.example\"}", nil, 400, "malformed"},
		{"no body", "POST", generate, "", nil, 400, "malformed"},
		{"bad escape in the query", "GET", "/api/v1/websites?limit=%zz", "", nil, 400, "malformed"},
		{"form", "POST", generate, "niche=tea", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
		{"text", "POST", generate, good, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type"},
		{"too large", "POST", generate, `{"niche":"` + strings.Repeat("a", 2<<20) + `"}`, nil, 413, "too_large"},
		{"unknown path", "GET", "/api/v1/unicorns", "", nil, 404, "not_found"},
		{"unknown version", "GET", "/api/v2/websites", "", nil, 404, "not_found"},
		{"path trick", "GET", "/api/v1/agents/..%2f..%2fetc%2fpasswd/status", "", nil, 404, "not_found"},
		{"dots", "GET", "/api/v1/agents/../websites", "", nil, 404, "not_found"},
		{"double slash", "GET", "/api/v1//websites", "", nil, 404, "not_found"},
		{"NUL", "GET", "/api/v1/agents/%00/status", "", nil, 404, "not_found"},
		{"wrong method", "DELETE", "/api/v1/websites", "", nil, 405, "method_not_allowed"},
		{"unsupported task type", "POST", "/api/v1/agents/opportunity_scanner/tasks", `{"type":"fly"}`, nil, 422, "unsupported_task_type"},
		{"conflict", "POST", generate, `{"niche":"tea","domain":"taken.example"}`, nil, 409, "conflict"},
		{"red gate", "POST", "/api/v1/websites/site_1/publish", `{"release_id":"rel_red"}`, nil, 409, "gate_red"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := call(t, a, admin, tt.method, tt.path, tt.body, tt.header...)
			if p := problemOf(t, w); w.Code != tt.status || p.Type != "urn:empire:error:"+tt.kind {
				t.Errorf("%d %+v, want %d %s", w.Code, p, tt.status, tt.kind)
			}
		})
	}
	w := call(t, a, admin, "DELETE", "/api/v1/websites", "")
	if allow := w.Header().Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("Allow = %q", allow)
	}
}

func TestFaultsNameTheirPlace(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	for _, tt := range []struct{ method, path, body, location string }{
		{"GET", "/api/v1/websites?limit=0", "", "query.limit"},
		{"GET", "/api/v1/websites?colour=red", "", "query.colour"},
		{"POST", "/api/v1/websites/generate", `{"niche":"","domain":"tea.example"}`, "body.niche"},
		{"POST", "/api/v1/websites/generate", `{"niche":"tea","domain":"bad"}`, "body.domain"}, // found by the service
		{"POST", "/api/v1/pipelines/runs", `{"stages":[{"name":"a","agent":"x","task":{"type":""}}]}`, "body.stages[0].task.type"},
	} {
		p := problemOf(t, call(t, a, admin, tt.method, tt.path, tt.body))
		if len(p.Errors) == 0 || p.Errors[0].Location != tt.location || p.Errors[0].Message == "" {
			t.Errorf("%s %s: errors = %+v, want one at %s", tt.path, tt.body, p.Errors, tt.location)
		}
	}
}

func TestInternalErrorsStayPrivate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    error
		status int
	}{
		{errors.New("pq: password for host db7 is wrong"), 500},
		{&domain.Error{Code: domain.CodeUnavailable, Message: "The store is down.", Err: errors.New("db7")}, 503},
		{&domain.Error{Code: domain.CodeTimeout, Message: "It took too long.", Err: errors.New("db7")}, 504},
		{&domain.Error{Code: "brand_new", Message: "db7", Err: errors.New("x")}, 500},
	} {
		w := call(t, newAPI(&fakes{fail: tt.err}), admin, "GET", "/api/v1/websites/site_1", "")
		if problemOf(t, w); w.Code != tt.status || tt.status != 500 && strings.Contains(w.Body.String(), "db7") || strings.Contains(w.Body.String(), "pq:") {
			t.Errorf("%v: %d %s", tt.err, w.Code, w.Body)
		}
	}
}

func TestWindowsAndLinks(t *testing.T) {
	t.Parallel()
	f := &fakes{sites: 120}
	a := newAPI(f)
	for _, tt := range []struct {
		query string
		want  int
		links []string
		not   string
	}{
		{"", 50, []string{`</api/v1/websites?limit=50&offset=50>; rel="next"`, `</api/v1/websites?limit=50&offset=100>; rel="last"`}, "prev"},
		{"?offset=50", 50, []string{`offset=0>; rel="prev"`, `offset=100>; rel="next"`}, "none"},
		{"?limit=20&offset=100", 20, []string{`limit=20&offset=80>; rel="prev"`, `limit=20&offset=100>; rel="last"`}, "next"},
		{"?offset=1000", 0, []string{`offset=100>; rel="prev"`}, "next"},
		{"?limit=1000", 120, []string{`rel="first"`}, "next"},
	} {
		w := call(t, a, admin, "GET", "/api/v1/websites"+tt.query, "")
		var items []map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &items); err != nil || len(items) != tt.want {
			t.Errorf("%q: %d items, %v, want %d", tt.query, len(items), err, tt.want)
		}
		if got := w.Header().Get("X-Total-Count"); got != "120" {
			t.Errorf("%q: X-Total-Count = %q", tt.query, got)
		}
		link := w.Header().Get("Link")
		for _, want := range tt.links {
			if !strings.Contains(link, want) {
				t.Errorf("%q: Link = %s, want %s", tt.query, link, want)
			}
		}
		if strings.Contains(link, `rel="`+tt.not+`"`) {
			t.Errorf("%q: Link = %s, which has %s", tt.query, link, tt.not)
		}
	}
	if w := call(t, newAPI(&fakes{}), admin, "GET", "/api/v1/websites", ""); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("an empty list is %s, want []", w.Body)
	}
}

func FuzzWindow(f *testing.F) {
	a := newAPI(&fakes{sites: 120})
	for _, q := range []string{"limit=1", "limit=0&offset=5", "offset=-1", "limit=%31", "limit=1;offset=2", "limit=9999999999999999999999", "a=b&=", "limit=١"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r, err := http.NewRequestWithContext(domain.WithPrincipal(domain.WithRequestID(t.Context(), "req_test"), admin), "GET", "/api/v1/websites", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = query
		w := record(a, r)
		switch w.Code {
		case 200:
			var items []map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &items); err != nil || len(items) > 1000 {
				t.Errorf("%q: %d items, %v", query, len(items), err)
			}
		case 400, 422:
			problemOf(t, w)
		default:
			t.Errorf("%q: status %d", query, w.Code)
		}
	})
}

func FuzzBody(f *testing.F) {
	a := newAPI(&fakes{})
	f.Add([]byte(`{"niche":"tea","domain":"tea.example"}`))
	f.Add([]byte(`{"niche":"tea","domain":"tea.example","feeds":[null]}`))
	f.Add([]byte(`[[[]]]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := http.NewRequestWithContext(domain.WithPrincipal(domain.WithRequestID(t.Context(), "req_test"), admin), "POST", "/api/v1/websites/generate", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if w := record(a, r); w.Code >= 500 || w.Code < 200 {
			t.Errorf("%q: status %d %s", body, w.Code, w.Body)
		}
	})
}
