package service_test

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestForecast: an estimate comes from runs of the tenant that finished, and there is
// none, with a reason, before. A hundred websites at once have ids of their own.
func TestForecast(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada, bob := in(t.Context(), "acme"), in(t.Context(), "other")
	seen := map[domain.WebsiteID]bool{}
	began := time.Now()
	for i := range 100 {
		seen[e.register(ada, t, hostOf(i)).ID] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 websites in %s have %d ids", time.Since(began), len(seen))
	}
	site := e.register(ada, t, "a.example")
	run, _ := e.build(ada, t, site.ID)
	f, err := e.websites.Forecast(ada, run)
	if err != nil || f.At != nil || f.Runs != 0 || f.Reason == "" {
		t.Errorf("without history: %+v, %v", f, err)
	}
	e.publish(ada, t, e.register(ada, t, "b.example").ID)
	if f, err = e.websites.Forecast(ada, run); err != nil || f.At == nil || f.Runs != 1 || f.Reason != "" || f.At.Before(run.CreatedAt.Truncate(time.Second)) || f.At.After(run.CreatedAt.Add(time.Minute)) {
		t.Errorf("with a run that finished: %+v, %v", f, err)
	}
	if f, err = e.websites.Forecast(bob, run); err != nil || f.At != nil {
		t.Errorf("another tenant's runs are counted: %+v, %v", f, err)
	}
}
