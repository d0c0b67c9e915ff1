package app_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"empire/internal/testkit"
)

// mirror copies a live site with wget as a visitor would, following links from the home
// page, and compares the copy with the files of the release. What no page links to, such
// as the error page, is asked for by its address.
func mirror(t *testing.T, base, domain, want string) {
	t.Helper()
	wget, diff := testkit.Look(t, "wget"), testkit.Look(t, "diff")
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	get := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), wget, append([]string{
			"--mirror", "--page-requisites", "--no-host-directories", "--no-verbose", "--execute=robots=off", "--content-on-error", "--tries=2", "--timeout=20", "--directory-prefix=" + dir,
		}, args...)...)
		cmd.Env = append(plainEnv(), "http_proxy=http://127.0.0.1:"+u.Port()) // names lead nowhere here; the edge goes by Host
		out, _ := cmd.CombinedOutput()                                        // its code is 8 after the error page
		return string(out)
	}
	said := get("http://" + domain + "/")
	var missing []string
	for _, path := range files(t, want) {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(path))); err == nil {
			continue
		}
		if strings.HasSuffix(path, "/index.html") || path == "index.html" {
			t.Errorf("no page leads to %s\n%s", path, said)
		}
		missing = append(missing, "http://"+domain+"/"+strings.TrimSuffix(path, "index.html"))
	}
	if len(missing) > 0 {
		list := filepath.Join(t.TempDir(), "addresses")
		if err := os.WriteFile(list, []byte(strings.Join(missing, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		said = get("--level=0", "--input-file="+list)
	}
	if out, err := exec.CommandContext(t.Context(), diff, "-r", want, dir).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("the copy differs from the release: %v\n%s%s", err, out, said)
	}
	t.Logf("wget: %d files, %d of them by their address alone: %v", len(files(t, want)), len(missing), missing)
}

// files returns the paths of the files below a directory, in order.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		out = append(out, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
