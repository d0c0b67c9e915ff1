package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

// linkColumns maps the names of columns to fields of a new link.
var linkColumns = map[string]func(p *domain.LinkParams, v string){
	"slug": func(p *domain.LinkParams, v string) { p.Slug = strings.ToLower(v) }, "destination": func(p *domain.LinkParams, v string) { p.Destination = v },
	"url": func(p *domain.LinkParams, v string) { p.Destination = v }, "merchant": func(p *domain.LinkParams, v string) { p.Merchant = v }, "name": func(p *domain.LinkParams, v string) { p.Merchant = v },
	"website_id": func(p *domain.LinkParams, v string) { p.WebsiteID = domain.WebsiteID(v) }, "program_id": func(p *domain.LinkParams, v string) { p.ProgramID = domain.ProgramID(v) },
	"network": func(p *domain.LinkParams, v string) { p.Network = v }, "advertiser_id": func(p *domain.LinkParams, v string) { p.AdvertiserID = v },
	"publisher_id": func(p *domain.LinkParams, v string) { p.PublisherID = v }, "form": func(p *domain.LinkParams, v string) { p.Form = domain.LinkForm(v) },
	"way": func(p *domain.LinkParams, v string) { p.Way = domain.LinkWay(v) }, "state": func(p *domain.LinkParams, v string) { p.State = domain.LinkState(v) },
	"note": func(p *domain.LinkParams, v string) { p.Note = v }, "row_key": func(p *domain.LinkParams, v string) { p.RowKey = v },
}

// readLinks reads links from a CSV file with a header.
func readLinks(r io.Reader) ([]domain.LinkParams, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.TrimLeadingSpace = -1, true
	header, err := in.Read()
	if err != nil {
		return nil, domain.Errorf(domain.CodeMalformed, "The file has no header; it is a CSV file with the columns merchant, destination, slug, ….")
	}
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(header[i], "\ufeff")))
	}
	if !slices.Contains(header, "destination") && !slices.Contains(header, "url") {
		return nil, domain.Errorf(domain.CodeMalformed, "The file has no column destination.")
	}
	var out []domain.LinkParams
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, domain.Errorf(domain.CodeMalformed, "The file cannot be read: %v.", err)
		}
		var p domain.LinkParams
		for i, v := range row[:min(len(row), len(header))] {
			if set := linkColumns[header[i]]; set != nil && strings.TrimSpace(v) != "" {
				set(&p, strings.TrimSpace(v))
			}
		}
		out = append(out, p)
	}
}

func linkImportCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "import FILE", Short: "Add or change links from a CSV file",
		Long: `Add or change links from a CSV file with a header. Columns: merchant, destination (or
url), slug, website_id, program_id, network, advertiser_id, publisher_id, form, way,
state, note, row_key. A link with the same slug, or that leads to the same place, is
changed. What cannot be used is left out and named.`,
		Example: "  empire link import links.csv", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return domain.Errorf(domain.CodeInvalid, "File %s cannot be opened.", args[0])
			}
			defer func() { _ = file.Close() }()
			list, err := readLinks(file)
			if err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				sum := domain.LinkImport{Problems: []domain.RowProblem{}}
				for part := range slices.Chunk(list, 500) {
					r, err := at.ImportLinks(ctx, part)
					if err != nil {
						return err
					}
					for _, p := range r.Problems {
						p.Line += sum.Read + 1 // behind the header
						sum.Problems = append(sum.Problems, p)
					}
					sum.Read, sum.Created, sum.Updated, sum.Same = sum.Read+r.Read, sum.Created+r.Created, sum.Updated+r.Updated, sum.Same+r.Same
				}
				if g.json {
					return printJSON(g.io.out, sum)
				}
				cmd.Printf("%d links read: %d new, %d changed, %d unchanged, %d left out\n", sum.Read, sum.Created, sum.Updated, sum.Same, len(sum.Problems))
				for _, p := range sum.Problems {
					cmd.Printf("  row %d: %s\n", p.Line, p.Detail)
				}
				return nil
			})
		},
	}
}

func linkOutlinksCommand(g *globals) *cobra.Command {
	var w domain.Window
	var site string
	var all bool
	c := &cobra.Command{
		Use: "outlinks", Short: "List the places that live pages link to without earning",
		Example: "  empire link outlinks\n  empire link outlinks --site keyboards.example --all", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				id, err := websiteID(ctx, p, site)
				if err != nil {
					return err
				}
				list, total, err := p.Outlinks(ctx, id, all, w)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, orEmpty(list))
				}
				if len(list) == 0 {
					cmd.Println("All links to other places earn, or there are none.")
				}
				rows := make([][]string, 0, len(list))
				for _, o := range list {
					rows = append(rows, []string{o.Domain, string(o.Kind), o.Host, o.Program, strconv.Itoa(o.Count), strings.Join(o.Pages[:min(3, len(o.Pages))], " ")})
				}
				if len(rows) > 0 {
					if err := table(g.io.out, []string{"SITE", "KIND", "HOST", "PROGRAM", "LINKS", "PAGES"}, rows); err != nil {
						return err
					}
				}
				if left := total - w.Offset - w.Limit; id == "" && left > 0 {
					cmd.PrintErr(fmt.Sprintf("%d more websites were not looked at; see --limit and --offset\n", left))
				}
				return nil
			})
		},
	}
	windowFlags(c, &w)
	c.Flags().StringVar(&site, "site", "", "of this website alone")
	c.Flags().BoolVar(&all, "all", false, "also links that earn")
	return c
}
