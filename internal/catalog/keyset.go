package catalog

import "hash/maphash"

// maxSeenKeys bounds the memory of a keySet to 64 MiB. AWIN's largest feeds have
// 2.5 million rows; beyond the bound a repeated key counts as an updated row.
const maxSeenKeys = 4 << 20

// keySet remembers which keys were there, by 64-bit hashes in an open table: 16
// bytes a key at most. Two keys fall together about once in a million feeds of a
// million rows.
type keySet struct {
	seed  maphash.Seed
	table []uint64 // zero: free
	used  int
	limit int
}

func newKeySet(limit int) *keySet {
	return &keySet{seed: maphash.MakeSeed(), table: make([]uint64, 1024), limit: limit}
}

// add reports whether the key is new, and remembers it unless the set is full.
func (k *keySet) add(key string) bool {
	h := maphash.String(k.seed, key) | 1
	i := k.slot(h)
	if k.table[i] == h {
		return false
	}
	if k.used >= k.limit {
		return true
	}
	k.table[i] = h
	k.used++
	if k.used > len(k.table)/2 {
		k.grow()
	}
	return true
}

// has reports whether the key was added. A full set says yes to every key, so that
// nothing is taken for missing that was only not remembered.
func (k *keySet) has(key string) bool {
	if k.used >= k.limit {
		return true
	}
	h := maphash.String(k.seed, key) | 1
	return k.table[k.slot(h)] == h
}

// slot returns where h is or would be.
func (k *keySet) slot(h uint64) uint64 {
	mask := uint64(len(k.table) - 1)
	i := (h >> 7) & mask
	for k.table[i] != 0 && k.table[i] != h {
		i = (i + 1) & mask
	}
	return i
}

func (k *keySet) grow() {
	old := k.table
	k.table = make([]uint64, 2*len(old))
	for _, h := range old {
		if h != 0 {
			k.table[k.slot(h)] = h
		}
	}
}
