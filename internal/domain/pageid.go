package domain

import "crypto/sha256"

// PageIDOf returns the ID of the page with this slug on a website. It stays the same
// over all releases, so that figures about a page can be followed.
func PageIDOf(site WebsiteID, slug string) PageID {
	sum := sha256.Sum256([]byte(string(site) + "\x00" + slug))
	return PageID("page_" + idEncoding.EncodeToString(sum[:10]))
}
