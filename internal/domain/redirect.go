package domain

import (
	"net/url"
	"strings"
	"time"
)

// Redirect leads visitors of an address that a website once had, permanently. Those
// of the operator are rows; those of pages that went are in the manifests alone.
type Redirect struct {
	WebsiteID WebsiteID `json:"website_id"`
	Path      string    `json:"path"`   // "/old/": of the website, with slashes at both ends unless it is a file
	Target    string    `json:"target"` // "/new/" of the website, or an https address elsewhere
	CreatedAt time.Time `json:"created_at"`
}

// Moved is one redirect of a release: a path that leads to another place.
type Moved struct {
	From string
	To   string
}

// MaxRedirects bounds the redirects that an operator can set for a website.
const MaxRedirects = 1000

// Check refuses a redirect that could not be served or that leads to itself. It
// brings path and target into the form that they are kept in.
func (r *Redirect) Check() error {
	var err error
	if r.Path, err = redirectPath("path", r.Path); err != nil {
		return err
	}
	if r.Path == "/" {
		return Invalid("path", "The home page cannot be redirected.")
	}
	if strings.HasPrefix(r.Target, "https://") {
		u, err := url.Parse(r.Target)
		if err != nil || u.Host == "" || u.User != nil || len(r.Target) > 2000 || strings.ContainsAny(r.Target, " \r\n\t\"<>") {
			return Invalid("target", "Target %.80q is not an https address.", r.Target)
		}
		return nil
	}
	if r.Target, err = redirectPath("target", r.Target); err != nil {
		return err
	}
	if r.Path == r.Target {
		return Invalid("target", "Path %s would lead to itself.", r.Path)
	}
	return nil
}

// redirectPath checks a path and ends it with a slash, unless its last part looks
// like a file.
func redirectPath(field, p string) (string, error) {
	bad := Invalid(field, "%.80q is not a plain path of the website, such as /guide/.", p)
	if len(p) > 500 || !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "\\?#% \x7f\"<>") {
		return "", bad
	}
	for i := range len(p) {
		if p[i] < 0x20 {
			return "", bad
		}
	}
	if p == "/" {
		return p, nil
	}
	parts := strings.Split(strings.TrimSuffix(p[1:], "/"), "/")
	for _, s := range parts {
		if s == "" || s == "." || s == ".." {
			return "", bad
		}
	}
	out := "/" + strings.Join(parts, "/")
	if !strings.Contains(parts[len(parts)-1], ".") {
		out += "/"
	}
	return out, nil
}

// RedirectState is a redirect of a website as it is and as it will be.
type RedirectState struct {
	Path       string `json:"path"`
	Target     string `json:"target" doc:"Where it leads from the next release on: a path of the website or an https address"`
	Own        bool   `json:"own" doc:"An operator set it; others come from pages that went"`
	LiveTarget string `json:"live_target" doc:"Where it leads now; empty if the live release does not have it"`
}
