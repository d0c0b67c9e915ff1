package sitetest_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"empire/internal/blob"
	"empire/internal/proof/sitetest"
	"empire/internal/release"
	"empire/internal/testkit"
)

// hashOnly makes a process of this test binary print the hash of a release and end.
const hashOnly = "EMPIRE_TEST_RELEASE_HASH"

// TestSameReleaseInAnyEnvironment builds one site from its feed in processes of their
// own with another time zone, language, home, working directory, number of threads and
// mask of permissions. From the rows of the feed to the compressed files, the hash of
// the release is the same.
func TestSameReleaseInAnyEnvironment(t *testing.T) {
	if dir := os.Getenv(hashOnly); dir != "" {
		fmt.Printf("hash %s\n", releaseHash(t, sitetest.Build(t, sitetest.German), dir))
		return
	}
	t.Parallel()
	testkit.Unraced(t)
	shell := testkit.Look(t, "sh")
	first := ""
	for _, tt := range []struct {
		mask string
		env  []string
	}{
		{"022", []string{"TZ=UTC", "LANG=C", "LC_ALL=C"}},
		{"077", []string{"TZ=Pacific/Auckland", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "GOMAXPROCS=7", "GOGC=40"}},
	} {
		home := t.TempDir()
		cmd := exec.CommandContext(t.Context(), shell, "-c", `umask "$1" && exec "$2" -test.run '^TestSameReleaseInAnyEnvironment$'`, "sh", tt.mask, os.Args[0])
		var out bytes.Buffer
		cmd.Dir, cmd.Stdout, cmd.Stderr = home, &out, &out
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, hashOnly + "=" + t.TempDir()}, tt.env...)
		if err := cmd.Run(); err != nil {
			t.Fatalf("with %q: %v\n%s", tt.env, err, out.Bytes())
		}
		hashes := lines(out.String(), "hash ")
		if first == "" {
			first = hashes
			t.Logf("\n%s", hashes)
		}
		if len(hashes) != len("hash \n")+64 || hashes != first {
			t.Errorf("with umask %s and %q the release is\n%swant\n%s", tt.mask, tt.env, hashes, first)
		}
	}
}

func lines(text, prefix string) string {
	var out strings.Builder
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, prefix) {
			out.WriteString(l)
		}
	}
	return out.String()
}

func releaseHash(t *testing.T, s *sitetest.Site, dir string) string {
	t.Helper()
	blobs, err := blob.NewDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	sha, _, err := release.New(blobs).Build(t.Context(), s.Domain, s.Files)
	if err != nil {
		t.Fatal(err)
	}
	return sha
}
