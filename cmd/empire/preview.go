package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

// preview is what site preview --json prints.
type preview struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Domain    string           `json:"domain"`
	URL       string           `json:"url"`
	Served    bool             `json:"served"` // the local edge answers with it now
}

func sitePreviewCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "preview SITE", Short: "Print the address at which the local edge serves a website", Example: "  empire site preview keyboards.example",
		Long: `Print the address at which the edge of the running server, or else of the configuration,
serves a website, and on standard error whether it does. SITE is an id, a name or a
domain.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				s, err := a.Websites.Find(ctx, args[0])
				if err != nil {
					return err
				}
				if s.LiveRelease == "" {
					return domain.Errorf(domain.CodeConflict, "Website %s has no release yet.", s.Domain)
				}
				p, err := g.preview(ctx, s)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, p)
				}
				cmd.Println(p.URL)
				if !p.Served {
					cmd.PrintErrf("Nothing serves it there now; %s does.\n", g.again("serve"))
				}
				return nil
			})
		},
	}
}

func (g *globals) preview(ctx context.Context, s *domain.Website) (preview, error) {
	cfg, _, err := g.quietly(nil)
	if err != nil {
		return preview{}, err
	}
	running, err := app.Announced(cfg.Data)
	if err != nil {
		return preview{}, err
	}
	edge := running.Edge
	if edge == "" {
		edge = cfg.Listen.Edge
	}
	host := net.JoinHostPort(s.Name+".localhost", port(edge))
	return preview{s.ID, s.Domain, "http://" + host + "/", serves(ctx, edge, host)}, nil
}

// serves reports whether an edge answers for a host.
func serves(ctx context.Context, edge, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+reachable(edge)+"/", nil)
	if err != nil {
		return false
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// port returns the port of host:port.
func port(address string) string {
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return p
}

// reachable returns an address to connect to for one to listen on: no host, or one
// that means all, is this machine.
func reachable(address string) string {
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, p)
}
