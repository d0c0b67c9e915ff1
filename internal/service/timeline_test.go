package service_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/testkit"
)

// observed are messages, paid calls and tasks of one run.
type (
	observedMessages []domain.RunMessage
	observedCalls    []domain.RunCall
	observedTasks    []domain.Task
)

func (o observedMessages) ByRun(context.Context, domain.RunID) ([]domain.RunMessage, error) {
	return o, nil
}
func (o observedCalls) ByRun(context.Context, domain.RunID) ([]domain.RunCall, error) { return o, nil }
func (o observedTasks) ByRun(context.Context, domain.RunID) ([]domain.Task, error)    { return o, nil }

// TestTimeline walks through the timeline of a run that was approved in pages of
// every size: the same entries in the same order, each once, and every kind.
func TestTimeline(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	acme := in(t.Context(), "acme")
	site := e.register(acme, t, "tea.example")
	run, a := e.build(acme, t, site.ID)
	if _, err := e.approvals.Decide(acme, a.ID, domain.Decision{Approve: true, Reason: "fine"}); err != nil {
		t.Fatal(err)
	}
	e.workAll(t)
	now := time.Now()
	lines := service.NewTimelines(service.TimelinesConfig{
		Runs: e.runs, Approvals: e.st.Approvals, Now: time.Now,
		Messages: observedMessages{{ID: "m1", Step: "build", From: "a", To: "b", Priority: domain.PriorityHigh, At: now}},
		Calls: observedCalls{
			{ID: "c1", Step: "build", Provider: "test", Model: "small", InputTokens: 10, OutputTokens: 5, Cost: 120, Currency: "EUR", At: now},
			{ID: "c2", Step: "build", Provider: "test", Model: "small", InputTokens: 1, OutputTokens: 2, Cost: 30, Currency: "EUR", At: now},
		},
		Tasks:    observedTasks{{ID: "task_1", AgentID: "digger", Type: "dig", State: domain.StateCompleted, CreatedAt: now}},
		BlobSize: func(_ context.Context, sha string) (int64, error) { return int64(len(sha)), nil },
	})
	whole, err := lines.Get(acme, run.ID, "", 1000)
	if err != nil || whole.Next != "" {
		t.Fatalf("timeline: next %q, %v", whole.Next, err)
	}
	kinds := map[string]int{}
	for i, entry := range whole.Entries {
		kinds[entry.Kind]++
		if i > 0 && entry.At.Before(whole.Entries[i-1].At) {
			t.Errorf("entry %d is before the one before it", i)
		}
		if entry.Summary == "" || entry.ID == "" || entry.At.Location() != time.UTC {
			t.Errorf("entry %+v says nothing", entry)
		}
	}
	if kinds[domain.TimelineAttempt] != 3 || kinds[domain.TimelineApproval] != 2 || kinds[domain.TimelineMessage] != 1 || kinds[domain.TimelineCost] != 2 ||
		kinds[domain.TimelineTask] != 1 || kinds[domain.TimelineEvent] < 8 {
		t.Errorf("kinds %v", kinds)
	}
	build := whole.Steps[0]
	if build.Name != "build" || len(build.Attempts) != 1 || build.Attempts[0].Worker != "w1" || build.Calls != 2 || build.InputTokens != 11 || build.OutputTokens != 7 ||
		build.Cost != 150 || build.Currency != "EUR" || build.Messages != 1 {
		t.Errorf("summary of build: %+v", build)
	}
	if got := whole.Steps[1]; got.Name != "approve" || !slices.Equal(got.Approvals, []domain.ApprovalID{a.ID}) {
		t.Errorf("summary of approve: %+v", got)
	}
	for size := 1; size <= len(whole.Entries); size++ {
		var ids []string
		for after, pages := "", 0; ; pages++ {
			part, err := lines.Get(acme, run.ID, after, size)
			if err != nil || pages > len(whole.Entries) {
				t.Fatal(pages, err)
			}
			for _, entry := range part.Entries {
				ids = append(ids, entry.Kind+entry.ID)
			}
			if after = part.Next; after == "" {
				break
			}
		}
		want := make([]string, len(whole.Entries))
		for i, entry := range whole.Entries {
			want[i] = entry.Kind + entry.ID
		}
		if !slices.Equal(ids, want) {
			t.Fatalf("pages of %d: %v, want %v", size, ids, want)
		}
	}
	_, err = lines.Get(acme, run.ID, "a cursor!", 10)
	wantCode(t, "a made-up cursor", err, domain.CodeInvalid)
}

// TestTimelineArtifacts: the blobs that results name are there with their size.
func TestTimelineArtifacts(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	acme := in(t.Context(), "acme")
	run, _ := e.build(acme, t, e.register(acme, t, "tea.example").ID)
	step := ""
	for _, s := range run.Steps {
		if s.Name == "build" {
			step = string(s.ID)
		}
	}
	hash := func(c byte) string { return string(slices.Repeat([]byte{c}, 64)) }
	execSQL(t, e.st, `UPDATE steps SET result = $2 WHERE id = $1`, step, `{"draft":"`+hash('a')+`","manifest":"`+hash('b')+`","market":"no hash","pages":3}`)
	lines := service.NewTimelines(service.TimelinesConfig{Runs: e.runs, Now: time.Now, BlobSize: func(_ context.Context, sha string) (int64, error) {
		if sha == hash('b') {
			return 0, errors.New("gone")
		}
		return 7, nil
	}})
	got, err := lines.Get(acme, run.ID, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	if want := []domain.Artifact{{Kind: "draft", Hash: hash('a'), Size: 7}, {Kind: "manifest", Hash: hash('b'), Size: -1}}; !slices.Equal(got.Steps[0].Artifacts, want) {
		t.Errorf("artifacts %+v, want %+v", got.Steps[0].Artifacts, want)
	}
}
