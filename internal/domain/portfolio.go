package domain

// WebsiteRow is a website as readers get it, encoded once for all of them. Nobody
// changes its bytes.
type WebsiteRow struct {
	ID     WebsiteID
	Row    []byte // in a list
	Detail []byte // alone
	Tag    string // ETag of Detail
	Sum    uint64 // of Row: another row has another one
}
