package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

// TestKillAndResume kills the real program with SIGKILL at random moments of a run,
// starts it again until the run has ended, and looks at what is left. Set
// EMPIRE_TEST_KILLS for the number of runs.
func TestKillAndResume(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	runs := 3
	if s := os.Getenv("EMPIRE_TEST_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("EMPIRE_TEST_KILLS: %v", err)
		}
		runs = n
	}
	binary := testkit.Binary(t)
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			whole := killed(t, binary, t.TempDir(), db.url(t), 0)
			for i := range runs {
				url := db.url(t)
				dir := t.TempDir()
				kills := 0
				for {
					// The first kill comes within the time of a whole run, later ones sooner, so
					// that resumed runs are killed, too.
					after := time.Duration(rand.Int64N(int64(whole))) / time.Duration(min(kills+1, 4))
					if kills == 3 {
						after = 0 // let it end
					}
					if killed(t, binary, dir, url, after) > 0 {
						break
					}
					kills++
				}
				t.Logf("run %d: %d kills", i+1, kills)
				checkAfterKills(t, dir, url)
			}
		})
	}
}

// killed runs the demo and kills it after a while (0: never). It returns how long
// the program ran if it came to its end, else 0.
func killed(t *testing.T, binary, dir, postgres string, after time.Duration) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{"demo", "--once", "--json", "--data", dir}
	if postgres != "" {
		args = append(args, "--pg", postgres)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	errs := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(errs)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	cmd.Stderr = f
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var timer <-chan time.Time
	if after > 0 {
		timer = time.After(after)
	}
	select {
	case err = <-done:
	case <-timer:
		_ = cmd.Process.Kill() // SIGKILL
		err = <-done
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && !exit.Exited() {
			return 0
		}
	}
	if err != nil {
		text, _ := os.ReadFile(errs)
		t.Fatalf("demo: %v\n%s", err, text)
	}
	return time.Since(began)
}

// checkAfterKills wants one release, no step repeated after it finished, and no
// blob that is referenced but missing.
func checkAfterKills(t *testing.T, dir, postgres string) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "empire.db"), URL: postgres, Logger: quietLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	st := store.New(db)
	sites, _, err := st.Websites.List(ctx, "", domain.Window{Limit: 10})
	if err != nil || len(sites) != 1 {
		t.Fatalf("%d websites, %v", len(sites), err)
	}
	releases, _, err := st.Releases.List(ctx, sites[0].ID, domain.Window{Limit: 10})
	if err != nil || len(releases) != 1 || sites[0].LiveRelease != releases[0].ID {
		t.Fatalf("%d releases, live %q, %v; want exactly one, live", len(releases), sites[0].LiveRelease, err)
	}
	run, err := st.Runs.Get(ctx, releases[0].RunID)
	if err != nil || run.State != domain.StateCompleted {
		t.Fatalf("run = %+v, %v", run, err)
	}
	checkAttempts(ctx, t, st, run)
	blobs, err := blob.NewDir(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	checkBlobs(ctx, t, blobs, run, &releases[0])
}

// checkAttempts wants the attempts of each step one after another, the last one
// completed and none after it.
func checkAttempts(ctx context.Context, t *testing.T, st *store.Store, run *domain.Run) {
	t.Helper()
	attempts, err := st.Steps.Attempts(ctx, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	completed := map[domain.StepID]int{}
	for _, a := range attempts {
		if completed[a.StepID] > 0 {
			t.Errorf("step %s was tried again (attempt %d) after it had completed", a.StepID, a.Number)
		}
		if a.State == domain.StateCompleted {
			completed[a.StepID]++
		}
	}
	for _, s := range run.Steps {
		if s.State != domain.StateCompleted || completed[s.ID] != 1 {
			t.Errorf("step %s is %s and completed %d times", s.Name, s.State, completed[s.ID])
		}
	}
}

func checkBlobs(ctx context.Context, t *testing.T, blobs *blob.Dir, run *domain.Run, rel *domain.Release) {
	t.Helper()
	want := []string{rel.Manifest, rel.Draft}
	for _, s := range run.Steps {
		var ref struct {
			Draft    string `json:"draft"`
			Market   string `json:"market"`
			Manifest string `json:"manifest"`
			Blob     string `json:"$blob"`
		}
		if len(s.Result) > 0 && json.Unmarshal(s.Result, &ref) == nil {
			want = append(want, ref.Draft, ref.Market, ref.Manifest, ref.Blob)
		}
	}
	raw, err := blobs.ReadAll(ctx, rel.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	var m domain.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	for _, e := range m.Entries {
		want = append(want, e.SHA256)
		for _, enc := range e.Encodings {
			want = append(want, enc.SHA256)
		}
	}
	for _, sha := range want {
		if sha == "" {
			continue
		}
		if _, err := blobs.ReadAll(ctx, sha); err != nil {
			t.Errorf("referenced blob: %v", err)
		}
	}
}
