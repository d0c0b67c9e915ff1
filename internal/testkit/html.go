package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// CheckHTML runs the Nu HTML Checker over files; every error fails the test. The
// checker is EMPIRE_TEST_VNU, a jar or the folder of the npm package vnu-jar, or that
// package below the module. It needs Java.
func CheckHTML(t testing.TB, files []string) {
	t.Helper()
	java := Look(t, "java")
	args := append([]string{"-jar", htmlChecker(t), "--errors-only", "--format", "text"}, files...)
	if out, err := exec.CommandContext(t.Context(), java, args...).CombinedOutput(); err != nil {
		t.Errorf("the HTML checker: %v\n%.6000s", err, out)
	}
}

func htmlChecker(t testing.TB) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatalf("find module: %v", err)
	}
	for _, place := range []string{os.Getenv("EMPIRE_TEST_VNU"), filepath.Join(root, "node_modules", "vnu-jar")} {
		for _, path := range []string{place, filepath.Join(place, "build", "dist", "vnu.jar")} {
			if info, err := os.Stat(path); place != "" && err == nil && !info.IsDir() {
				return path
			}
		}
	}
	Require(t, "the Nu HTML Checker (npm package vnu-jar, or EMPIRE_TEST_VNU)")
	return ""
}
