package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/config"
)

// globals are the flags that every command has, and where it reads and writes.
type globals struct {
	configFile string
	data       string
	postgres   string
	logLevel   string
	json       bool
	io         streams
}

func newRoot(io streams) (*cobra.Command, *globals) {
	g := &globals{io: io}
	root := &cobra.Command{
		Use:   "empire",
		Short: "Operate a portfolio of affiliate websites",
		Long: `empire turns product feeds into reviewed, compliant, measured websites and serves them.

Start with the demo; it needs no configuration, no key and no account.

Settings come from empire.yaml, from EMPIRE_* variables and from flags, in this
order; "empire config show" prints what is in effect and where it comes from.

Commands work on a data directory (--data), beside a server that uses it if one
runs. With EMPIRE_URL and EMPIRE_TOKEN set, and without --data or --pg, the commands
site, run, approval, agent, dead-letter, orchestrator, webhook, scan, trends, opportunity, budget, price and launch talk to that
server instead.

Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 130 interrupted.`,
		Example: `  empire demo
  empire serve
  EMPIRE_URL=https://empire.example EMPIRE_TOKEN=… empire site list --json`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(io.out)
	root.SetErr(io.err)
	f := root.PersistentFlags()
	f.StringVar(&g.configFile, "config", "", "configuration file (default empire.yaml, if there is one)")
	f.StringVar(&g.data, "data", "", "data directory (default ./empire-data)")
	f.StringVar(&g.postgres, "pg", "", "PostgreSQL URL; without it SQLite in the data directory is used")
	f.StringVar(&g.logLevel, "log-level", "", "debug, info, warn or error")
	f.BoolVar(&g.json, "json", false, "print JSON on standard output; progress and logs go to standard error")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usagef("%w; see %s --help", err, c.CommandPath())
	})
	root.AddCommand(
		demoCommand(g), serveCommand(g), launchCommand(g), importCommand(g), analyticsCommand(g), edgeCommand(g), feedCommand(g), searchCommand(g), siteCommand(g), redirectCommand(g), linkCommand(g), runCommand(g), pipelineCommand(g), scheduleCommand(g), approvalCommand(g), alertsCommand(g),
		agentCommand(g), deadLetterCommand(g), orchestratorCommand(g), webhookCommand(g), scanCommand(g), trendsCommand(g), opportunityCommand(g), budgetCommand(g), graphCommand(g), priceCommand(g), researchCommand(g), evidenceCommand(g), duplicatesCommand(g), fleetCommand(g), seoCommand(g), userCommand(g), apiKeyCommand(g), configCommand(g), doctorCommand(g), migrateCommand(g), benchCommand(g), evalCommand(g), versionCommand(g),
	)
	addBuiltIn(root)
	wrapArgs(root)
	return root, g
}

// addBuiltIn adds the commands that cobra brings, with examples.
func addBuiltIn(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Example = "  empire help site rollback"
		case "completion":
			c.Example = "  empire completion bash > /etc/bash_completion.d/empire"
			for _, shell := range c.Commands() {
				shell.Example = fmt.Sprintf("  empire completion %s > empire.%s", shell.Name(), shell.Name())
			}
		}
	}
}

// wrapArgs makes wrong arguments count as wrong use on every command, and a group
// without its command, too.
func wrapArgs(c *cobra.Command) {
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
	if c.Name() == "help" {
		return
	}
	if c.HasSubCommands() {
		c.SuggestionsMinimumDistance = 2
		c.Args = cobra.ArbitraryArgs
		c.RunE = group
		return
	}
	check := c.Args
	if check == nil {
		check = cobra.NoArgs
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return wrongArgs(cmd, args)
		}
		return nil
	}
}

// group answers for a command that only holds others.
func group(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, " or ") + "?"
		}
		return usagef("there is no command %q%s; see %s --help", cmd.CommandPath()+" "+args[0], hint, cmd.CommandPath())
	}
	if !cmd.HasParent() {
		return cmd.Help()
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return usagef("%s needs one of the commands %s; see %s --help", cmd.CommandPath(), strings.Join(names, ", "), cmd.CommandPath())
}

// wrongArgs says which arguments a command takes.
func wrongArgs(cmd *cobra.Command, args []string) error {
	wanted := slices.DeleteFunc(strings.Fields(cmd.Use), func(s string) bool { return s != strings.ToUpper(s) })
	if len(args) > len(wanted) {
		return usagef("%s does not take the argument %q; see %s --help", cmd.CommandPath(), args[len(wanted)], cmd.CommandPath())
	}
	return usagef("%s needs %s; see %s --help", cmd.CommandPath(), strings.Join(wanted[len(args):], " and "), cmd.CommandPath())
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
	return config.Load(config.Input{File: g.configFile, Environ: g.io.environ, Flags: flags})
}

// quietly is load for a command that tells the user itself what happens: unless a
// log level was chosen, only what a person must act on is logged.
func (g *globals) quietly(extra map[string]string) (*config.Config, []config.Setting, error) {
	cfg, settings, err := g.load(extra)
	if err == nil && sourceOf(settings, "log.level") == "default" {
		cfg.Log.Level = "error"
	}
	return cfg, settings, err
}

func sourceOf(settings []config.Setting, key string) string {
	for _, s := range settings {
		if s.Key == key {
			return s.Source
		}
	}
	return ""
}

// open opens the program.
func (g *globals) open(ctx context.Context, cfg *config.Config, mode app.Mode) (*app.App, error) {
	log, err := app.NewLogger(g.io.err, cfg)
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, cfg, log, mode)
}

// patience is how long a person who pressed Ctrl-C is let wait. What does not end in
// time is continued at the next start.
const patience = 2 * time.Second

// stopApp stops the parts and closes the program: within the configured time, or
// sooner if a person waits for it.
func stopApp(ctx context.Context, a *app.App, cfg *config.Config) error {
	timeout := cfg.Shutdown.Timeout
	if ctx.Err() == nil || pressedCtrlC(ctx) {
		timeout = min(timeout, patience)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	err := a.Stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) { // nothing is lost: what was cut off is done again
		err = nil
	}
	return errors.Join(err, a.Close())
}

// again returns a command line with the flags that chose the data, for hints.
func (g *globals) again(command string) string {
	line := "empire " + command
	if g.configFile != "" {
		line += " --config " + g.configFile
	}
	if g.data != "" {
		line += " --data " + g.data
	}
	if g.postgres != "" {
		line += " --pg …" // it may hold a password
	}
	return line
}
