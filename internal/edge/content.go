package edge

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"empire/internal/domain"
)

// content is a manifest made ready to serve.
type content struct {
	release  [1]string // for X-Release
	entries  map[string]*entry
	notFound *entry // the site's own error page, or nil
}

// entry is one path. Header values are kept as arrays, so that a slice of one can
// be put into a response without copying.
type entry struct {
	status       int
	contentType  [1]string
	cacheControl []string
	moveControl  []string       // Cache-Control of being led here from the path without its final slash
	forms        [codings]*form // by coding; plain is never nil
	varies       bool           // there is more than one form
	page         bool           // it is one that people read
	location     [1]string      // where the path without its final slash leads
	moved        bool           // location is where the path itself leads; it has no form
}

// form is one representation of an entry.
type form struct {
	etag [1]string // strong: the SHA-256 of the bytes, in quotes
	size int64
}

// sha returns the name of the form's blob; it shares the bytes of the tag.
func (f *form) sha() string { return f.etag[0][1 : len(f.etag[0])-1] }

func newForm(sha string, size int64) *form {
	return &form{etag: [1]string{`"` + sha + `"`}, size: size}
}

// Cache-Control of what never changes, of pages, and of error pages.
var (
	cacheForever = []string{"public, max-age=31536000, immutable"}
	cacheShort   = []string{"public, max-age=60, stale-while-revalidate=600"}
	cacheError   = []string{"public, max-age=10"}
)

func newContent(release domain.ReleaseID, m *domain.Manifest) *content {
	c := &content{release: [1]string{string(release)}, entries: make(map[string]*entry, len(m.Entries))}
	for i := range m.Entries {
		me := &m.Entries[i]
		if me.Location != "" {
			c.entries[me.Path] = newMoved(me.Location)
			continue
		}
		e := &entry{status: 200, contentType: [1]string{me.ContentType}, cacheControl: cacheShort, moveControl: cacheShort}
		e.forms[plain] = newForm(me.SHA256, me.Size)
		for name, enc := range me.Encodings {
			if coding, ok := codingByName[name]; ok && coding != plain {
				e.forms[coding] = newForm(enc.SHA256, enc.Size)
				e.varies = true
			}
		}
		e.page = e.status == 200 && me.Status < 400 && strings.HasPrefix(me.ContentType, "text/html")
		e.location[0] = (&url.URL{Path: me.Path}).EscapedPath()
		switch {
		case me.Status >= 400:
			e.status, e.cacheControl = me.Status, cacheError
			if me.Status == 404 {
				c.notFound = e
			}
		case me.Immutable:
			e.cacheControl = cacheForever
		}
		c.entries[me.Path] = e
	}
	return c
}

// newMoved returns the entry of a path that leads elsewhere. A cache may forget it soon,
// because the path may become a page again.
func newMoved(location string) *entry {
	if strings.HasPrefix(location, "/") {
		location = (&url.URL{Path: location}).EscapedPath()
	}
	return &entry{status: 301, moveControl: cacheShort, location: [1]string{location}, moved: true}
}

// contentOf returns the manifest of a site and reads it first if need be. Requests
// that come meanwhile wait for the same reading.
func (s *Server) contentOf(ctx context.Context, st *site) (*content, error) {
	if c := st.content.Load(); c != nil {
		return c, nil
	}
	c, err := s.once(ctx, string(st.release), func(ctx context.Context) (*content, error) {
		if c := st.content.Load(); c != nil { // a reading ended since we looked
			return c, nil
		}
		r, err := s.cfg.Releases.Get(ctx, st.release)
		if err != nil {
			return nil, err
		}
		m, err := s.cfg.Manifests.Load(ctx, r.Manifest)
		if err != nil {
			return nil, err
		}
		c := newContent(st.release, &m)
		st.content.Store(c) // before the key is free again
		return c, nil
	})
	if err != nil {
		return nil, fmt.Errorf("load release %s: %w", st.release, err)
	}
	st.content.Store(c)
	return c, nil
}

// once runs load, or waits for the run of another request with the same key. A
// visitor who leaves does not break it off.
func (s *Server) once(ctx context.Context, key string, load func(context.Context) (*content, error)) (*content, error) {
	ch := s.loads.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadLimit)
		defer cancel()
		return load(ctx)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case res := <-ch:
		if res.Err != nil {
			return nil, res.Err
		}
		return res.Val.(*content), nil
	}
}

// errDamaged says that a blob does not have the size that its manifest states.
var errDamaged = errors.New("blob has another size than its manifest states")

// bytesOf returns the bytes of a form, from the cache if they are there. Callers
// must not change them.
func (s *Server) bytesOf(ctx context.Context, f *form) ([]byte, error) {
	sha := f.sha()
	if b, ok := s.cache.GetIfPresent(sha); ok {
		s.counters.hits.Add(1)
		return b, nil
	}
	s.counters.reads.Add(1)
	if f.size > int64(s.cfg.CacheBytes)/8 { // would push out too much else
		return s.read(ctx, f)
	}
	return s.cache.Get(ctx, sha, otter.LoaderFunc[string, []byte](func(ctx context.Context, _ string) ([]byte, error) {
		return s.read(ctx, f)
	}))
}

// read gets a blob. A visitor who leaves does not break it off, because others may
// wait for the same.
func (s *Server) read(ctx context.Context, f *form) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadLimit)
	defer cancel()
	b, err := s.cfg.Blobs.ReadAll(ctx, f.sha())
	if err == nil && int64(len(b)) != f.size {
		err = errDamaged
	}
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", f.sha(), err)
	}
	return b, nil
}

// retryAfter tells visitors when to come back after a fault of ours.
const retryAfter = time.Second
