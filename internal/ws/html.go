package ws

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"time"

	"empire/internal/domain"
)

//go:embed templates/*.html
var templateFiles embed.FS

var fragments = template.Must(template.New("").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.UTC().Format("15:04:05") },
	"share": func(x float64) int { return int(x*100 + 0.5) },
	"mega":  func(n uint64) uint64 { return n >> 20 },
}).ParseFS(templateFiles, "templates/*.html"))

// fragment renders a template.
func fragment(name string, data any) []byte {
	var b bytes.Buffer
	if err := fragments.ExecuteTemplate(&b, name, data); err != nil {
		return nil // the tests render all of them
	}
	return b.Bytes()
}

// eventHTML renders an event for dashboards that want fragments.
func eventHTML(offset string, ev *domain.Event) []byte {
	return fragment("event.html", struct {
		Offset string
		Event  *domain.Event
	}{offset, ev})
}

// render returns what a client gets for a frame: the frame, or markup if it wants
// that and there is some.
func (c *client) render(frame, html []byte) []byte {
	if !c.html {
		return frame
	}
	if html != nil {
		return html
	}
	var f Frame
	if json.Unmarshal(frame, &f) != nil {
		return nil
	}
	return fragment("frame.html", struct{ Type, ID, Data string }{f.Type, f.ID, string(f.Data)})
}
