package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

// linkView is a link as the API shows it.
type linkView struct {
	ID           domain.LinkID    `json:"id"`
	WebsiteID    domain.WebsiteID `json:"website_id"`
	Slug         string           `json:"slug"`
	ProgramID    domain.ProgramID `json:"program_id"`
	Network      string           `json:"network"`
	AdvertiserID string           `json:"advertiser_id"`
	Merchant     string           `json:"merchant"`
	Form         domain.LinkForm  `json:"form"`
	Destination  string           `json:"destination"`
	PublisherID  string           `json:"publisher_id"`
	Way          domain.LinkWay   `json:"way"`
	State        domain.LinkState `json:"state"`
	Note         string           `json:"note"`
	Own          bool             `json:"own"`
	RowKey       string           `json:"row_key"`
	CreatedAt    time.Time        `json:"created_at"`
	UpdatedAt    time.Time        `json:"updated_at"`
}

type linkChangeView struct {
	At      time.Time      `json:"at"`
	ActorID *domain.UserID `json:"actor_id"`
	Field   string         `json:"field"`
	Before  string         `json:"before"`
	After   string         `json:"after"`
}

func linkCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "link", Short: "The registry of affiliate links, and links that earn nothing",
		Example: "  empire link list\n  empire link pause link_… --note 'sold out until May'\n  empire link outlinks",
	}
	c.AddCommand(linkListCommand(g), linkShowCommand(g), linkAddCommand(g), linkSetCommand(g), linkPauseCommand(g), linkImportCommand(g), linkOutlinksCommand(g),
		linkHealthCommand(g), linkCheckCommand(g), linkSwapsCommand(g), linkUndoCommand(g))
	return c
}

// websiteID finds a website by what a person calls it; nothing stays nothing.
func websiteID(ctx context.Context, p portfolio, key string) (domain.WebsiteID, error) {
	if key == "" {
		return "", nil
	}
	s, err := p.Site(ctx, key)
	if err != nil {
		return "", err
	}
	return s.ID, nil
}

func linkListCommand(g *globals) *cobra.Command {
	var w domain.Window
	var f domain.LinkFilter
	var site string
	c := &cobra.Command{
		Use: "list", Short: "List links, the last changed first", Example: "  empire link list --state paused\n  empire link list --site keyboards.example --query k2", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if f.State != "" && !f.State.Valid() {
				return usagef("--state must be active, paused, dead or closed, not %q", f.State)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) (err error) {
				if f.WebsiteID, err = websiteID(ctx, p, site); err != nil {
					return err
				}
				list, total, err := p.Links(ctx, f, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, l := range list {
					rows = append(rows, []string{string(l.ID), l.Slug, l.Merchant, string(l.Form), string(l.State), l.Destination})
				}
				return g.printList(cmd, list, w, total, "There is no such link. Builds of websites register what they link; empire link add and empire link import add more.", []string{"ID", "SLUG", "MERCHANT", "FORM", "STATE", "LEADS TO"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	c.Flags().StringVar(&site, "site", "", "of this website, with those of all websites")
	c.Flags().StringVar((*string)(&f.State), "state", "", "active, paused, dead or closed")
	c.Flags().StringVar(&f.Network, "network", "", "such as awin or digistore24")
	c.Flags().StringVar(&f.Query, "query", "", "words of merchant, slug, destination or row")
	return c
}

func linkShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show LINK", Short: "Show a link and what changed of it", Example: "  empire link show link_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				l, err := p.Link(ctx, domain.LinkID(args[0]))
				if err != nil {
					return err
				}
				history, err := p.LinkHistory(ctx, l.ID)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]any{"link": l, "history": orEmpty(history)})
				}
				g.printLink(cmd, l)
				for _, h := range history {
					cmd.Printf("  %s  %s: %s → %s\n", h.At.Format(time.DateTime), h.Field, orDash(&h.Before), orDash(&h.After))
				}
				return nil
			})
		},
	}
}

func (g *globals) printLink(cmd *cobra.Command, l *linkView) {
	of := "all websites"
	if l.WebsiteID != "" {
		of = string(l.WebsiteID)
	}
	cmd.Printf("%s  %s  %s\n  leads to  %s\n  form      %s\n  of        %s\n  address   /go/%s\n", l.ID, l.Merchant, l.State, l.Destination, l.Form, of, l.Slug)
	if l.Note != "" {
		cmd.Printf("  note      %s\n", l.Note)
	}
}

// linkResult prints a link that was made or changed.
func (g *globals) linkResult(cmd *cobra.Command, l *linkView, err error) error {
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, l)
	}
	g.printLink(cmd, l)
	return nil
}

