package domain

// File is one file of a built site.
type File struct {
	Path        string // URL path: "/", "/guide/", "/robots.txt"
	File        string // relative file name with slashes: guide/index.html
	ContentType string
	Body        []byte
	Immutable   bool // the name holds a hash of the body
	Status      int  // 0 for 200; 404 for the error page; 301 with Location
	// Location is where visitors of Path are led: a path of the site or an https
	// address. Such a file has neither File nor ContentType nor Body.
	Location string
}
