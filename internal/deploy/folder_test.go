package deploy_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"empire/internal/deploy"
	"empire/internal/deploy/deploytest"
	"empire/internal/domain"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	deploytest.Suite(t, func(t *testing.T) deploytest.Place {
		return deploytest.Place{Target: deploy.NewFolder(filepath.Join(t.TempDir(), "sites"))}
	})
}

// TestFolderGone: an address that is gone gets no file, which a web server would show as
// a page.
func TestFolderGone(t *testing.T) {
	t.Parallel()
	f := deploy.NewFolder(filepath.Join(t.TempDir(), "sites"))
	d := deploytest.Deployment("rel_1", map[string][]byte{"/": []byte("home"), "/404.html": []byte("lost")})
	for _, e := range d.Manifest.Entries {
		if e.Status == http.StatusNotFound {
			e.Path, e.File, e.Status = "/weak/", "weak/index.html", http.StatusGone
			d.Manifest.Entries = append(d.Manifest.Entries, e)
		}
	}
	if _, err := deploy.Run(t.Context(), f, d); err != nil {
		t.Fatal(err)
	}
	if body, err := f.Get(t.Context(), d.Host, "/weak/"); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("the address shows %q, %v, want nothing", body, err)
	}
}

// TestFolderStaysInside: no host, release or file leads out of the directory, and nothing
// half written is left.
func TestFolderStaysInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := deploy.NewFolder(filepath.Join(dir, "sites"))
	files := map[string][]byte{"/": []byte("home")}
	for _, spoil := range []func(d *deploy.Deployment){
		func(d *deploy.Deployment) { d.Host = "../evil" },
		func(d *deploy.Deployment) { d.SHA256 = "../../evil" },
		func(d *deploy.Deployment) { d.Manifest.Entries[0].File = "../../../evil.html" },
		func(d *deploy.Deployment) { d.Manifest.Entries[0].File = "/etc/evil" },
	} {
		d := deploytest.Deployment("rel_1", files)
		spoil(d)
		if _, err := deploy.Run(t.Context(), f, d); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s, %s: %v, want it refused", d.Host, d.Manifest.Entries[0].File, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "sites", "keyboards.example", "releases", ".part-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Errorf("beside the folder: %v, %v", list, err)
	}
}