func linkAddCommand(g *globals) *cobra.Command {
	var p domain.LinkParams
	var site string
	c := &cobra.Command{
		Use: "add DESTINATION", Short: "Add a link",
		Long: `Add a link. DESTINATION is a page of the merchant, an address of the network, or with
--form digistore24 the number of a product. A program says network, advertiser and
merchant; without one, give --merchant.`,
		Example: "  empire link add https://shop.example/k2 --program prog_… --slug k2\n  empire link add 123456 --form digistore24 --publisher AnnaB --merchant Kurs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Destination = args[0]
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) (err error) {
				if p.WebsiteID, err = websiteID(ctx, at, site); err != nil {
					return err
				}
				l, err := at.CreateLink(ctx, p)
				return g.linkResult(cmd, l, err)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&site, "site", "", "of this website alone")
	f.StringVar(&p.Slug, "slug", "", "its name in /go/SLUG (default: one is made)")
	f.StringVar((*string)(&p.ProgramID), "program", "", "id of the program")
	f.StringVar(&p.Network, "network", "", "such as awin")
	f.StringVar(&p.AdvertiserID, "advertiser", "", "the advertiser's id at the network")
	f.StringVar(&p.Merchant, "merchant", "", "as readers know it")
	f.StringVar((*string)(&p.Form), "form", "", "awin, awin_click, digistore24 or plain (default: guessed)")
	f.StringVar(&p.PublisherID, "publisher", "", "who is paid (default: the website's operator)")
	f.StringVar((*string)(&p.Way), "way", "", "direct or redirect (default: as the program, then links.way)")
	f.StringVar(&p.Note, "note", "", "for yourself")
	f.StringVar(&p.RowKey, "row", "", "key of a feed row that pages take this link for")
	return c
}

func linkSetCommand(g *globals) *cobra.Command {
	var program, network, advertiser, merchant, form, destination, publisher, way, state, note string
	c := &cobra.Command{
		Use: "set LINK", Short: "Change a link everywhere",
		Long: `Change a link. Pages that hold /go/… lead to the new place at once, others from their
next build on. What is not given stays.`,
		Example: "  empire link set link_… --destination https://shop.example/k3\n  empire link set link_… --state closed --note 'program ended'", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var p domain.LinkPatch
			given := func(name string) bool { return cmd.Flags().Changed(name) }
			for _, s := range []struct {
				name string
				set  func()
			}{
				{"program", func() { p.ProgramID = new(domain.ProgramID(program)) }}, {"network", func() { p.Network = &network }}, {"advertiser", func() { p.AdvertiserID = &advertiser }},
				{"merchant", func() { p.Merchant = &merchant }}, {"form", func() { p.Form = new(domain.LinkForm(form)) }}, {"destination", func() { p.Destination = &destination }},
				{"publisher", func() { p.PublisherID = &publisher }}, {"way", func() { p.Way = new(domain.LinkWay(way)) }}, {"state", func() { p.State = new(domain.LinkState(state)) }}, {"note", func() { p.Note = &note }},
			} {
				if given(s.name) {
					s.set()
				}
			}
			if p == (domain.LinkPatch{}) {
				return usagef("link set needs something to change; see empire link set --help")
			}
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				l, err := at.UpdateLink(ctx, domain.LinkID(args[0]), p)
				return g.linkResult(cmd, l, err)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&program, "program", "", "id of the program")
	f.StringVar(&network, "network", "", "such as awin")
	f.StringVar(&advertiser, "advertiser", "", "the advertiser's id at the network")
	f.StringVar(&merchant, "merchant", "", "as readers know it")
	f.StringVar(&form, "form", "", "awin, awin_click, digistore24 or plain")
	f.StringVar(&destination, "destination", "", "where it leads")
	f.StringVar(&publisher, "publisher", "", "who is paid; empty: the website's operator")
	f.StringVar(&way, "way", "", "direct or redirect; empty: as the program, then links.way")
	f.StringVar(&state, "state", "", "active, paused, dead or closed")
	f.StringVar(&note, "note", "", "for yourself")
	return c
}

func linkPauseCommand(g *globals) *cobra.Command {
	var note string
	var resume bool
	c := &cobra.Command{
		Use: "pause LINK", Short: "Lead nobody to a link for now", Long: "Lead nobody to a link for now: /go/… says that the offer is not available, and builds take another merchant. With --resume it is used again.",
		Example: "  empire link pause link_… --note 'sold out until May'\n  empire link pause link_… --resume", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := domain.LinkPatch{State: new(domain.LinkPaused)}
			if resume {
				p.State = new(domain.LinkActive)
			}
			if cmd.Flags().Changed("note") {
				p.Note = &note
			}
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				l, err := at.UpdateLink(ctx, domain.LinkID(args[0]), p)
				return g.linkResult(cmd, l, err)
			})
		},
	}
	c.Flags().StringVar(&note, "note", "", "why")
	c.Flags().BoolVar(&resume, "resume", false, "use it again")
	return c
}
