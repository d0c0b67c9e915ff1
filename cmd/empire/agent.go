package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func agentCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "agent", Short: "List agents and give them tasks"}
	list := &cobra.Command{
		Use: "list", Short: "List agents with their figures", Example: "  empire agent list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error { return listAgents(ctx, cmd, g, a) })
		},
	}
	show := &cobra.Command{
		Use: "show AGENT", Short: "Show one agent", Example: "  empire agent show opportunity_scanner", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				agent, err := a.Agents.Get(ctx, domain.AgentID(args[0]))
				if err != nil {
					return err
				}
				return printJSON(cmd, agent)
			})
		},
	}
	c.AddCommand(list, show, agentTaskCommand(g))
	return c
}

func listAgents(ctx context.Context, cmd *cobra.Command, g *globals, a *app.App) error {
	list, err := a.Agents.List(ctx, "")
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(cmd, list)
	}
	rows := make([][]string, 0, len(list))
	for _, x := range list {
		rows = append(rows, []string{
			string(x.ID), string(x.Status), strconv.Itoa(x.Metrics.TasksCompleted), fmt.Sprintf("%.0f %%", x.Metrics.SuccessRate*100), strings.Join(x.TaskTypes, ", "),
		})
	}
	return table(cmd.OutOrStdout(), []string{"AGENT", "STATUS", "TASKS", "SUCCESS", "TAKES"}, rows)
}

func agentTaskCommand(g *globals) *cobra.Command {
	var params string
	c := &cobra.Command{
		Use: "task AGENT TYPE", Short: "Give an agent a task and print its result as JSON",
		Example: `  empire agent task opportunity_scanner market_scan --params '{"topic":"espresso machines"}'`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !json.Valid([]byte(params)) {
				return &usageError{fmt.Errorf("--params is not JSON")}
			}
			return g.working(cmd, func(ctx context.Context, a *app.App) error {
				task, err := a.Agents.CreateTask(ctx, domain.AgentID(args[0]), domain.TaskSpec{Type: args[1], Params: json.RawMessage(params)}, "")
				if err != nil {
					return err
				}
				task, err = a.AwaitTask(ctx, task.ID)
				if err != nil {
					return err
				}
				if task.Error != nil {
					fmt.Fprintln(os.Stderr, task.Error.Message)
					return &reportedError{fmt.Errorf("task %s failed", task.ID)}
				}
				return printJSON(cmd, task.Result)
			})
		},
	}
	c.Flags().StringVar(&params, "params", "{}", "parameters as JSON")
	return c
}
