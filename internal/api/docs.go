package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

var (
	//go:embed docs.html
	docsHTML string
	//go:embed docs.css
	docsCSS []byte
)

var docsTemplate = template.Must(template.New("docs").Parse(docsHTML))

// docsPolicy lets the page load its own style sheet and nothing else.
const docsPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type (
	docsPage struct {
		Title, Version, Description, CSS, Document string
		Groups                                     []docsGroup
	}
	docsGroup struct {
		Name, Text string
		Operations []docsOperation
	}
	docsOperation struct {
		ID, Method, Path, Summary string
		Text                      []string // paragraphs
		Permission                string
		Parameters                []docsParameter
		Request, Response         string // examples as JSON
		Status                    string // of success
		Problems                  []string
	}
	docsParameter struct {
		Name, In, Type, Text string
		Required             bool
	}
)

// Docs returns the browsable form of the OpenAPI document, for /docs and what is
// below it. The page is rendered once and works without script.
func (a *API) Docs() http.Handler {
	sum := sha256.Sum256(docsCSS)
	css := "/docs/" + hex.EncodeToString(sum[:6]) + ".css"
	var page bytes.Buffer
	if err := docsTemplate.Execute(&page, a.docsPage(css)); err != nil {
		panic("render /docs: " + err.Error()) // the template does not fit the document: a bug
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /docs/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/docs", http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET /docs", func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", docsPolicy)
		h.Set("Cache-Control", "no-cache")
		_, _ = w.Write(page.Bytes())
	})
	mux.HandleFunc("GET "+css, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/css; charset=utf-8")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(docsCSS)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { WriteProblem(w, r, notFound()) })
	return mux
}

func (a *API) docsPage(css string) docsPage {
	doc := a.huma.OpenAPI()
	page := docsPage{
		Title: doc.Info.Title, Version: doc.Info.Version, Description: strings.ReplaceAll(doc.Info.Description, "`", ""), CSS: css, Document: Base + "/openapi.json",
	}
	for _, tag := range doc.Tags {
		group := docsGroup{Name: tag.Name, Text: tag.Description}
		for _, address := range slices.Sorted(maps.Keys(doc.Paths)) {
			for _, op := range operations(doc.Paths[address]) {
				if slices.Contains(op.Tags, tag.Name) {
					group.Operations = append(group.Operations, toDocs(doc, op))
				}
			}
		}
		page.Groups = append(page.Groups, group)
	}
	return page
}

func toDocs(doc *huma.OpenAPI, op *huma.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: op.Method, Path: Base + op.Path, Summary: op.Summary}
	d.Permission, _ = op.Extensions["x-permission"].(string)
	for text := range strings.SplitSeq(op.Description, "\n\n") {
		if text != "" {
			d.Text = append(d.Text, strings.ReplaceAll(text, "`", ""))
		}
	}
	for _, p := range op.Parameters {
		if p.Ref != "" {
			p = doc.Components.Parameters[path.Base(p.Ref)]
		}
		d.Parameters = append(d.Parameters, docsParameter{p.Name, p.In, schemaText(p.Schema), p.Description, p.Required})
	}
	if op.RequestBody != nil {
		d.Request = exampleText(op.RequestBody.Content["application/json"])
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		response := op.Responses[status]
		if response.Ref != "" {
			response = doc.Components.Responses[path.Base(response.Ref)]
		}
		switch {
		case status < "300":
			d.Status = status + " " + response.Description
			d.Response = exampleText(response.Content["application/json"])
		case status >= "400":
			d.Problems = append(d.Problems, status+" "+response.Description)
		}
	}
	return d
}

func schemaText(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	if len(s.Enum) == 0 {
		return s.Type
	}
	var words []string
	for _, v := range s.Enum {
		if w, ok := v.(string); ok {
			words = append(words, w)
		}
	}
	return strings.Join(words, " | ")
}

func exampleText(m *huma.MediaType) string {
	if m == nil || m.Example == nil {
		return ""
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m.Example); err != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}
