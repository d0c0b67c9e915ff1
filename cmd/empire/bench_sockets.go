package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/bench"
)

// socketFlags are the flags of bench sockets.
type socketFlags struct {
	connections     int
	duration, every time.Duration
	url, token      string
}

func benchSocketsCommand(g *globals) *cobra.Command {
	var f socketFlags
	c := &cobra.Command{
		Use: "sockets", Short: "Measure memory and delivery with many WebSockets",
		Long: `Hold many dashboards open over WebSockets, let all of them hear of an event again and
again, and say how much memory each connection takes of the server, how long events
take, and whether any was lost.

The command starts a server of its own in a temporary directory. With --url one that
runs already is measured: its memory is then unknown, and each event changes the
description of an agent there. The exit code is 1 if an event was lost.`,
		Example: "  empire bench sockets --connections 10000 --duration 30s\n  empire bench sockets --connections 1000 --duration 10m --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return g.benchSockets(cmd, &f) },
	}
	flags := c.Flags()
	flags.IntVar(&f.connections, "connections", 1000, "connections that are held open")
	flags.DurationVar(&f.duration, "duration", 10*time.Second, "how long events are sent")
	flags.DurationVar(&f.every, "broadcast-every", time.Second, "pause between two events")
	flags.StringVar(&f.url, "url", "", "measure the server at this address instead")
	flags.StringVar(&f.token, "token", "", "access token or API key for --url (default EMPIRE_TOKEN)")
	return c
}

func (g *globals) benchSockets(cmd *cobra.Command, f *socketFlags) (err error) {
	switch {
	case f.connections < 1 || f.connections > 1_000_000:
		return usagef("--connections must be between 1 and 1000000, not %d", f.connections)
	case f.every < time.Millisecond || f.duration < f.every:
		return usagef("--broadcast-every must be at least 1ms, and --duration at least as long")
	}
	dir, err := os.MkdirTemp("", "empire-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m := newMeter(g.io.err)
	c := bench.SocketsConfig{Connections: f.connections, Duration: f.duration, Every: f.every, Server: bench.APIConfig{
		URL: f.url, Token: f.token, Env: g.benchEnv(), Dir: dir, Progress: func(text string) { m.line("%s", text) },
	}}
	if c.Server.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if f.url != "" && f.token == "" {
		c.Server.Token = g.environ("EMPIRE_TOKEN")
	}
	if f.url == "" {
		if err := g.benchServer(cmd.Context(), &c.Server, &apiFlags{sites: 10}); err != nil {
			return err
		}
	}
	report, err := bench.Sockets(cmd.Context(), c)
	if err != nil {
		return err
	}
	if g.json {
		err = printJSON(g.io.out, report)
	} else {
		err = report.WriteTable(g.io.out)
	}
	if err == nil && report.Lost > 0 {
		return fmt.Errorf("%d events were lost", report.Lost)
	}
	return err
}
