package sitegen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/sitegen/sitegentest"
	"empire/internal/testkit"
)

// TestValidator runs the Nu HTML Checker over every page.
func TestValidator(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	jar := validator(t)
	dir := t.TempDir()
	builds := drafts()
	builds["long"], builds["hostile"] = sitegentest.Long(), hostileDraft(t, hostile)
	args := []string{"-jar", jar, "--errors-only", "--format", "text"}
	for name, d := range builds {
		for _, f := range render(t, d) {
			if !strings.HasPrefix(f.ContentType, "text/html") {
				continue
			}
			path := filepath.Join(dir, name+"_"+strings.ReplaceAll(f.File, "/", "_"))
			if err := os.WriteFile(path, f.Body, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "java", args...).CombinedOutput(); err != nil {
		t.Errorf("the checker found errors: %v\n%.6000s", err, out)
	}
}

// validator finds the checker: EMPIRE_TEST_VNU, the jar or the npm package
// vnu-jar, or that package under the module root. Without it, or without Java, the test skips, or fails when
// everything is required.
func validator(t *testing.T) string {
	t.Helper()
	missing := func(what string) {
		t.Helper()
		if os.Getenv("EMPIRE_TEST_REQUIRE") == "all" {
			t.Fatalf("%s is missing.", what)
		}
		t.Skipf("%s is missing.", what)
	}
	if _, err := exec.LookPath("java"); err != nil {
		missing("Java")
	}
	root := filepath.Join("..", "..")
	for _, place := range []string{os.Getenv("EMPIRE_TEST_VNU"), filepath.Join(root, "node_modules/vnu-jar"), filepath.Join(root, ".ci/cache/node_modules/vnu-jar")} {
		for _, path := range []string{place, filepath.Join(place, "build/dist/vnu.jar")} {
			if info, err := os.Stat(path); place != "" && err == nil && !info.IsDir() {
				return path
			}
		}
	}
	missing("The Nu HTML Checker (npm package vnu-jar, or EMPIRE_TEST_VNU)")
	return ""
}
