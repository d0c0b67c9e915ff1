package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/testkit"
)

// engine is a search engine that answers as it is told to and notes what it got.
type engine struct {
	answers []int // statuses; 0 is no answer; the last one stays
	got     [][]string
	host    string
	key     string
}

func (e *engine) Submit(_ context.Context, host, key string, urls []string) (int, time.Duration, error) {
	e.host, e.key, e.got = host, key, append(e.got, slices.Clone(urls))
	status := e.answers[0]
	if len(e.answers) > 1 {
		e.answers = e.answers[1:]
	}
	switch {
	case status == 0:
		return 0, 0, domain.Errorf(domain.CodeUnavailable, "Nobody is there.")
	case status >= 500:
		return status, 0, errors.New("a fault of its own")
	case status == 429:
		return status, 90 * time.Second, nil
	}
	return status, 0, nil
}

// told is a press whose releases search engines are told of.
type told struct {
	*press
	engine *engine
	subs   *service.Submissions
	seo    *service.SEO
	jobs   []json.RawMessage
}

func newTold(t *testing.T, answers ...int) *told {
	e := newEstate(t, testkit.DB(t))
	o := &told{press: newPress(t, e, "acme", "keys.example"), engine: &engine{answers: answers}}
	o.subs = service.NewSubmissions(service.SubmissionsConfig{
		Tx: e.st, Store: e.st.Submissions, Websites: e.st.Websites, Engines: o.engine, Key: func(host string) string { return "key of " + host }, Audit: e.st.Audit, Now: time.Now,
		Enqueue: func(_ context.Context, kind string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			if kind == service.JobSubmit {
				o.jobs = append(o.jobs, raw)
			}
			return err
		},
	})
	cfg := e.seoConfig(e.st)
	cfg.Tell = o.subs
	o.seo = service.NewSEO(cfg)
	return o
}

// release publishes pages and works the job of the release; it returns what was queued.
func (o *told) release(pages map[string]string) []json.RawMessage {
	o.t.Helper()
	o.jobs = nil
	o.work(o.seo, o.publish(pages, nil))
	return o.jobs
}

func (o *told) newest() domain.Submission {
	o.t.Helper()
	list, _, err := o.subs.List(o.ctx, o.site.ID, domain.Window{Limit: 1})
	if err != nil || len(list) != 1 {
		o.t.Fatalf("submissions = %+v, %v", list, err)
	}
	return list[0]
}

// TestSubmissions: after a release the pages that changed, came or went are told, and
// none that is unchanged or may not be indexed.
func TestSubmissions(t *testing.T) {
	t.Parallel()
	o := newTold(t, 202, 200)
	for _, tt := range []struct {
		name  string
		pages map[string]string
		want  []string
	}{
		{"all of the first", map[string]string{"": "home", "a": "one", "b": "two", "c": "closed"}, []string{"https://keys.example/", "https://keys.example/a/", "https://keys.example/b/"}},
		{"changed, new, gone", map[string]string{"": "home", "a": "other", "c": "closed again", "d": "new"}, []string{"https://keys.example/a/", "https://keys.example/b/", "https://keys.example/d/"}},
		{"closed since", map[string]string{"": "home", "a": "closed now", "c": "closed", "d": "new"}, nil},
		{"nothing", map[string]string{"": "home", "a": "closed now", "c": "closed", "d": "new"}, nil},
	} {
		jobs := o.release(tt.pages)
		if len(jobs) != min(1, len(tt.want)) {
			t.Fatalf("%s: %d submissions", tt.name, len(jobs))
		}
		if len(jobs) == 0 {
			continue
		}
		if err := o.subs.Work(t.Context(), jobs[0]); err != nil {
			t.Fatal(err)
		}
		if got := o.engine.got[len(o.engine.got)-1]; !slices.Equal(got, tt.want) || o.engine.host != "keys.example" || o.engine.key != "key of keys.example" {
			t.Errorf("%s: told %q of %s with %s, want %q", tt.name, got, o.engine.host, o.engine.key, tt.want)
		}
		if v := o.newest(); v.State != domain.SubmissionAccepted || v.Sent != len(tt.want) || v.Attempts != 1 || v.Status == 0 {
			t.Errorf("%s: %+v", tt.name, v)
		}
		before := len(o.engine.got)
		if err := o.subs.Work(t.Context(), jobs[0]); err != nil || len(o.engine.got) != before {
			t.Errorf("%s: a job that runs twice tells twice, %v", tt.name, err)
		}
	}
}

