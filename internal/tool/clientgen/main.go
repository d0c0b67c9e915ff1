// Command clientgen writes the Go client of the API from its OpenAPI document:
//
//	clientgen DOCUMENT > client.gen.go
//
// It takes what this project's documents hold: models as named objects, scalars,
// lists and maps of them, JSON bodies. Anything else is refused rather than left
// out, so that a document that outgrows it is noticed.
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"os"
	"text/template"
)

//go:embed client.go.tmpl
var source string

var page = template.Must(template.New("client.go").Funcs(template.FuncMap{"comment": comment}).Parse(source))

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: clientgen DOCUMENT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "clientgen: "+err.Error())
		os.Exit(1)
	}
}

func run(name string) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	out, err := generate(raw)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}

// generate returns the client for a document. Equal documents give equal bytes.
func generate(raw []byte) ([]byte, error) {
	doc, err := parse(raw)
	if err != nil {
		return nil, err
	}
	g := &generator{doc: doc, names: reserved()}
	c, err := g.client()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, c); err != nil {
		return nil, fmt.Errorf("write client: %w", err)
	}
	out, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format client: %w\n%s", err, b.Bytes())
	}
	return out, nil
}
