package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func agentCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "agent", Short: "List and keep agents, give them tasks and send them messages",
		Example: "  empire agent list\n  empire agent show opportunity_scanner",
	}
	list := &cobra.Command{
		Use: "list", Short: "List agents with their figures", Example: "  empire agent list\n  empire agent list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error { return g.listAgents(ctx, p) })
		},
	}
	show := &cobra.Command{
		Use: "show AGENT", Short: "Show one agent, by its id or an alias", Example: "  empire agent show opportunity_scanner", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				agent, err := p.Agent(ctx, domain.AgentID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, agent)
				}
				showAgent(cmd, agent)
				return nil
			})
		},
	}
	c.AddCommand(list, show, agentTaskCommand(g), agentCreateCommand(g), agentUpdateCommand(g), agentDeleteCommand(g), agentMessageCommand(g), agentInboxCommand(g))
	return c
}

func (g *globals) listAgents(ctx context.Context, p portfolio) error {
	list, err := p.Agents(ctx)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, list)
	}
	rows := make([][]string, 0, len(list))
	for _, a := range list {
		rows = append(rows, []string{string(a.ID), string(a.Status), strconv.Itoa(a.Metrics.TasksCompleted), success(a.Metrics), strings.Join(a.TaskTypes, ", ")})
	}
	return table(g.io.out, []string{"AGENT", "STATUS", "TASKS", "SUCCESS", "TAKES"}, rows)
}

// success is a share only once there is something to have a share of.
func success(m domain.AgentMetrics) string {
	if m.TasksCompleted == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", m.SuccessRate*100)
}

func showAgent(cmd *cobra.Command, a *agentView) {
	last := "never"
	if a.LastActivity != nil {
		last = ago(*a.LastActivity)
	}
	aliases := "–"
	if len(a.Aliases) > 0 {
		aliases = join(a.Aliases)
	}
	kind := string(a.State) + ", " + a.Kind
	cmd.Printf("%s: %s (%s)\n  configuration    %s\n  also called      %s\n  takes            %s\n  capabilities     %s\n", a.ID, a.Status, kind, a.Config, aliases, strings.Join(a.TaskTypes, ", "), strings.Join(a.Capabilities, ", "))
	cmd.Printf("  tasks            %d ended, %d failed, %d running\n  success          %s\n  average time     %.3f s\n  last active      %s\n",
		a.Metrics.TasksCompleted, a.Metrics.TasksFailed, a.Metrics.Running, success(a.Metrics), a.Metrics.AverageResponseTime, last)
}

func agentTaskCommand(g *globals) *cobra.Command {
	var params string
	c := &cobra.Command{
		Use: "task AGENT TYPE", Short: "Give an agent a task, wait and print its result as JSON",
		Long: `Give an agent a task, wait for its end and print its result as JSON; with --json the
whole task, whether it failed or not. Without a running server the command works the
task itself.`,
		Example: `  empire agent task opportunity_scanner market_scan --params '{"topic":"espresso machines"}'`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var object map[string]json.RawMessage
			if err := json.Unmarshal([]byte(params), &object); err != nil || object == nil {
				return usagef("--params must be a JSON object, such as '{\"topic\":\"espresso machines\"}'")
			}
			return g.onWorkingPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				task, err := p.Task(ctx, domain.AgentID(args[0]), args[1], json.RawMessage(params))
				if err != nil {
					return err
				}
				return g.printTask(task)
			})
		},
	}
	c.Flags().StringVar(&params, "params", "{}", "what the task type takes, as a JSON object")
	return c
}

func (g *globals) printTask(t *taskView) error {
	if g.json {
		if err := printJSON(g.io.out, t); err != nil {
			return err
		}
		if t.Error != nil {
			return &reportedError{errors.New(t.Error.Message)}
		}
		return nil
	}
	if t.Error != nil {
		return &domain.Error{Code: t.Error.Code, Message: fmt.Sprintf("Task %s failed: %s", t.ID, t.Error.Message)}
	}
	return printJSON(g.io.out, t.Result)
}
