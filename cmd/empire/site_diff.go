package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/app"
	"empire/internal/domain"
)

// Diff implements portfolio.
func (l local) Diff(ctx context.Context, id domain.WebsiteID, p domain.DiffParams) (*domain.ReleaseDiff, error) {
	return l.a.Websites.Diff(ctx, id, p)
}

// Diff implements portfolio.
func (r *remote) Diff(ctx context.Context, id domain.WebsiteID, p domain.DiffParams) (*domain.ReleaseDiff, error) {
	if p.To == "" {
		list, _, err := r.Releases(ctx, id, domain.Window{Limit: 1})
		if err != nil {
			return nil, err
		}
		site, err := r.Site(ctx, string(id))
		if err != nil {
			return nil, err
		}
		switch {
		case site.LiveRelease != nil:
			p.To = *site.LiveRelease
		case len(list) > 0:
			p.To = list[0].ID
		default:
			return nil, domain.Errorf(domain.CodeConflict, "Website %s has no release yet.", id)
		}
	}
	d, err := r.api.DiffRelease(ctx, string(id), string(p.To), client.DiffReleaseParams{Against: string(p.Against), Page: p.Page})
	return shown[domain.ReleaseDiff](r, d, err)
}

func siteDiffCommand(g *globals) *cobra.Command {
	var from, to int
	var page string
	c := siteArgs(g, "diff", "Show what differs between two releases, by page and block",
		"  empire site diff keyboards.example\n  empire site diff keyboards.example --from 1 --to 3 --page /guide/",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			params := domain.DiffParams{Page: page}
			var err error
			if params.To, err = releaseNumbered(ctx, p, s.ID, to); err != nil {
				return err
			}
			if params.Against, err = releaseNumbered(ctx, p, s.ID, from); err != nil {
				return err
			}
			d, err := p.Diff(ctx, s.ID, params)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, d)
			}
			return printDiff(g.io.out, s.Domain, d)
		})
	c.Flags().IntVar(&from, "from", 0, "number of the earlier release (default the one before --to)")
	c.Flags().IntVar(&to, "to", 0, "number of the later release (default the live one)")
	c.Flags().StringVar(&page, "page", "", "path of the only page to show, such as /guide/")
	find := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if from < 0 || to < 0 {
			return usagef("--from and --to are numbers of releases, from 1, as empire site show lists them")
		}
		if page != "" && page[0] != '/' {
			return usagef("--page is a path that begins with a slash, such as /guide/, not %q", page)
		}
		return find(cmd, args)
	}
	return c
}

// releaseNumbered returns the id of the release with a number; none for 0.
func releaseNumbered(ctx context.Context, p portfolio, id domain.WebsiteID, number int) (domain.ReleaseID, error) {
	if number == 0 {
		return "", nil
	}
	for w := (domain.Window{Limit: 1000}); ; {
		list, total, err := p.Releases(ctx, id, w)
		if err != nil {
			return "", err
		}
		for i := range list {
			if list[i].Number == number {
				return list[i].ID, nil
			}
		}
		if w.Offset += len(list); len(list) == 0 || w.Offset >= total {
			return "", domain.Errorf(domain.CodeNotFound, "Website %s has no release number %d.", id, number)
		}
	}
}

// onRelease opens the installation and calls fn with a website and the id of its release
// with a number; none for 0.
func (g *globals) onRelease(cmd *cobra.Command, site string, number int, fn func(ctx context.Context, a *app.App, s *domain.Website, id domain.ReleaseID) error) error {
	if number < 0 {
		return usagef("--release is the number of a release, from 1, as empire site show lists them")
	}
	return g.with(cmd, func(ctx context.Context, a *app.App) error {
		s, err := a.Websites.Find(ctx, site)
		if err != nil {
			return err
		}
		id, err := releaseNumbered(ctx, g.local(a), s.ID, number)
		if err != nil {
			return err
		}
		return fn(ctx, a, s, id)
	})
}

// marks are how a kind of change looks in a text.
var marks = map[domain.ChangeKind]string{domain.Added: "+", domain.Removed: "-", domain.Changed: "~"}

// printDiff writes a diff for a person.
func printDiff(w io.Writer, host string, d *domain.ReleaseDiff) error {
	p := &printer{w: w}
	p.line("%s: release %d → %d", host, d.From.Number, d.To.Number)
	for _, page := range d.Pages {
		p.line("")
		p.line("%s %s  %s", marks[page.Kind], page.Path, page.Title)
		if page.Kind != domain.Changed {
			continue
		}
		for _, f := range page.Fields {
			p.line("    %s", f.Name)
			p.texts(f.Before, f.After)
		}
		for _, b := range page.Blocks {
			p.line("    %s %s", marks[b.Kind], b.Type)
			for _, l := range b.Lines {
				p.line("      %s %s", marks[l.Kind], l.Text)
			}
			if len(b.Lines) == 0 {
				p.line("      links or layout only")
			}
			for _, r := range b.Reasons {
				p.line("      why: %s", reasonText(r))
			}
		}
		for _, o := range page.Offers {
			p.line("    offer %s", o.Slot)
			p.texts(offerText(o.Before), offerText(o.After))
		}
	}
	if len(d.Pages) == 0 {
		p.line("No page says anything else.")
	}
	counts := map[domain.ChangeKind]int{}
	for _, f := range d.Files {
		counts[f.Kind]++
	}
	p.line("\n%d pages differ; files: %d added, %d removed, %d changed", len(d.Pages), counts[domain.Added], counts[domain.Removed], counts[domain.Changed])
	return p.err
}

// reasonText says in words why a block differs.
func reasonText(r domain.ChangeReason) string {
	switch r.Kind {
	case domain.ReasonEvidence:
		return fmt.Sprintf("%s was %q, is %q", r.What, r.Before, r.After)
	case domain.ReasonNew:
		return fmt.Sprintf("%s is new: %q", r.What, r.After)
	case domain.ReasonGone:
		return fmt.Sprintf("%s is gone: %q", r.What, r.Before)
	case domain.ReasonWriter:
		return fmt.Sprintf("written by %s, before by %s", r.After, r.Before)
	default:
		return "the same facts in other words"
	}
}

func offerText(o *domain.OfferSide) string {
	if o == nil {
		return ""
	}
	return fmt.Sprintf("%s at %s %s %s", o.Product, o.Merchant, o.Price, o.URL)
}

// printer keeps the first error of many writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// texts writes a text as it was and as it is.
func (p *printer) texts(before, after string) {
	if before != "" {
		p.line("      - %s", before)
	}
	if after != "" {
		p.line("      + %s", after)
	}
}
