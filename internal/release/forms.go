package release

import (
	"sync"

	"empire/internal/domain"
)

// maxForms bounds the files whose compressed forms are remembered: half a kilobyte each.
const maxForms = 8192

// forms remembers which compressed forms files have that this process stored: a website
// is built again and again with most of its files as they were. Blobs are never removed,
// so what was stored is there. It has two halves: when one is full it takes the place
// of the other, which is forgotten. The zero value is ready for use.
type forms struct {
	mu         sync.Mutex
	young, old map[string]map[string]domain.Encoded // by SHA-256, by coding
}

// get returns the forms of a file, which must not be changed.
func (f *forms) get(sha string) (map[string]domain.Encoded, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.young[sha]
	if !ok {
		if e, ok = f.old[sha]; ok {
			f.add(sha, e)
		}
	}
	return e, ok
}

func (f *forms) put(sha string, e map[string]domain.Encoded) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(sha, e)
}

// add remembers forms. The caller holds the lock.
func (f *forms) add(sha string, e map[string]domain.Encoded) {
	if f.young == nil || len(f.young) >= maxForms/2 {
		f.old, f.young = f.young, make(map[string]map[string]domain.Encoded, maxForms/2)
	}
	f.young[sha] = e
}
