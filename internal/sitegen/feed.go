package sitegen

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"empire/internal/domain"
)

// robots keeps crawlers out of redirects to merchants, which are advertising
// (Google Search Central, "Qualify your outbound links to Google").
func (s *site) robots() File {
	body := "User-agent: *\nDisallow: /go/\n\nSitemap: " + s.origin + "/sitemap.xml\n"
	return File{Path: "/robots.txt", File: "robots.txt", ContentType: contentText, Body: []byte(body)}
}

type urlSet struct {
	XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []siteURL `xml:"url"`
}

type siteURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

// sitemap lists exactly the pages that search engines may index.
func (s *site) sitemap() (File, error) {
	var set urlSet
	for i := range s.draft.Pages {
		p := &s.draft.Pages[i]
		if !p.Indexable {
			continue
		}
		u := siteURL{Loc: s.origin + p.Path()}
		if !p.UpdatedAt.IsZero() {
			u.LastMod = p.UpdatedAt.UTC().Format(time.RFC3339)
		}
		set.URLs = append(set.URLs, u)
	}
	return xmlFile("/sitemap.xml", contentXML, set)
}

type atomFeed struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang     string      `xml:"xml:lang,attr"`
	ID       string      `xml:"id"`
	Title    string      `xml:"title"`
	Subtitle string      `xml:"subtitle,omitempty"`
	Updated  string      `xml:"updated"`
	Links    []atomLink  `xml:"link"`
	Author   atomAuthor  `xml:"author"`
	Entries  []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Link    atomLink `xml:"link"`
	Updated string   `xml:"updated"`
	Summary string   `xml:"summary,omitempty"`
}

// feed lists guides, best-for pages and comparisons (Atom, RFC 4287).
func (s *site) feed() (File, error) {
	f := atomFeed{
		Lang: firstOf(s.draft.Website.Language, "en"), ID: s.origin + "/", Title: s.Title, Subtitle: s.Tagline,
		Links: []atomLink{
			{Rel: "self", Type: "application/atom+xml", Href: s.origin + "/feed.xml"},
			{Rel: "alternate", Type: "text/html", Href: s.origin + "/"},
		},
		Author: atomAuthor{Name: firstOf(s.draft.Website.Operator.In(s.draft.Website.Language).Name, s.Title)},
	}
	updated := s.draft.BuiltAt
	for i := range s.draft.Pages {
		p := &s.draft.Pages[i]
		if !p.Indexable || p.Kind != domain.PageGuide && p.Kind != domain.PageBest && p.Kind != domain.PageComparison {
			continue
		}
		if p.UpdatedAt.After(updated) {
			updated = p.UpdatedAt
		}
		f.Entries = append(f.Entries, atomEntry{
			ID: s.origin + p.Path(), Title: p.Title, Link: atomLink{Rel: "alternate", Type: "text/html", Href: s.origin + p.Path()},
			Updated: p.UpdatedAt.UTC().Format(time.RFC3339), Summary: firstOf(p.Summary, p.Description),
		})
	}
	f.Updated = updated.UTC().Format(time.RFC3339)
	return xmlFile("/feed.xml", contentAtom, f)
}

func xmlFile(path, contentType string, v any) (File, error) {
	b, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		return File{}, fmt.Errorf("write %s: %w", path, err)
	}
	body := append([]byte(xml.Header), b...)
	return File{Path: path, File: strings.TrimPrefix(path, "/"), ContentType: contentType, Body: append(body, '\n')}, nil
}
