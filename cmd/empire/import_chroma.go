package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/config"
	"empire/internal/domain"
)

func importChromaCommand(g *globals) *cobra.Command {
	var tenant, database, keep string
	c := &cobra.Command{
		Use:   "chroma URL|FILE",
		Short: "Import all collections of a Chroma database",
		Long: `Import all collections of a database of a running Chroma server, or of a dump of one,
with ids, vectors, documents and metadata. Each collection becomes chroma.NAME here.
Afterwards every collection is read again: the number of records and the SHA-256 over
them must be those of the source. The same import again changes nothing.

A dump is JSON Lines: {"format":"chroma-dump","version":1,"collections":N}; for each
collection {"collection","space","dimension","metadata","records"} and its records
{"id","embedding","document","metadata","uri"}; {"end":true,"records":N}. --keep writes
one. A dump that is cut, broken or of another version is refused as a whole, with the
line and the byte.

A token for the server is taken from vectors.token.`,
		Example: `  empire import chroma http://127.0.0.1:8000
  empire import chroma http://127.0.0.1:8000 --keep chroma.jsonl
  empire import chroma chroma.jsonl --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				return g.importChroma(ctx, a, args[0], keep, config.Vectors{Tenant: tenant, Database: database})
			})
		},
	}
	c.Flags().StringVar(&tenant, "chroma-tenant", "default_tenant", "tenant of the server")
	c.Flags().StringVar(&database, "chroma-database", "default_database", "database of the server")
	c.Flags().StringVar(&keep, "keep", "", "write the dump of the server to this file, too")
	return c
}

func (g *globals) importChroma(ctx context.Context, a *app.App, source, keep string, v config.Vectors) (err error) {
	dump, shown, err := g.chromaDump(ctx, a, source, keep, v)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dump.Close()) }()
	r, err := a.Vectors.ImportChroma(ctx, shown, dump)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, r)
	}
	rows := make([][]string, 0, len(r.Collections))
	for i := range r.Collections {
		c := &r.Collections[i]
		rows = append(rows, []string{
			c.Name, c.Target, fmt.Sprint(c.Dimension), c.Space, fmt.Sprint(c.Records), fmt.Sprint(c.Stored), fmt.Sprint(c.Removed), c.SHA256[:min(12, len(c.SHA256))],
		})
	}
	return table(g.io.out, []string{"COLLECTION", "HERE", "DIMENSION", "SPACE", "RECORDS", "STORED", "REMOVED", "SHA-256"}, rows)
}

// chromaDump opens a dump: a file, or what a server has, in a file.
func (g *globals) chromaDump(ctx context.Context, a *app.App, source, keep string, v config.Vectors) (dump *chromaFile, shown string, err error) {
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		f, _, err := openFile(source)
		if err != nil {
			return nil, "", err
		}
		return &chromaFile{File: f}, source, nil
	}
	v.URL = source
	dump = &chromaFile{}
	if keep == "" {
		dump.File, err = os.CreateTemp("", "empire-chroma-")
		dump.temporary = true
	} else {
		dump.File, err = os.OpenFile(keep, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names it
	}
	if err != nil {
		return nil, "", domain.Errorf(domain.CodeInvalid, "The dump cannot be written: %v.", err)
	}
	if err := a.DumpChroma(ctx, v, dump); err != nil {
		return nil, "", errors.Join(err, dump.Close())
	}
	if _, err := dump.Seek(0, io.SeekStart); err != nil {
		return nil, "", errors.Join(err, dump.Close())
	}
	u.User, u.RawQuery = nil, ""
	return dump, u.String(), nil
}

// chromaFile is a dump that may be removed when it was read.
type chromaFile struct {
	*os.File
	temporary bool
}

// Close closes the file.
func (f *chromaFile) Close() error {
	err := f.File.Close()
	if f.temporary {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
