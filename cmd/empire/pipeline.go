package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func pipelineCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "pipeline", Short: "List, store and run pipelines",
		Example: "  empire pipeline list\n  empire pipeline apply weekly.yaml\n  empire pipeline run weekly --param topic=tea",
	}
	c.AddCommand(pipelineListCommand(g), pipelineShowCommand(g), pipelineApplyCommand(g), pipelineDeleteCommand(g), pipelineRunCommand(g))
	return c
}

func pipelineListCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List pipelines: those of the program and your own", Example: "  empire pipeline list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, err := p.Pipelines(ctx)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, list)
				}
				rows := make([][]string, 0, len(list))
				for _, v := range list {
					rows = append(rows, []string{v.Name, fmt.Sprint(v.Version), v.Origin, fmt.Sprint(len(v.Steps)), v.Description})
				}
				return table(g.io.out, []string{"NAME", "VERSION", "ORIGIN", "STEPS", "DESCRIPTION"}, rows)
			})
		},
	}
}

func pipelineShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show a pipeline with its steps", Example: "  empire pipeline show launch_website\n  empire pipeline show weekly --json",
		Args: cobra.ExactArgs(1), Long: "Show a pipeline: the definition of your own ones, the steps of those of the program.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.Pipeline(ctx, args[0])
				if err != nil {
					return err
				}
				return g.showPipeline(cmd, v)
			})
		},
	}
}

func (g *globals) showPipeline(cmd *cobra.Command, v *pipelineView) error {
	if g.json {
		return printJSON(g.io.out, v)
	}
	cmd.Printf("%s version %d (%s)\n\n", v.Name, v.Version, v.Origin)
	if v.Definition != "" {
		cmd.Println(strings.TrimRight(v.Definition, "\n"))
		return nil
	}
	rows := make([][]string, 0, len(v.Steps))
	for _, s := range v.Steps {
		rows = append(rows, []string{s.Name, string(s.Agent), s.Task, strings.Join(s.After, ", ")})
	}
	return table(g.io.out, []string{"STEP", "AGENT", "TASK", "AFTER"}, rows)
}

func pipelineApplyCommand(g *globals) *cobra.Command {
	check := false
	c := &cobra.Command{
		Use: "apply FILE", Short: "Store a pipeline of your own", Args: cobra.ExactArgs(1),
		Example: "  empire pipeline apply weekly.yaml\n  empire pipeline apply weekly.yaml --check\n  cat weekly.json | empire pipeline apply -",
		Long: `Store a pipeline of your own from a YAML or JSON file, or from standard input with -.
A pipeline that is there gets a new version; live runs end on theirs. Faults are
reported all at once, each with its line. With --check nothing is stored.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readDefinition(cmd, args[0])
			if err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				return g.applyPipeline(ctx, cmd, p, args[0], text, check)
			})
		},
	}
	c.Flags().BoolVar(&check, "check", false, "only look for faults")
	return c
}

// maxDefinition is what a server takes, and a little more to be told so.
const maxDefinition = 300 << 10

func readDefinition(cmd *cobra.Command, name string) (string, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name) //nolint:gosec // the user's own file
		if err != nil {
			return "", fmt.Errorf("read definition: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxDefinition))
	if err != nil {
		return "", fmt.Errorf("read definition: %w", err)
	}
	return string(raw), nil
}

func (g *globals) applyPipeline(ctx context.Context, cmd *cobra.Command, p portfolio, file, text string, check bool) error {
	verdict, err := p.ValidatePipeline(ctx, text)
	if err != nil {
		return err
	}
	if !verdict.Valid || check {
		return g.printVerdict(cmd, file, verdict)
	}
	v, err := p.PutPipeline(ctx, verdict.Name, text)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, v)
	}
	cmd.Printf("pipeline %s is stored as version %d\n", v.Name, v.Version)
	return nil
}

func (g *globals) printVerdict(cmd *cobra.Command, file string, v *verdictView) error {
	if g.json {
		if err := printJSON(g.io.out, v); err != nil {
			return err
		}
	} else {
		for _, f := range v.Faults {
			cmd.PrintErrf("%s:%d:%d: %s: %s\n", file, f.Line, f.Column, f.Path, f.Message)
		}
	}
	if !v.Valid {
		return &reportedError{domain.Errorf(domain.CodeInvalid, "The definition has %d faults.", len(v.Faults))}
	}
	if !g.json {
		cmd.Println("the definition has no fault")
	}
	return nil
}

func pipelineDeleteCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Short: "Delete a pipeline of your own", Example: "  empire pipeline delete weekly", Args: cobra.ExactArgs(1),
		Long: "Delete a pipeline of your own: no run of it can be started any more, and live ones end.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				if err := p.DeletePipeline(ctx, args[0]); err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]string{"deleted": args[0]})
				}
				cmd.Printf("pipeline %s is deleted\n", args[0])
				return nil
			})
		},
	}
}

func pipelineRunCommand(g *globals) *cobra.Command {
	var params []string
	var priority string
	c := &cobra.Command{
		Use: "run NAME", Short: "Run a pipeline and follow it", Args: cobra.ExactArgs(1),
		Example: "  empire pipeline run weekly --param topic=tea --param least=3",
		Long: `Run a pipeline and follow it until it waits for a person or has ended. A value that is
JSON is taken as such: --param n=3 is a number, --param 'n="3"' a text.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := paramsOf(params)
			if err != nil {
				return err
			}
			start := domain.StartParams{Pipeline: args[0], Params: raw, Priority: domain.RunPriority(priority)}
			if !start.Priority.OrNormal().Valid() {
				return usagef("--priority must be high, normal or low, not %q", priority)
			}
			return g.onWorkingPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				run, err := p.StartRun(ctx, start)
				if err != nil {
					return err
				}
				site := domain.WebsiteID("")
				if run.WebsiteID != nil {
					site = *run.WebsiteID
				}
				return g.follow(ctx, p, run.ID, site)
			})
		},
	}
	c.Flags().StringArrayVar(&params, "param", nil, "parameter as NAME=VALUE; repeat for several")
	c.Flags().StringVar(&priority, "priority", "", "high, normal or low (default the pipeline's own)")
	return c
}

// paramsOf turns NAME=VALUE texts into an object.
func paramsOf(list []string) (json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, usagef("--param must be NAME=VALUE, not %q", text)
		}
		raw := json.RawMessage(value)
		if !json.Valid(raw) {
			quoted, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			raw = quoted
		}
		out[name] = raw
	}
	return json.Marshal(out)
}
