// Package deploy brings releases to where they are served.
//
//	Push ─▶ Switch ─▶ verify: every file, as a visitor gets it, has the hash of the release
//	                     └─ if not: switch back, and say why
//
// Until Switch the version before is served, and after a failure again. A Target is one
// place: the edge of this program, or a folder that another server serves.
package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
)

// undoLimit bounds switching back after a failure.
const undoLimit = 30 * time.Second

// Deployment is a release on its way to a target.
type Deployment struct {
	Host      string
	WebsiteID domain.WebsiteID
	Release   domain.ReleaseID
	SHA256    string // of the manifest: what tells versions apart
	Manifest  domain.Manifest
	// Read returns a file by its SHA-256.
	Read func(ctx context.Context, sha string) ([]byte, error)
}

// Target is a place that serves websites. What it does may be repeated.
type Target interface {
	// Name names the target for people: edge, or folder /srv/sites.
	Name() string
	// Push brings the files there, beside what is served.
	Push(ctx context.Context, d *Deployment) error
	// Switch serves the release from now on, at once and as a whole. The function that
	// it returns serves again what was served before; it is not nil if err is.
	Switch(ctx context.Context, d *Deployment) (undo func(context.Context) error, err error)
	// Get returns a file of the host as a visitor gets it now, without content coding. A
	// host or path that is not there is a CodeNotFound error.
	Get(ctx context.Context, host, path string) ([]byte, error)
}

// Report is what a deployment did.
type Report struct {
	Target   string
	Release  domain.ReleaseID
	Files    int
	Bytes    int64
	Verified int
	Took     time.Duration
}

// Run deploys a release and verifies it. After an error the target serves what it served
// before, unless the error says that this failed, too.
func Run(ctx context.Context, t Target, d *Deployment) (*Report, error) {
	began := time.Now()
	r := &Report{Target: t.Name(), Release: d.Release}
	for i := range d.Manifest.Entries {
		if e := &d.Manifest.Entries[i]; e.Location == "" {
			r.Files++
			r.Bytes += e.Size
		}
	}
	if err := t.Push(ctx, d); err != nil {
		return nil, fmt.Errorf("push %s to %s: %w", d.Host, t.Name(), err)
	}
	undo, err := t.Switch(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("switch %s at %s: %w", d.Host, t.Name(), err)
	}
	if r.Verified, err = Verify(ctx, t, d); err != nil {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
		defer cancel()
		if undone := undo(back); undone != nil {
			err = errors.Join(err, fmt.Errorf("switch back: %w", undone))
		}
		return nil, fmt.Errorf("verify %s at %s: %w", d.Host, t.Name(), err)
	}
	r.Took = time.Since(began)
	return r, nil
}

// Verify asks for every file of a release as a visitor does, and returns how many there
// are. One that is missing or has another content is a CodeConflict error with its path.
func Verify(ctx context.Context, t Target, d *Deployment) (int, error) {
	n := 0
	for i := range d.Manifest.Entries {
		e := &d.Manifest.Entries[i]
		if e.Location != "" || e.Status >= 400 { // nobody is shown the error page at its own address
			continue
		}
		body, err := t.Get(ctx, d.Host, e.Path)
		if err != nil {
			return n, fmt.Errorf("get %s: %w", e.Path, err)
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != e.SHA256 {
			return n, domain.Errorf(domain.CodeConflict, "The target serves something else at %s than the release has.", e.Path)
		}
		n++
	}
	return n, nil
}
