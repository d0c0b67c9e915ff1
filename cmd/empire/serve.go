package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"empire/internal/app"
)

// listenFlags choose where the program listens.
type listenFlags struct{ api, edge string }

func (l *listenFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&l.api, "listen", "", "address of API and dashboard (default 127.0.0.1:8080)")
	c.Flags().StringVar(&l.edge, "listen-edge", "", "address of the edge (default 127.0.0.1:8081)")
}

func (l *listenFlags) settings() map[string]string {
	return map[string]string{"listen.api": l.api, "listen.edge": l.edge}
}

// serving is what serve --json prints once it listens.
type serving struct {
	app.Listening
	URL      string `json:"url"`
	Data     string `json:"data"`
	Role     string `json:"role"`
	Email    string `json:"email,omitempty"`    // of the administrator that this start made
	Password string `json:"password,omitempty"` // shown once
}

func serveCommand(g *globals) *cobra.Command {
	var role string
	var listen listenFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve API, dashboard and sites, and work through runs",
		Long: `Serve API and dashboard (127.0.0.1:8080), the sites by host name (127.0.0.1:8081)
and work through runs. The first start creates an administrator and prints the
password once. Several processes may share PostgreSQL, each with a role.

With --json one object is printed as soon as it listens: pid, url, api, edge, data,
role, and at the first start email and password.

SIGHUP makes it read the configuration again for what concerns serving websites (edge.log,
edge.tls.redirect, .port and .hsts), open the access log anew and read certificates from
their directory again, without a failed request. Everything else needs a new start.

Ctrl-C stops it within three seconds, SIGTERM within shutdown.timeout, both with exit
code 0. Runs that are under way go on at the next start. A second Ctrl-C ends it at
once.`,
		Example: `  empire serve
  empire serve --listen 127.0.0.1:9000 --data /var/lib/empire
  empire serve --pg postgres://empire@db/empire --role worker`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			extra := listen.settings()
			extra["role"] = role
			return g.serve(cmd, extra)
		},
	}
	c.Flags().StringVar(&role, "role", "", "all, gateway, worker or edge (default all)")
	listen.register(c)
	return c
}

func (g *globals) serve(cmd *cobra.Command, extra map[string]string) error {
	ctx := cmd.Context()
	cfg, _, err := g.load(extra)
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	app.TuneMemory(g.io.environ)
	a, err := g.open(ctx, cfg, app.Serve)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	at, err := a.Announce()
	if err != nil {
		return errors.Join(err, stopApp(ctx, a, cfg))
	}
	out := serving{Listening: at, URL: a.URL(), Data: cfg.Data, Role: cfg.Role}
	m := newMeter(g.io.err)
	if c := a.NewCredentials(); c != nil {
		out.Email, out.Password = c.Email, c.Password
	}
	g.showAdmin(a)
	if g.json {
		if err := printJSON(g.io.out, out); err != nil {
			return errors.Join(err, stopApp(ctx, a, cfg))
		}
	}
	if at.API != "" {
		m.line("dashboard and API at %s", a.URL())
	}
	if at.Edge != "" {
		m.line("sites at http://NAME.localhost:%s/", port(at.Edge))
	}
	m.line("Ctrl-C stops.")
	g.reload(ctx, a, extra, hangups)
	return stopApp(ctx, a, cfg)
}

// reload takes over a changed configuration whenever a signal comes, until ctx ends. One
// that is not usable changes nothing.
func (g *globals) reload(ctx context.Context, a *app.App, extra map[string]string, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		cfg, _, err := g.load(extra)
		if err == nil {
			err = a.Reload(ctx, cfg)
		}
		if err != nil {
			_, _ = fmt.Fprintln(g.io.err, "empire: not read again: "+message(err))
		}
	}
}
