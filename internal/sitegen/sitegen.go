package sitegen

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"empire/internal/domain"
	"empire/internal/parallel"
)

// File is one file of a built site.
type File = domain.File

// Options are what Render needs beyond the draft. The zero value is good.
type Options struct {
	// Origin is the scheme and host of absolute addresses (canonical links,
	// sitemap, feed). Empty means https:// and the website's domain.
	Origin string
	// Analytics adds the script that reports views and clicks to the site's own host.
	Analytics bool
}

// Render builds all files of a site: its pages in the order of the draft, then
// the error page and what crawlers and browsers ask for. A draft that cannot be a
// site yields a CodeInvalid error that names the page and the fault.
func Render(d *domain.Draft, opts Options) ([]File, error) {
	s, err := newSite(d, opts)
	if err != nil {
		return nil, fmt.Errorf("build site %s: %w", d.Website.Domain, err)
	}
	files, cards, err := s.renderPages()
	if err != nil {
		return nil, err
	}
	notFound, err := s.renderNotFound()
	if err != nil {
		return nil, fmt.Errorf("build error page of %s: %w", d.Website.Domain, err)
	}
	found, err := s.searchFiles()
	if err != nil {
		return nil, fmt.Errorf("build search page of %s: %w", d.Website.Domain, err)
	}
	script, err := scriptFile()
	if err != nil {
		return nil, err
	}
	files = append(append(files, notFound, s.robots(), script), found...)
	for _, build := range []func() (File, error){s.sitemap, s.feed} {
		f, err := build()
		if err != nil {
			return nil, fmt.Errorf("build site %s: %w", d.Website.Domain, err)
		}
		files = append(files, f)
	}
	if opts.Analytics {
		files = append(files, beacon())
	}
	return append(append(files, s.favicon()), cards...), nil
}

// renderPages renders the pages in their order on all cores, and draws the cards. Of
// several errors the first by that order counts.
func (s *site) renderPages() (pages, cards []File, err error) {
	d := s.draft
	pages = make([]File, len(d.Pages), len(d.Pages)+64)
	err = parallel.Try(1+len(d.Pages), func(i int) (err error) {
		if i == 0 { // the longest of all
			if cards, err = s.cards(); err != nil {
				return fmt.Errorf("draw cards of %s: %w", d.Website.Domain, err)
			}
			return nil
		}
		p := &d.Pages[i-1]
		if pages[i-1], err = s.renderPage(p); err != nil {
			return fmt.Errorf("build page %s of %s: %w", p.Path(), d.Website.Domain, err)
		}
		return nil
	})
	return pages, cards, err
}

func (s *site) renderPage(p *domain.Page) (File, error) {
	v, err := s.newPageView(p)
	if err != nil {
		return File{}, err
	}
	body, err := s.execute(v)
	if err != nil {
		return File{}, err
	}
	return File{
		Path: p.Path(), File: strings.TrimPrefix(p.Path(), "/") + "index.html", ContentType: contentHTML, Body: body,
	}, nil
}

const (
	contentHTML = "text/html; charset=utf-8"
	contentXML  = "application/xml; charset=utf-8"
	contentAtom = "application/atom+xml; charset=utf-8"
	contentText = "text/plain; charset=utf-8"
	contentSVG  = "image/svg+xml"
	contentPNG  = "image/png"
)

func (s *site) execute(v *pageView) ([]byte, error) {
	t, err := theme()
	if err != nil {
		return nil, err
	}
	if err := s.frame(v); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(48 << 10)
	if err := t.ExecuteTemplate(&b, "page", v); err != nil {
		return nil, fmt.Errorf("execute theme: %w", err)
	}
	return b.Bytes(), nil
}

// checkSlug accepts what can be both an address and a file name everywhere.
func checkSlug(slug string) error {
	if slug == "" {
		return nil
	}
	for _, part := range strings.Split(slug, "/") {
		if part == "" || len(part) > 200 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return domain.Invalid("slug", "Slug %.80q is not made of lower-case letters, digits and hyphens.", slug)
		}
	}
	return nil
}

// checkOrigin accepts a scheme and a host without a path.
func checkOrigin(origin string) (string, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return "", domain.Invalid("origin", "Origin %.80q is not a scheme and a host.", origin)
	}
	return u.Scheme + "://" + u.Host, nil
}
