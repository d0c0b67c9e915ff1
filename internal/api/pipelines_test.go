package api_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/api"
	"empire/internal/domain"
)

type (
	pipelines struct{ *fakes }
	schedules struct{ *fakes }
)

func (f pipelines) List(context.Context) ([]domain.PipelineInfo, error) {
	return []domain.PipelineInfo{{Name: "launch_website", Version: 1, Origin: domain.OriginShipped, Steps: []domain.PipelineStep{{Name: "scan"}}}}, f.fail
}

func (f pipelines) Get(_ context.Context, name string) (*domain.PipelineInfo, error) {
	if name != "weekly" {
		return nil, missing("Pipeline", name)
	}
	return &domain.PipelineInfo{Name: name, Version: 2, Origin: domain.OriginOperator, Definition: "name: weekly", UpdatedAt: &noon}, f.fail
}

func (f pipelines) Put(ctx context.Context, name, definition string) (*domain.PipelineInfo, error) {
	if strings.HasPrefix(definition, "bad") {
		return nil, &domain.Error{Code: domain.CodeInvalid, Field: "definition", Message: "The definition cannot be used.", Faults: []domain.Fault{
			{Path: "steps[0].agent", Line: 3, Column: 5, Message: "There is no such agent."}, {Path: "name", Message: "It has no name."},
		}}
	}
	return f.Get(ctx, name)
}

func (f pipelines) Delete(ctx context.Context, name string) error {
	_, err := f.Get(ctx, name)
	return err
}

func (f pipelines) Validate(_ context.Context, definition string) (string, []domain.Fault, error) {
	if definition == "bad" {
		return "", []domain.Fault{{Path: "name", Line: 1, Column: 1, Message: "It has no name."}}, f.fail
	}
	return "weekly", nil, f.fail
}

func (f schedules) Get(_ context.Context, id domain.ScheduleID) (*domain.Schedule, error) {
	if id != "sched_1" {
		return nil, missing("Schedule", string(id))
	}
	return &domain.Schedule{ID: id, Every: 90 * time.Minute, Overlap: domain.OverlapSkip, Priority: domain.RunNormal, Enabled: true}, f.fail
}

func (f schedules) List(_ context.Context, w domain.Window) ([]domain.Schedule, int, error) {
	f.note(func() { f.window = w })
	return []domain.Schedule{{ID: "sched_1"}}, 1, f.fail
}

func (f schedules) Create(ctx context.Context, p domain.ScheduleParams) (*domain.Schedule, error) {
	f.note(func() { f.schedule = p })
	if p.Cron == "" && p.Every == 0 {
		return nil, domain.Invalid("cron", "Give either cron or every.")
	}
	return f.Get(ctx, "sched_1")
}

func (f schedules) Update(ctx context.Context, id domain.ScheduleID, p domain.SchedulePatch) (*domain.Schedule, error) {
	f.note(func() { f.schedulePatch = p })
	return f.Get(ctx, id)
}

func (f schedules) Delete(ctx context.Context, id domain.ScheduleID) error {
	_, err := f.Get(ctx, id)
	return err
}

// TestFaultsOfADefinition are shown all at once, each with its place.
func TestFaultsOfADefinition(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	w := call(t, a, admin, "PUT", api.Base+"/pipelines/weekly", `{"definition":"bad"}`)
	p := problemOf(t, w)
	want := []api.Fault{{Location: "body.definition:3:5 steps[0].agent", Message: "There is no such agent."}, {Location: "body.definition name", Message: "It has no name."}}
	if diff := cmp.Diff(want, p.Errors); w.Code != 422 || diff != "" {
		t.Errorf("%d %s", w.Code, diff)
	}
	w = call(t, a, admin, "POST", api.Base+"/pipelines/validate", `{"definition":"bad"}`)
	if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != `{"valid":false,"name":"","faults":[{"path":"name","line":1,"column":1,"message":"It has no name."}]}` {
		t.Errorf("%d %s", w.Code, got)
	}
}

// TestStagesOfARun: all that a stage may say reaches the service.
func TestStagesOfARun(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	body := `{"priority":"low","stages":[
		{"name":"a","agent":"x","task":{"type":"t"}},
		{"name":"b","agent":"x","task":{"type":"t"},"after":[],"when":"params.x","timeout":"90s","retry":{"attempts":3,"backoff":"10s","max_backoff":"1m","codes":["timeout"]},
		 "limits":[{"key":"k","concurrency":1,"per_minute":2}]}]}`
	if w := call(t, newAPI(f), admin, "POST", api.Base+"/pipelines/runs", body); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	task := domain.TaskSpec{Type: "t"}
	want := domain.StartParams{Priority: domain.RunLow, Stages: []domain.Stage{{Name: "a", Agent: "x", Task: task}, {
		Name: "b", Agent: "x", Task: task, After: []string{}, When: "params.x", Timeout: domain.Duration(90 * time.Second),
		Retry:  &domain.RetryPolicy{Attempts: 3, Backoff: domain.Duration(10 * time.Second), MaxBackoff: domain.Duration(time.Minute), Codes: []domain.Code{domain.CodeTimeout}},
		Limits: []domain.Limit{{Key: "k", Concurrency: 1, PerMinute: 2}},
	}}}
	if diff := cmp.Diff(want, f.start); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`"timeout":"soon"`, `"retry":{"backoff":"x"}`, `"retry":{"max_backoff":"x"}`, `"retry":{"attempts":0}`, `"limits":[{}]`, `"after":"a"`} {
		w := call(t, newAPI(f), admin, "POST", api.Base+"/pipelines/runs", `{"stages":[{"name":"a","agent":"x","task":{"type":"t"},`+bad+`}]}`)
		if p := problemOf(t, w); w.Code != 422 {
			t.Errorf("%s: %d %+v", bad, w.Code, p)
		}
	}
}

func TestRetryFrom(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	for body, want := range map[string]string{"": "", `{}`: "", `{"from":"write"}`: "write"} {
		f.from = "unset"
		if w := call(t, newAPI(f), admin, "POST", api.Base+"/runs/run_1/retry", body); w.Code != 409 {
			t.Errorf("%s: %d", body, w.Code)
		}
		if f.from != want {
			t.Errorf("%s: from %q, want %q", body, f.from, want)
		}
	}
}

// TestScheduleBodies go to the service and come back.
func TestScheduleBodies(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	w := call(t, newAPI(f), admin, "POST", api.Base+"/schedules", `{"name":"n","pipeline":"p","params":{"a":1},"every":"90m","overlap":"queue","priority":"high"}`)
	if w.Code != 201 || w.Header().Get("Location") != api.Base+"/schedules/sched_1" || !strings.Contains(w.Body.String(), `"every":"1h30m"`) {
		t.Errorf("%d %s %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	want := domain.ScheduleParams{Name: "n", Pipeline: "p", Params: json.RawMessage(`{"a":1}`), Every: 90 * time.Minute, Overlap: domain.OverlapQueue, Priority: domain.RunHigh}
	if diff := cmp.Diff(want, f.schedule); diff != "" {
		t.Error(diff)
	}
	if w := call(t, newAPI(f), admin, "PATCH", api.Base+"/schedules/sched_1", `{"every":"2h","enabled":false}`); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if p := f.schedulePatch; p.Every == nil || *p.Every != 2*time.Hour || p.Enabled == nil || *p.Enabled || p.Cron != nil {
		t.Errorf("patch = %+v", p)
	}
}
