package domain

import "strings"

// File is one file of a built site.
type File struct {
	Path        string // URL path: "/", "/guide/", "/robots.txt"
	File        string // relative file name with slashes: guide/index.html
	ContentType string
	Body        []byte
	Immutable   bool // the name holds a hash of the body
	Status      int  // 0 for 200; 404 for the error page; 410 for an address that is gone; 301 with Location
	// Location is where visitors of Path are led: a path of the site or an https
	// address. Such a file has neither File nor ContentType nor Body.
	Location string
	// Rights says whose a picture is. A picture without is not released (rule L20).
	Rights *ImageRights
}

// ImageRights is where a picture comes from and why the site may show it.
type ImageRights struct {
	Source  string `json:"source"`  // an https address, or how it was made
	Author  string `json:"author"`  // who made it, or had it made
	License string `json:"license"` // SPDX id or name of the license, or what was agreed
	// LicenseURL is the text of the license or of the agreement, if there is one.
	LicenseURL string `json:"license_url,omitempty"`
	Generated  bool   `json:"generated,omitempty"` // by a program or a model: nobody photographed it
}

// Missing returns the names of required fields that are empty.
func (r *ImageRights) Missing() []string {
	if r == nil {
		return []string{"source", "author", "license"}
	}
	var out []string
	for _, f := range []struct{ name, value string }{{"source", r.Source}, {"author", r.Author}, {"license", r.License}} {
		if strings.TrimSpace(f.value) == "" {
			out = append(out, f.name)
		}
	}
	return out
}