// TestSubmissionsOfOvertakenReleases: what changed with a release that was live for a
// moment only is told, too.
func TestSubmissionsOfOvertakenReleases(t *testing.T) {
	t.Parallel()
	o := newTold(t, 200)
	o.release(map[string]string{"": "home", "a": "one", "b": "one"})
	o.jobs = nil
	second := o.publish(map[string]string{"": "home", "a": "two", "b": "one"}, nil)
	third := o.publish(map[string]string{"": "home", "a": "two", "b": "two"}, nil)
	for i, want := range []string{"https://keys.example/a/", "https://keys.example/b/"} {
		o.work(o.seo, []*domain.Release{second, third}[i])
		if v := o.newest(); len(o.jobs) != i+1 || !slices.Equal(v.URLs, []string{want}) {
			t.Errorf("release %d: %d submissions, the newest of %q, want %s", i+2, len(o.jobs), v.URLs, want)
		}
	}
}

// TestSubmissionAnswers: what passes is tried again with a pause, what does not is the
// end.
func TestSubmissionAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		answers  []int
		works    int // how often the queue works the job
		state    domain.SubmissionState
		attempts int
		status   int
	}{
		{"taken", []int{200}, 5, domain.SubmissionAccepted, 1, 200},
		{"bad format", []int{400}, 5, domain.SubmissionFailed, 1, 400},
		{"not of the host", []int{422}, 5, domain.SubmissionFailed, 1, 422},
		{"too many, then taken", []int{429, 429, 202}, 5, domain.SubmissionAccepted, 3, 202},
		{"key file late", []int{403, 200}, 5, domain.SubmissionAccepted, 2, 200},
		{"key file never", []int{403}, 5, domain.SubmissionFailed, 3, 403},
		{"down, then taken", []int{0, 503, 200}, 5, domain.SubmissionAccepted, 3, 200},
		{"down for good", []int{503}, 50, domain.SubmissionFailed, 12, 503},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newTold(t, tt.answers...)
			job := o.release(map[string]string{"": "home"})[0]
			last := time.Duration(0)
			for range tt.works {
				err := o.subs.Work(t.Context(), job)
				if err == nil {
					break
				}
				e, ok := errors.AsType[*domain.Error](err)
				if !ok || e.Code != domain.CodeRateLimited || e.RetryAfter < time.Minute || e.RetryAfter < last && tt.answers[0] != 429 {
					t.Fatalf("work: %v, pause %v after %v", err, e.RetryAfter, last)
				}
				last = e.RetryAfter
			}
			if v := o.newest(); v.State != tt.state || v.Attempts != tt.attempts || v.Status != tt.status || tt.state == domain.SubmissionFailed && v.Detail == "" {
				t.Errorf("submission = %+v", v)
			}
		})
	}
}

// TestSubmissionBatches: no request names more addresses than the protocol allows, and
// after a failure only the rest is told again.
func TestSubmissionBatches(t *testing.T) {
	t.Parallel()
	o := newTold(t, 200, 429, 200)
	v := &domain.Submission{ID: "sub_1", Tenant: "acme", WebsiteID: o.site.ID, Host: "keys.example", State: domain.SubmissionPending, URLs: make([]string, domain.MaxSubmission+5), CreatedAt: time.Now(), UpdatedAt: time.Now()}
	v.Total = len(v.URLs)
	if err := o.st.Submissions.Insert(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	job := json.RawMessage(`{"submission_id":"sub_1"}`)
	if err := o.subs.Work(t.Context(), job); domain.CodeOf(err) != domain.CodeRateLimited {
		t.Fatal(err)
	}
	if got := o.newest(); got.Sent != domain.MaxSubmission || got.State != domain.SubmissionPending {
		t.Errorf("after the first request: %d, %s", got.Sent, got.State)
	}
	if err := o.subs.Work(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, g := range o.engine.got {
		sizes = append(sizes, len(g))
	}
	if !slices.Equal(sizes, []int{domain.MaxSubmission, 5, 5}) || o.newest().State != domain.SubmissionAccepted {
		t.Errorf("requests of %v addresses, %+v", sizes, o.newest().State)
	}
}
