package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"empire/internal/api"
)

// TestUnreadable gives the API what two programs would read differently, or what a
// database could not keep.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	const generate, tasks = "/api/v1/websites/generate", "/api/v1/agents/opportunity_scanner/tasks"
	params := func(value string) string { return `{"type":"market_scan","params":{"topic":` + value + `}}` }
	good := `{"niche":"tea","domain":"tea.example"}`
	for _, tt := range []struct {
		name, method, path, body, kind string
		status                         int
	}{
		{"NUL in a text", "POST", tasks, params(`"a\u0000b"`), "", 400},
		{"NUL in a name", "POST", tasks, `{"type":"market_scan","params":{"a\u0000":1}}`, "", 400},
		{"half a pair", "POST", tasks, params(`"\ud83d"`), "", 400},
		{"the other half", "POST", tasks, params(`"\ude00"`), "", 400},
		{"two first halves", "POST", tasks, params(`"\ud83d\ud83d"`), "", 400},
		{"a whole pair", "POST", tasks, params(`"\ud83d\ude00"`), "", 202},
		{"a backslash before u", "POST", tasks, params(`"\\ud83d"`), "", 202},
		{"a number without end", "POST", tasks, params(`1e400`), "", 400},
		{"objects in a list without repeats", "POST", "/api/v1/websites/bulk", `{"action":"publish","ids":[{},[]]}`, "", 422},
		{"a large number", "POST", tasks, params(`1e300`), "", 202},
		{"a type without a name", "POST", generate, good, ";", 415},
		{"a type that is none", "POST", generate, good, "a/b/c", 415},
		{"a parameter of the type", "POST", generate, good, "application/json; charset=utf-8", 202},
		{"NUL in the query", "GET", "/api/v1/websites?limit=%00", "", "", 400},
		{"bytes in the query", "GET", "/api/v1/products?query=%ff", "", "", 400},
		{"bytes in the name", "GET", "/api/v1/websites?%ff=1", "", "", 400},
		{"bytes in the path", "GET", "/api/v1/websites/%ff", "", "", 404},
		{"NUL in the path", "GET", "/api/v1/websites/site_1%00", "", "", 404},
		{"a slash that separates nothing", "GET", "/api/v1/websites%2f", "", "", 404},
		{"a trailing slash", "GET", "/api/v1/websites/", "", "", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var header []string
			if tt.kind != "" {
				header = []string{"Content-Type", tt.kind}
			}
			w := call(t, a, admin, tt.method, tt.path, tt.body, header...)
			if w.Code != tt.status {
				t.Errorf("%d, want %d\n%s", w.Code, tt.status, w.Body)
			}
			if w.Code >= 400 {
				problemOf(t, w)
			}
		})
	}
}

// TestFaultsSpeakNoGo keeps the words of the implementation out of answers.
func TestFaultsSpeakNoGo(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	for _, body := range []string{`{"niche":1e400}`, `7`, `{"niche":"a","domain":"b","feeds":[9223372036854775808]}`, `{"stages":[{"name":"a","agent":"b","task":7}]}`, `[1`} {
		for _, path := range []string{"/api/v1/websites/generate", "/api/v1/pipelines/runs"} {
			w := call(t, a, admin, "POST", path, body)
			if w.Code < 400 || strings.Contains(w.Body.String(), "unmarshal") || strings.Contains(w.Body.String(), "Go ") {
				t.Errorf("%s %s: %d %s", path, body, w.Code, w.Body)
			}
		}
	}
}

// TestDocumentIsWhole holds the document against what is promised of every
// operation, whoever wrote it.
func TestDocumentIsWhole(t *testing.T) {
	t.Parallel()
	type operation struct {
		Summary   string
		Tags      []string
		Security  []map[string][]string
		Body      json.RawMessage `json:"requestBody"`
		Responses map[string]struct {
			Ref     string `json:"$ref"`
			Headers map[string]any
		}
		Parameters []struct {
			Ref string `json:"$ref"`
		}
	}
	var doc struct {
		Paths map[string]map[string]operation
		Tags  []struct{ Name, Description string }
	}
	if err := json.Unmarshal(document(t), &doc); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, tag := range doc.Tags {
		described[tag.Name] = tag.Description != ""
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			want := []string{"400", "401", "422", "429", "431", "500", "503", "504"}
			if method == "get" {
				want = append(want, "304")
			} else {
				want = append(want, "403", "408", "413")
			}
			if op.Body != nil {
				want = append(want, "415")
			}
			if strings.Contains(path, "{") {
				want = append(want, "404")
			}
			keyed := slices.ContainsFunc(op.Parameters, func(p struct {
				Ref string `json:"$ref"`
			}) bool {
				return p.Ref == "#/components/parameters/Idempotency-Key"
			})
			secret := slices.ContainsFunc(api.Unrepeatable(), func(p string) bool { return strings.HasPrefix(api.Base+path, p) })
			if keyed != (method != "get" && !secret) {
				t.Errorf("%s %s: takes an idempotency key: %v", method, path, keyed)
			}
			if keyed {
				want = append(want, "409")
			}
			for _, status := range want {
				if !strings.HasPrefix(op.Responses[status].Ref, "#/components/responses/") {
					t.Errorf("%s %s: %s is %+v", method, path, status, op.Responses[status])
				}
			}
			if op.Summary == "" || len(op.Tags) != 1 || !described[op.Tags[0]] {
				t.Errorf("%s %s: summary %q, tags %q", method, path, op.Summary, op.Tags)
			}
			success := slices.Sorted(maps.Keys(op.Responses))[0]
			if !strings.HasPrefix(success, "2") || op.Responses[success].Headers["X-Request-ID"] == nil || method == "get" && op.Responses[success].Headers["ETag"] == nil {
				t.Errorf("%s %s: %s has the headers %v", method, path, success, op.Responses[success].Headers)
			}
		}
	}
}
