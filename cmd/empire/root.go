package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/config"
)

// globals are the flags that every command has.
type globals struct {
	configFile string
	data       string
	postgres   string
	logLevel   string
	json       bool
}

func newRoot() *cobra.Command {
	g := &globals{}
	root := &cobra.Command{
		Use:   "empire",
		Short: "Operate a portfolio of affiliate websites",
		Long: `empire turns product feeds into reviewed, compliant, measured websites and serves them.

Start with the demo; it needs no configuration, no key and no account:

  empire demo

Settings come from empire.yaml, from EMPIRE_* variables and from flags, in this
order; "empire config show" prints what is in effect and where it comes from.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	f := root.PersistentFlags()
	f.StringVar(&g.configFile, "config", "", "configuration file (default empire.yaml, if there is one)")
	f.StringVar(&g.data, "data", "", "data directory (default ./empire-data)")
	f.StringVar(&g.postgres, "pg", "", "PostgreSQL URL; without it SQLite in the data directory is used")
	f.StringVar(&g.logLevel, "log-level", "", "debug, info, warn or error")
	f.BoolVar(&g.json, "json", false, "print JSON on standard output; progress and logs go to standard error")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(
		demoCommand(g), serveCommand(g), launchCommand(g), importCommand(g), siteCommand(g), runCommand(g), approvalCommand(g),
		agentCommand(g), userCommand(g), configCommand(g), migrateCommand(g), versionCommand(g),
	)
	wrapArgs(root)
	return root
}

// wrapArgs makes wrong arguments count as wrong use on every command.
func wrapArgs(c *cobra.Command) {
	check := c.Args
	if check == nil {
		check = cobra.NoArgs
		if c.HasSubCommands() {
			check = cobra.ArbitraryArgs
		}
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
		}
		return nil
	}
	if c.HasSubCommands() && c.RunE == nil {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{fmt.Errorf("there is no command %q; see %s --help", cmd.CommandPath()+" "+args[0], cmd.CommandPath())}
			}
			return cmd.Help()
		}
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

// load returns the effective configuration.
func (g *globals) load(extra map[string]string) (*config.Config, []config.Setting, error) {
	flags := map[string]string{}
	for key, value := range map[string]string{"data": g.data, "database.url": g.postgres, "log.level": g.logLevel} {
		if value != "" {
			flags[key] = value
		}
	}
	for key, value := range extra {
		if value != "" {
			flags[key] = value
		}
	}
	return config.Load(config.Input{File: g.configFile, Environ: os.Environ(), Flags: flags})
}

// open loads the configuration and opens the program.
func (g *globals) open(ctx context.Context, mode app.Mode, extra map[string]string) (*app.App, *config.Config, error) {
	cfg, _, err := g.load(extra)
	if err != nil {
		return nil, nil, err
	}
	log, err := newLogger(cfg)
	if err != nil {
		return nil, nil, err
	}
	a, err := app.Open(ctx, cfg, log, mode)
	return a, cfg, err
}

func newLogger(cfg *config.Config) (*slog.Logger, error) {
	return app.NewLogger(os.Stderr, cfg)
}

// with opens the program as a tool beside a server that may be running, calls fn as
// the local administrator and closes it.
func (g *globals) with(cmd *cobra.Command, fn func(ctx context.Context, a *app.App) error) error {
	a, _, err := g.open(cmd.Context(), app.Tool, map[string]string{"log.level": g.quiet()})
	if err != nil {
		return err
	}
	err = fn(a.AsAdmin(cmd.Context()), a)
	return errors.Join(err, a.Close())
}

// quiet keeps short commands from logging what the user did not ask for.
func (g *globals) quiet() string {
	if g.logLevel != "" {
		return g.logLevel
	}
	return "warn"
}

// stopApp stops the parts and closes the program within the configured time.
func stopApp(ctx context.Context, a *app.App, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	return errors.Join(a.Stop(ctx), a.Close())
}
