package sitegen

import "sync"

// keptCardBytes bounds the cards that are kept.
const keptCardBytes = 8 << 20

// cardKey is all that the picture of a card follows from.
type cardKey struct {
	seed            uint64
	colors          [5]Color
	title, headline string
}

// keptCards are the cards that were drawn last: a website is rendered several times on
// its way to a release, and most of its headlines are in the next release, too.
var keptCards cardStore

// cardStore keeps cards in two halves: when one is full it takes the place of the other,
// which is forgotten. What it returns must not be changed.
type cardStore struct {
	mu         sync.Mutex
	young, old map[cardKey][]byte
	size       int // bytes of young
}

func (c *cardStore) get(k cardKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.young[k]; b != nil {
		return b
	}
	b := c.old[k]
	if b != nil {
		c.add(k, b)
	}
	return b
}

func (c *cardStore) put(k cardKey, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(k, b)
}

// add keeps a card. The caller holds the lock.
func (c *cardStore) add(k cardKey, b []byte) {
	if c.young == nil || c.size > keptCardBytes/2 {
		c.old, c.young, c.size = c.young, map[cardKey][]byte{}, 0
	}
	c.young[k] = b
	c.size += len(b)
}
