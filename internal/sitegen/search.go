package sitegen

import (
	"encoding/json"
	"fmt"
	"strings"

	"empire/internal/domain"
)

// indexPath is the address of what the search page's script looks through.
const indexPath = "/search-index.json"

const contentJSON = "application/json; charset=utf-8"

// findView is the search field of the search page.
type findView struct{ Index string }

// searchFiles are the page that lists all pages, which its script narrows down, with
// the index that it loads: for each path the headings, keywords and product names of
// the page. They are none if a page of the draft has the address.
func (s *site) searchFiles() ([]File, error) {
	if s.search == "" {
		return nil, nil
	}
	w := s.W
	v := &pageView{
		Site: s, W: w, Lang: firstOf(s.draft.Website.Language, "en"), Kind: "search", Path: s.search, Canonical: s.origin + s.search,
		Title: w.Search + " – " + s.Title, Description: w.SearchText, NoIndex: true, Heading: w.Search, Image: s.origin + imagePath,
		Nav: s.navFor(s.search), Explore: s.explore(), Script: s.script, Find: &findView{Index: indexPath},
		Lead: &block{Kind: domain.BlockParagraph, Text: []inline{{Text: w.SearchText}}},
	}
	if s.pages[""] != nil {
		v.Crumbs = []link{{Href: "/", Label: s.Home}, {Label: w.Search, Current: true}}
	}
	s.furnish(v)
	v.CSS = s.sheets.join(map[string]bool{"links": true, "find": true})
	body, err := s.execute(v)
	if err != nil {
		return nil, err
	}
	index, err := s.searchIndex()
	if err != nil {
		return nil, err
	}
	return []File{{Path: s.search, File: strings.TrimPrefix(s.search, "/") + "index.html", ContentType: contentHTML, Body: body}, index}, nil
}

func (s *site) searchIndex() (File, error) {
	index := map[string]string{}
	for i := range s.draft.Pages {
		p := &s.draft.Pages[i]
		if p.Kind.Legal() || p.Kind == domain.PageHome {
			continue
		}
		words := append([]string{p.Title}, p.Keywords...)
		for j := range p.Blocks {
			b := &p.Blocks[j]
			switch {
			case b.Heading != nil:
				words = append(words, b.Heading.Text)
			case b.Product != nil:
				words = append(words, b.Product.Name)
			case b.Table != nil:
				for _, r := range b.Table.Rows {
					if len(r.Cells) > 0 {
						words = append(words, r.Cells[0].Text)
					}
				}
			case b.Comparison != nil:
				for _, c := range b.Comparison.Products {
					words = append(words, c.Name)
				}
			}
		}
		index[p.Path()] = strings.Join(unique(words), " · ")
	}
	body, err := json.Marshal(index) // keys in order
	if err != nil {
		return File{}, fmt.Errorf("write search index: %w", err)
	}
	return File{Path: indexPath, File: indexPath[1:], ContentType: contentJSON, Body: append(body, '\n')}, nil
}

func unique(list []string) []string {
	seen := map[string]bool{"": true}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
