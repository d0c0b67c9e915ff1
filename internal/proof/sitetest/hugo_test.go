package sitetest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/audit"
	"empire/internal/domain"
	"empire/internal/hugo"
	"empire/internal/proof/sitetest"
	"empire/internal/sitegen"
	"empire/internal/testkit"
)

// TestHugoBuildsTheSame writes sites of all layouts as Hugo projects and has the real
// Hugo build them: without a warning, with the same pages at the same addresses, the
// same titles, descriptions, structured data and robots directives, and the same main
// text; redirects work, and nothing is left over.
func TestHugoBuildsTheSame(t *testing.T) {
	t.Parallel()
	program := testkit.Look(t, "hugo")
	moved := []domain.File{
		{Path: "/old-guide/", Status: 301, Location: "/buying-guide/"}, {Path: "/old.html", Status: 301, Location: "/buying-guide/"},
		{Path: "/elsewhere/", Status: 301, Location: "https://elsewhere.example/x/"},
	}
	for _, layout := range []string{"magazine", "workbench", "catalogue", "fieldguide"} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			s := sitetest.Build(t, sitetest.English)
			if layout == "fieldguide" {
				s = sitetest.Build(t, sitetest.German)
			}
			d := *s.Draft
			d.Design = &domain.Design{Layout: layout}
			d.Pages = append([]domain.Page(nil), d.Pages...)
			d.Pages[1].Blocks = append(append([]domain.Block(nil), d.Pages[1].Blocks...), hostile()...)
			files, err := sitegen.Render(&d, sitegen.Options{Analytics: true})
			if err != nil {
				t.Fatal(err)
			}
			if layout != "fieldguide" {
				files = append(files, moved...)
			}
			dir := runHugo(t, program, &d, files)
			for _, f := range files {
				compareBuilt(t, dir, f)
				if f.Path == d.Pages[1].Path() && !strings.Contains(string(f.Body), "shortcode") {
					t.Errorf("%s does not hold the hostile texts", f.Path)
				}
			}
			checkNothingElse(t, dir, files)
		})
	}
}

// hostile are texts that mean something to Markdown, HTML or Hugo.
func hostile() []domain.Block {
	var out []domain.Block
	for _, text := range []string{
		"1. No list", "12) No list either", "- No item", "+ No item", "* No item", "# No heading", "> No quote", "=== no rule", "--- no rule", ": no definition", "| no | table |",
		"No *stars*, _lines_, ~~strikes~~ or `code`", "No <b>markup</b> and &amp; no &copy; entity", `No \ backslash \* here`, "No [link](https://x.example/) and no ![picture](x)",
		"No {{< shortcode >}} and no {{% shortcode %}} {{ .Title }}", "No {#id} {.class}", "No www.x.example, https://x.example or a@x.example", `"Quotes" -- and 'quotes' ... stay`, "No :smile: and no footnote[^1]",
		"Two  blanks and a\u00a0hard one", "    four blanks first", "A line\nbreak", "<!-- no comment -->", "Tab\there", "No ~under~ ^over^ $math$",
	} {
		out = append(out, paragraph(domain.Sentence{Text: text, Opinion: true}))
		out = append(out, domain.Block{Type: domain.BlockList, List: &domain.List{Items: []domain.Paragraph{{Sentences: []domain.Sentence{{Text: text, Opinion: true}}}}}})
		out = append(out, domain.Block{Type: domain.BlockHeading, Heading: &domain.Heading{Level: 3, Text: text}})
	}
	return out
}

// runHugo writes a project, builds it and returns the folder of the built site.
func runHugo(t *testing.T, program string, d *domain.Draft, files []domain.File) string {
	t.Helper()
	list, err := hugo.Project(d, files)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range list {
		name := filepath.Join(dir, filepath.FromSlash(f.File))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, "--noBuildLock", "--cacheDir", t.TempDir())
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil || strings.Contains(out.String(), "WARN") || strings.Contains(out.String(), "ERROR") {
		t.Fatalf("hugo: %v\n%s", err, out.String())
	}
	return filepath.Join(dir, "public")
}

// compareBuilt holds one file of the release against what Hugo wrote.
func compareBuilt(t *testing.T, dir string, f domain.File) {
	t.Helper()
	name := f.File
	if f.Location != "" {
		if name = strings.TrimPrefix(f.Path, "/"); strings.HasSuffix(name, "/") {
			name += "index.html"
		}
	}
	body, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Errorf("%s is missing: %v", f.Path, err)
		return
	}
	switch {
	case f.Location != "":
		if !strings.Contains(string(body), f.Location) || !strings.Contains(string(body), `http-equiv="refresh"`) {
			t.Errorf("%s does not lead to %s:\n%s", f.Path, f.Location, body)
		}
	case audit.IsHTML(f):
		comparePages(t, f, body)
	case f.Path == "/sitemap.xml" || f.Path == "/feed.xml":
		for _, tag := range []string{"<loc>", "<id>", "<title>", "<summary>"} {
			if a, b := strings.Count(string(f.Body), tag), strings.Count(string(body), tag); a != b {
				t.Errorf("%s has %d of %s, want %d", f.Path, b, tag, a)
			}
		}
	case !bytes.Equal(body, f.Body):
		t.Errorf("%s has other bytes", f.Path)
	}
}

func comparePages(t *testing.T, f domain.File, body []byte) {
	t.Helper()
	want, err := audit.Parse(f.Path, f.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := audit.Parse(f.Path, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ name, want, got string }{
		{"title", want.Title, got.Title}, {"description", want.Description, got.Description}, {"language", want.Language, got.Language},
		{"main text", squash(want.Main), squash(got.Main)}, {"text", squash(want.Text), squash(got.Text)},
	} {
		if part.want != part.got {
			at := 0
			for at < min(len(part.want), len(part.got)) && part.want[at] == part.got[at] {
				at++
			}
			at = max(0, at-60)
			t.Errorf("%s: the %s is\n  …%.200q, want\n  …%.200q", f.Path, part.name, part.got[min(at, len(part.got)):], part.want[at:])
		}
	}
	if want.NoIndex != got.NoIndex || len(want.Schemas) != len(got.Schemas) || len(want.Links) != len(got.Links) {
		t.Errorf("%s: noindex %v, %d schemas, %d links; want %v, %d, %d", f.Path, got.NoIndex, len(got.Schemas), len(got.Links), want.NoIndex, len(want.Schemas), len(want.Links))
		return
	}
	for i, l := range want.Links {
		if g := got.Links[i]; l.Href != g.Href || l.Rel != g.Rel {
			t.Errorf("%s: link %d is %s (%s), want %s (%s)", f.Path, i, g.Href, g.Rel, l.Href, l.Rel)
		}
	}
}

func checkNothingElse(t *testing.T, dir string, files []domain.File) {
	t.Helper()
	known := map[string]bool{"_redirects": true}
	for _, f := range files {
		name := f.File
		if f.Location != "" {
			name = strings.TrimPrefix(f.Path, "/")
			if strings.HasSuffix(name, "/") {
				name += "index.html"
			}
		}
		known[name] = true
	}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if !known[filepath.ToSlash(rel)] {
			t.Errorf("Hugo wrote %s, which the release does not have", rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }
