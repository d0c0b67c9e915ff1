package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

// edgeKeeper is the part of a portfolio that serves websites.
type edgeKeeper interface {
	// Hosts lists what was served of each website, and its certificate. Without a
	// server nothing was served, and the certificates are those that are stored.
	Hosts(ctx context.Context, w domain.Window) ([]client.Host, int, error)
}

// Hosts implements portfolio.
func (l local) Hosts(ctx context.Context, w domain.Window) ([]client.Host, int, error) {
	list, total, err := l.a.Websites.List(ctx, w)
	if err != nil {
		return nil, 0, err
	}
	stored, err := l.a.StoredCertificates()
	if err != nil {
		return nil, 0, err
	}
	out := []client.Host{}
	for i := range list {
		h := client.Host{WebsiteID: string(list[i].ID), Domain: list[i].Domain, ReleaseID: string(list[i].LiveRelease), Classes: map[string]int64{}}
		if c, ok := stored[list[i].Domain]; ok {
			h.Certificate = &client.Certificate{ValidUntil: &c.ValidUntil, Issuer: c.Issuer}
		}
		out = append(out, h)
	}
	return out, total, nil
}

// Hosts implements portfolio.
func (r *remote) Hosts(ctx context.Context, w domain.Window) ([]client.Host, int, error) {
	list, err := r.api.ListEdgeHosts(ctx, client.ListEdgeHostsParams{Limit: w.Limit, Offset: w.Offset})
	return window[client.Host](r, list, err)
}

func edgeCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "edge", Short: "Show what is served of each website, and its certificate",
		Example: "  empire edge hosts",
	}
	var w domain.Window
	hosts := &cobra.Command{
		Use:   "hosts",
		Short: "List hosts with their requests and certificates",
		Long: `List the websites with what the edge served of each since it began, those with the most
requests first, and the state of their TLS certificates: until when they are valid, or
why there is none. Beside a data directory, without a server, certificates alone.`,
		Example: "  empire edge hosts\n  EMPIRE_URL=https://empire.example EMPIRE_TOKEN=… empire edge hosts --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, _, err := p.Hosts(ctx, w)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, list)
				}
				return g.showHosts(list)
			})
		},
	}
	hosts.Flags().IntVar(&w.Limit, "limit", 1000, "how many at most")
	hosts.Flags().IntVar(&w.Offset, "offset", 0, "how many to leave out")
	c.AddCommand(hosts)
	return c
}

func (g *globals) showHosts(list []client.Host) error {
	rows := make([][]string, 0, len(list))
	for i := range list {
		h := &list[i]
		until, fault := "-", ""
		if c := h.Certificate; c != nil {
			if c.ValidUntil != nil {
				until = c.ValidUntil.Format(time.DateOnly)
			}
			fault = c.Error
		}
		rows = append(rows, []string{h.Domain, strconv.FormatInt(h.Requests, 10), strconv.FormatInt(h.Bytes, 10), until, orText(fault)})
	}
	return table(g.io.out, []string{"HOST", "REQUESTS", "BYTES", "CERTIFICATE UNTIL", "LAST ERROR"}, rows)
}
