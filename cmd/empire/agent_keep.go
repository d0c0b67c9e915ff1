package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

// agentFlags are what agent create and agent update take.
type agentFlags struct {
	name, description   string
	types, capabilities []string
	schema, config      string
	instance            string
	concurrency         int
}

func (f *agentFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.name, "name", "", "name for people")
	flags.StringVar(&f.description, "description", "", "what it does, for people")
	flags.StringSliceVar(&f.types, "task-type", nil, "types of tasks that it takes, separated by commas")
	flags.StringSliceVar(&f.capabilities, "capability", nil, "by what it is found, separated by commas")
	flags.StringVar(&f.config, "config", "", "its configuration as a JSON object, or @FILE")
	flags.IntVar(&f.concurrency, "concurrency", 0, "how many tasks it has at a time")
}

// object reads a flag that holds JSON or names a file with it.
func object(flag, value string) (json.RawMessage, error) {
	if value == "" {
		return nil, nil
	}
	raw := []byte(value)
	if value[0] == '@' {
		var err error
		if raw, err = os.ReadFile(value[1:]); err != nil {
			return nil, err
		}
	}
	var v map[string]json.RawMessage
	if err := json.Unmarshal(raw, &v); err != nil || v == nil {
		return nil, usagef("--%s must be a JSON object, or @FILE with one", flag)
	}
	return raw, nil
}

func agentCreateCommand(g *globals) *cobra.Command {
	var f agentFlags
	c := &cobra.Command{
		Use: "create AGENT", Short: "Register an agent that works outside this program",
		Long: `Register an agent that works outside this program. It then connects to
/ws/agents/AGENT with an API key of the user who registered it: without a server that
is the first administrator.`,
		Example: "  empire agent create word_counter --task-type word_count --capability text_statistics\n" +
			`  empire agent create researcher --task-type research --config-schema @schema.json --config '{"depth":2}'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(f.types) == 0 {
				return usagef("--task-type is needed: an agent takes at least one type of task")
			}
			config, err := object("config", f.config)
			if err != nil {
				return err
			}
			schema, err := object("config-schema", f.schema)
			if err != nil {
				return err
			}
			p := domain.AgentParams{
				ID: domain.AgentID(args[0]), Instance: f.instance, Name: f.name, Description: f.description, TaskTypes: f.types, Capabilities: f.capabilities,
				Config: config, MaxConcurrency: f.concurrency,
			}
			if p.ConfigSchema, err = domain.ParseConfigSchema(schema); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, pf portfolio) error {
				agent, err := pf.RegisterAgent(ctx, p)
				return g.showChanged(cmd, agent, err)
			})
		},
	}
	f.add(c)
	c.Flags().StringVar(&f.schema, "config-schema", "", "what a configuration may hold, as JSON Schema, or @FILE")
	c.Flags().StringVar(&f.instance, "instance", "", "names the program that registers; the same one may do so again")
	return c
}

func agentUpdateCommand(g *globals) *cobra.Command {
	var f agentFlags
	c := &cobra.Command{
		Use: "update AGENT", Short: "Change an agent and its configuration",
		Long: `Change an agent. --config is merged into its configuration: null removes a value and
"***" keeps a secret. Of agents of this program only name, description and configuration
can be changed.`,
		Example: `  empire agent update opportunity_scanner --config '{"timeout_seconds":600}'`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := object("config", f.config)
			if err != nil {
				return err
			}
			p := domain.AgentPatch{Config: config}
			for flag, set := range map[string]func(){
				"name": func() { p.Name = &f.name }, "description": func() { p.Description = &f.description }, "task-type": func() { p.TaskTypes = &f.types },
				"capability": func() { p.Capabilities = &f.capabilities }, "concurrency": func() { p.MaxConcurrency = &f.concurrency },
			} {
				if cmd.Flags().Changed(flag) {
					set()
				}
			}
			return g.onPortfolio(cmd, func(ctx context.Context, pf portfolio) error {
				agent, err := pf.UpdateAgent(ctx, domain.AgentID(args[0]), p)
				return g.showChanged(cmd, agent, err)
			})
		},
	}
	f.add(c)
	return c
}

func (g *globals) showChanged(cmd *cobra.Command, agent *agentView, err error) error {
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, agent)
	}
	showAgent(cmd, agent)
	return nil
}

func agentDeleteCommand(g *globals) *cobra.Command {
	var drain bool
	c := &cobra.Command{
		Use: "delete AGENT", Short: "Delete an agent that works outside this program",
		Long: `Delete an agent that works outside this program. One with running tasks is not
deleted, unless --drain lets it finish them: it takes no new ones meanwhile. Tasks that
still wait for it become dead letters.`,
		Example: "  empire agent delete word_counter --drain", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, pf portfolio) error {
				gone, err := pf.DeleteAgent(ctx, domain.AgentID(args[0]), drain)
				if err != nil {
					return err
				}
				state := domain.AgentDraining
				if gone {
					state = domain.AgentDeleted
				}
				if g.json {
					return printJSON(g.io.out, map[string]string{"id": args[0], "state": string(state)})
				}
				cmd.Printf("%s: %s\n", args[0], state)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&drain, "drain", false, "let it finish what runs first")
	return c
}
