package sitegen

import (
	"bytes"
	"fmt"
	"html/template"
	"sync"
)

// chrome keeps what stands on many pages of a site in the same words: the menu, which
// marks the current page if it lists it, and the foot. It is safe for concurrent use.
type chrome struct {
	mu   sync.Mutex
	kept map[chromeKey]template.HTML
}

type chromeKey struct {
	name  string // of the template
	words *words
	path  string // of the page, if the menu may mark it
}

// unlisted stands for the path of a page that no menu has.
const unlisted = "-"

// chromeOf returns what a template makes of a page, or made of another one that differs
// in nothing that the template shows.
func (s *site) chromeOf(name string, v *pageView, path string) (template.HTML, error) {
	key := chromeKey{name, v.W, path}
	s.chrome.mu.Lock()
	out, ok := s.chrome.kept[key]
	s.chrome.mu.Unlock()
	if ok {
		return out, nil
	}
	t, err := theme()
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, v); err != nil {
		return "", fmt.Errorf("execute theme: %w", err)
	}
	out = template.HTML(b.String()) // escaped by the template
	s.chrome.mu.Lock()
	defer s.chrome.mu.Unlock()
	if s.chrome.kept == nil {
		s.chrome.kept = map[chromeKey]template.HTML{}
	}
	s.chrome.kept[key] = out
	return out, nil
}

// frame fills the menu and the foot of a page.
func (s *site) frame(v *pageView) (err error) {
	name, path := "menu", v.Path
	if s.Layout == layoutWorkbench {
		name = "railmenu"
	}
	if path != "" && !s.listed[path] {
		path = unlisted
	}
	if v.Menu, err = s.chromeOf(name, v, path); err != nil {
		return err
	}
	v.Foot, err = s.chromeOf("footer", v, "")
	return err
}

// list notes which pages are in the menus.
func (s *site) list() {
	s.listed = map[string]bool{}
	for _, item := range s.Nav {
		s.listed[item.Href] = true
		for _, l := range item.Items {
			s.listed[l.Href] = true
		}
	}
	for _, g := range s.Footer {
		for _, l := range g.Links {
			s.listed[l.Href] = true
		}
	}
}
