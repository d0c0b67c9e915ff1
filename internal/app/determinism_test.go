package app_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"empire/internal/testkit"
)

// TestSameReleaseEverywhere builds a release again with the program itself, in other
// time zones, languages and directories and with another number of threads: the hash is
// always that of the release.
func TestSameReleaseEverywhere(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	binary, dir := testkit.Binary(t), t.TempDir()
	data := filepath.Join(dir, "data")
	run := func(cwd string, env []string, v any, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, args...)
		var stderr bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stderr = cwd, append(plainEnv(), env...), &stderr
		out, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(out, v)
		}
		if err != nil {
			t.Fatalf("%v in %s with %q: %v\n%s", args, cwd, env, err, stderr.Bytes())
		}
	}
	var made struct {
		Domain string `json:"domain"`
	}
	run(dir, []string{"TZ=UTC", "LANG=C"}, &made, "demo", "--once", "--json", "--data", data)
	for _, tt := range []struct {
		cwd, data string
		env       []string
	}{
		{dir, data, []string{"TZ=UTC", "LANG=C"}},
		{t.TempDir(), data, []string{"TZ=Pacific/Auckland", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "HOME=" + t.TempDir()}},
		{data, ".", []string{"TZ=America/St_Johns", "LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "HOME=/", "GOMAXPROCS=1"}},
	} {
		var v struct {
			Manifest, Rebuilt string
			Same              bool
		}
		run(tt.cwd, tt.env, &v, "site", "verify", made.Domain, "--json", "--data", tt.data)
		if !v.Same || v.Manifest == "" || v.Manifest != v.Rebuilt {
			t.Errorf("with %q the release is %+v", tt.env, v)
		}
	}
}
