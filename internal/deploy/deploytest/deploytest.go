// Package deploytest is what every deploy.Target must do.
package deploytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"empire/internal/deploy"
	"empire/internal/domain"
)

// Place is a target with what a test needs around it.
type Place struct {
	Target deploy.Target
	// Add makes a release of a website known, for targets that need it; nil: nothing is
	// needed.
	Add func(t *testing.T, d *deploy.Deployment, files map[string][]byte)
}

// Deployment returns a release with files by path, as sites have them.
func Deployment(release domain.ReleaseID, files map[string][]byte) *deploy.Deployment {
	bySHA := map[string][]byte{}
	d := &deploy.Deployment{Host: "keyboards.example", WebsiteID: "site_keyboards", Release: release}
	all := sha256.New()
	for _, path := range []string{"/", "/guide/", "/robots.txt", "/404.html"} {
		body, ok := files[path]
		if !ok {
			continue
		}
		sum := sha256.Sum256(body)
		sha := hex.EncodeToString(sum[:])
		bySHA[sha] = body
		all.Write(sum[:])
		file := path[1:]
		if file == "" || file[len(file)-1] == '/' {
			file += "index.html"
		}
		e := domain.ManifestEntry{Path: path, File: file, ContentType: "text/html; charset=utf-8", SHA256: sha, Size: int64(len(body))}
		if path == "/404.html" {
			e.Status = 404
		}
		d.Manifest.Entries = append(d.Manifest.Entries, e)
	}
	d.Manifest.Entries = append(d.Manifest.Entries, domain.ManifestEntry{Path: "/old/", Location: "/guide/"})
	d.SHA256 = hex.EncodeToString(all.Sum(nil))
	d.Read = func(_ context.Context, sha string) ([]byte, error) {
		if b, ok := bySHA[sha]; ok {
			return b, nil
		}
		return nil, domain.Errorf(domain.CodeNotFound, "There is no such file.")
	}
	return d
}

// Suite checks a target that serves nothing yet.
func Suite(t *testing.T, open func(t *testing.T) Place) {
	one := map[string][]byte{"/": []byte("home 1"), "/guide/": []byte("guide 1"), "/404.html": []byte("lost")}
	two := map[string][]byte{"/": []byte("home 2"), "/robots.txt": []byte("User-agent: *\n"), "/404.html": []byte("lost")}
	first := func(t *testing.T, p Place) *deploy.Deployment {
		t.Helper()
		d := Deployment("rel_1", one)
		p.add(t, d, one)
		r, err := deploy.Run(t.Context(), p.Target, d)
		if err != nil {
			t.Fatal(err)
		}
		if r.Files != 3 || r.Verified != 2 || r.Bytes == 0 || r.Target == "" || r.Release != "rel_1" {
			t.Errorf("report %+v, want 3 files of which 2 are verified", r)
		}
		return d
	}
	t.Run("deploys and replaces", func(t *testing.T) {
		p := open(t)
		if _, err := p.Target.Get(t.Context(), "keyboards.example", "/"); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("before: %v, want not found", err)
		}
		d := first(t, p)
		if _, err := deploy.Run(t.Context(), p.Target, d); err != nil {
			t.Errorf("again: %v", err)
		}
		next := Deployment("rel_2", two)
		p.add(t, next, two)
		if _, err := deploy.Run(t.Context(), p.Target, next); err != nil {
			t.Fatal(err)
		}
		p.serves(t, "/", "home 2")
		if _, err := p.Target.Get(t.Context(), "keyboards.example", "/guide/"); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("a page of the version before: %v, want not found", err)
		}
	})
	t.Run("a file that cannot be read changes nothing", func(t *testing.T) {
		p := open(t)
		first(t, p)
		next := Deployment("rel_2", two)
		p.add(t, next, two)
		lost := errors.New("lost")
		next.Read = func(context.Context, string) ([]byte, error) { return nil, lost }
		if _, err := deploy.Run(t.Context(), p.Target, next); !errors.Is(err, lost) {
			t.Errorf("error %v, want the cause", err)
		}
		p.serves(t, "/", "home 1")
	})
	t.Run("another content than the release has is taken back", func(t *testing.T) {
		p := open(t)
		first(t, p)
		next := Deployment("rel_2", two)
		p.add(t, next, two)
		for i := range next.Manifest.Entries { // what the target serves has other hashes
			if e := &next.Manifest.Entries[i]; e.Path == "/robots.txt" {
				other := sha256.Sum256([]byte("other"))
				bad, read := hex.EncodeToString(other[:]), next.Read
				good := e.SHA256
				e.SHA256 = bad
				next.Read = func(ctx context.Context, sha string) ([]byte, error) {
					if sha == bad {
						sha = good
					}
					return read(ctx, sha)
				}
			}
		}
		if _, err := deploy.Run(t.Context(), p.Target, next); domain.CodeOf(err) != domain.CodeConflict {
			t.Errorf("error %v, want conflict", err)
		}
		p.serves(t, "/", "home 1")
		p.serves(t, "/guide/", "guide 1")
	})
	t.Run("the first one that fails leaves nothing", func(t *testing.T) {
		p := open(t)
		d := Deployment("rel_1", one)
		p.add(t, d, one)
		d.Manifest.Entries = append(d.Manifest.Entries, domain.ManifestEntry{Path: "/gone/", Location: "", File: "gone/index.html", SHA256: "00"})
		if _, err := deploy.Run(t.Context(), p.Target, d); err == nil {
			t.Error("deployed although a file is missing")
		}
		if _, err := p.Target.Get(t.Context(), "keyboards.example", "/"); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("after: %v, want not found", err)
		}
	})
}

func (p Place) add(t *testing.T, d *deploy.Deployment, files map[string][]byte) {
	t.Helper()
	if p.Add != nil {
		p.Add(t, d, files)
	}
}

func (p Place) serves(t *testing.T, path, want string) {
	t.Helper()
	got, err := p.Target.Get(t.Context(), "keyboards.example", path)
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("%s: %q, %v; want %q", path, got, err, want)
	}
}
