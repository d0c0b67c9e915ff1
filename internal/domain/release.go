package domain

import (
	"context"
	"io"
	"time"
)

// Release is one immutable version of a site: a manifest over blobs.
type Release struct {
	ID        ReleaseID `json:"id"`
	WebsiteID WebsiteID `json:"website_id"`
	Number    int       `json:"number"`   // 1, 2, … within the site
	Manifest  string    `json:"manifest"` // SHA-256 of the manifest blob, hex
	RunID     RunID     `json:"run_id,omitempty"`
	Draft     string    `json:"draft"` // SHA-256 of the draft blob that it was built from
	Files     int       `json:"files"`
	Pages     int       `json:"pages"`
	Bytes     int64     `json:"bytes"`
	Gates     []Gate    `json:"gates"`
	SEOScore  float64   `json:"seo_score"`
	BuiltWith BuiltWith `json:"built_with"`
	CreatedAt time.Time `json:"created_at"`
	// PublishedAt is when it last became the live release; nil if it never was.
	PublishedAt *time.Time `json:"published_at"`
}

// ExportFormat is a form in which a website leaves the program.
type ExportFormat string

// The formats.
const (
	ExportFiles ExportFormat = "files" // as any web server can serve them
	ExportHugo  ExportFormat = "hugo"  // a project of the site generator Hugo
)

// SiteExport is the live release of a website as a zip archive that is still to be
// written.
type SiteExport struct {
	Name string // of the archive: keyboards.example-2.zip
	// WriteTo streams the archive. It holds one file of the site at a time, and equal
	// releases give equal bytes.
	WriteTo func(ctx context.Context, w io.Writer) error
}

// Manifest lists the files of a release. It is stored as canonical JSON, sorted by
// path, and named by its SHA-256.
type Manifest struct {
	Version int             `json:"version"` // 1
	Host    string          `json:"host"`
	Entries []ManifestEntry `json:"entries"`
}

// ManifestEntry is one file of a release.
type ManifestEntry struct {
	Path        string             `json:"path"` // URL path: "/", "/guide/", "/robots.txt"
	File        string             `json:"file"` // relative file name in an export: guide/index.html
	SHA256      string             `json:"sha256"`
	Size        int64              `json:"size"`
	ContentType string             `json:"content_type"`
	Immutable   bool               `json:"immutable,omitempty"` // name contains its hash
	Status      int                `json:"status,omitempty"`    // 404 for the error page, 301 for a redirect, 410 for an address that is gone, with the error page as its file
	Location    string             `json:"location,omitempty"`  // of a redirect, which has no file: a path of the site or an https address
	Encodings   map[string]Encoded `json:"encodings,omitempty"` // br, zstd, gzip
	Rights      *ImageRights       `json:"rights,omitempty"`    // of a picture
}

// OwnFile reports whether an entry is a file that any web server can show: not an
// address that leads elsewhere or is gone, which takes one that knows the manifest.
func (e *ManifestEntry) OwnFile() bool { return e.Location == "" && e.Status != goneStatus }

// goneStatus is http.StatusGone.
const goneStatus = 410

// Encoded is a precompressed form of a file.
type Encoded struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// GateState is the result of a gate.
type GateState string

// The states of a gate. Warn needs a person to look; Fail blocks the release.
const (
	GatePass GateState = "pass"
	GateWarn GateState = "warn"
	GateFail GateState = "fail"
)

// Gate is one check that a release must pass.
type Gate struct {
	Name     string    `json:"name"` // grounding, seo, compliance, duplicates, links, legal
	State    GateState `json:"state"`
	Summary  string    `json:"summary"`
	Checked  int       `json:"checked"` // things that were looked at
	Findings []Finding `json:"findings,omitempty"`
}

// Finding is one fault or remark of a check.
type Finding struct {
	Rule     string    `json:"rule"` // L9, SEO-TITLE-LENGTH, …
	Severity GateState `json:"severity"`
	Page     string    `json:"page,omitempty"` // path
	Message  string    `json:"message"`
	Fix      string    `json:"fix,omitempty"`
	Source   string    `json:"source,omitempty"` // where the rule comes from
}

// GateVerdict returns the worst state of gates.
func GateVerdict(gates []Gate) GateState {
	v := GatePass
	for _, g := range gates {
		if g.State == GateFail {
			return GateFail
		}
		if g.State == GateWarn {
			v = GateWarn
		}
	}
	return v
}
