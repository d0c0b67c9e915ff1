package app_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/config"
)

// sampleSite is the site of one demo run, served as long as the test binary runs.
// Tests that share it only look at it.
type sampleSite struct {
	app     *app.App
	summary *app.DemoSummary
	stop    func() error
}

// shared builds the sample site when the first test asks for it.
var shared = sync.OnceValues(buildSample)

func sampleOf(t *testing.T) *sampleSite {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("build the sample site: %v", err)
	}
	return s
}

func buildSample() (_ *sampleSite, err error) {
	dir, err := os.MkdirTemp("", "empire-sample-")
	if err != nil {
		return nil, err
	}
	s := &sampleSite{stop: func() error { return os.RemoveAll(dir) }}
	stopShared = func() error { return s.stop() }
	cfg, _, err := config.Load(config.Input{Flags: map[string]string{"data": dir, "listen.api": "127.0.0.1:0", "listen.edge": "127.0.0.1:0"}})
	if err != nil {
		return nil, err
	}
	if s.app, err = app.Open(context.Background(), cfg, slog.New(slog.DiscardHandler), app.Serve); err != nil {
		return nil, err
	}
	s.stop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return errors.Join(s.app.Stop(ctx), s.app.Close(), os.RemoveAll(dir))
	}
	s.app.UseSampleOperator()
	if err := s.app.Start(context.Background()); err != nil {
		return nil, err
	}
	s.summary, err = s.app.Demo(context.Background(), app.DemoParams{})
	return s, err
}

// stopShared ends what buildSample began, if it began.
var stopShared = func() error { return nil }

func TestMain(m *testing.M) {
	code := m.Run()
	if err := stopShared(); err != nil {
		_, _ = os.Stderr.WriteString("stop the sample site: " + err.Error() + "\n")
		code = max(code, 1)
	}
	os.Exit(code)
}
