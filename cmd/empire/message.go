package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

type messageKeeper interface {
	SendMessage(ctx context.Context, m domain.Message, ttl time.Duration) (*messageView, error)
	Inbox(ctx context.Context, agent domain.AgentID, state domain.MessageState, w domain.Window) ([]inboxView, int, error)
	DeadLetters(ctx context.Context, f domain.DeadLetterFilter, w domain.Window) ([]deadLetterView, int, error)
	DeadLetter(ctx context.Context, id domain.DeadLetterID) (*deadLetterView, error)
	ReplayDeadLetter(ctx context.Context, id domain.DeadLetterID) (*deadLetterView, error)
	Orchestrator(ctx context.Context) (*orchestratorView, error)
}

type messageView struct {
	ID               string          `json:"id"`
	From             domain.AgentID  `json:"from"`
	To               domain.AgentID  `json:"to"`
	Message          json.RawMessage `json:"message"`
	Priority         domain.Priority `json:"priority"`
	Timestamp        time.Time       `json:"timestamp"`
	TTL              time.Time       `json:"ttl"`
	RequiresResponse bool            `json:"requires_response"`
}

type inboxView struct {
	messageView
	Kind      string              `json:"kind"`
	InReplyTo string              `json:"in_reply_to"`
	State     domain.MessageState `json:"state"`
	Attempts  int                 `json:"attempts"`
	HandledAt *time.Time          `json:"handled_at"`
	RunID     *domain.RunID       `json:"run_id"`
	TaskID    *domain.TaskID      `json:"task_id"`
}

type deadLetterView struct {
	ID         domain.DeadLetterID `json:"id"`
	Kind       string              `json:"kind"`
	AgentID    domain.AgentID      `json:"agent_id"`
	From       domain.AgentID      `json:"from"`
	Reason     string              `json:"reason"`
	Detail     string              `json:"detail"`
	Payload    json.RawMessage     `json:"payload"`
	CreatedAt  time.Time           `json:"created_at"`
	ReplayedAt *time.Time          `json:"replayed_at"`
	ReplayedBy *domain.UserID      `json:"replayed_by"`
}

type priorityView struct {
	Total  int `json:"total"`
	High   int `json:"high"`
	Normal int `json:"normal"`
}

type orchestratorView struct {
	Agents      map[string]int          `json:"agents"`
	Messages    map[string]priorityView `json:"messages"`
	DeadLetters map[string]int          `json:"dead_letters"`
	ActiveTasks map[string]int          `json:"active_tasks"`
	Runs        map[string]int          `json:"runs"`
}

func agentMessageCommand(g *globals) *cobra.Command {
	m := domain.Message{Priority: domain.PriorityNormal}
	var priority string
	var ttl time.Duration
	c := &cobra.Command{
		Use: "message AGENT JSON", Short: "Send an agent a message",
		Long: `Send an agent a message, which waits in its mailbox until the agent handles it or its
time is over. The sender is whoever is signed in; on a data directory that is the
administrator.`,
		Example: `  empire agent message opportunity_scanner '{"note":"look at keyboards first"}'
  empire agent message price_watcher '{"check":"site_…"}' --priority high --ttl 1h`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var object map[string]json.RawMessage
			if err := json.Unmarshal([]byte(args[1]), &object); err != nil || object == nil {
				return usagef("the message must be a JSON object, such as '{\"note\":\"look at keyboards first\"}'")
			}
			if m.Priority = domain.Priority(priority); m.Priority != domain.PriorityNormal && m.Priority != domain.PriorityHigh {
				return usagef("--priority must be normal or high, not %q", priority)
			}
			if ttl < time.Second || ttl > domain.MaxMessageTTL {
				return usagef("--ttl must be between 1s and %s, not %s", domain.MaxMessageTTL, ttl)
			}
			m.To, m.Message = domain.AgentID(args[0]), json.RawMessage(args[1])
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				sent, err := p.SendMessage(ctx, m, ttl)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, sent)
				}
				cmd.Printf("%s waits for %s until %s\n", sent.ID, sent.To, sent.TTL.Format(time.RFC3339))
				return nil
			})
		},
	}
	c.Flags().StringVar(&priority, "priority", string(domain.PriorityNormal), "normal or high")
	c.Flags().DurationVar(&ttl, "ttl", domain.MessageTTL, "how long the message waits")
	c.Flags().BoolVar(&m.RequiresResponse, "requires-response", false, "tell the agent that an answer is expected")
	return c
}

func agentInboxCommand(g *globals) *cobra.Command {
	var state string
	var w domain.Window
	c := &cobra.Command{
		Use: "inbox AGENT", Short: "List what was sent to an agent, newest first", Args: cobra.ExactArgs(1),
		Example: "  empire agent inbox opportunity_scanner\n  empire agent inbox opportunity_scanner --state queued --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			switch domain.MessageState(state) {
			case "", domain.MessageQueued, domain.MessageHandled, domain.MessageDead:
			default:
				return usagef("--state must be queued, handled or dead, not %q", state)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Inbox(ctx, domain.AgentID(args[0]), domain.MessageState(state), w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for i := range list {
					m := &list[i]
					rows = append(rows, []string{m.ID, string(m.From), string(m.Priority), m.Kind, string(m.State), ago(m.Timestamp), short(m.Message)})
				}
				return g.printList(cmd, list, w, total, "There are no such messages.", []string{"ID", "FROM", "PRIORITY", "KIND", "STATE", "SENT", "MESSAGE"}, rows)
			})
		},
	}
	c.Flags().StringVar(&state, "state", "", "only in this one: queued, handled or dead")
	windowFlags(c, &w)
	return c
}

// short is the beginning of what somebody wrote, safe to print.
func short(raw json.RawMessage) string {
	const most = 60
	text := []rune(strings.ToValidUTF8(string(raw), "?"))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	return printable(string(text))
}

func deadLetterCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "dead-letter", Short: "Show messages and tasks that nobody will handle, and try them again",
		Example: "  empire dead-letter list --reason expired\n  empire dead-letter replay dead_…",
	}
	show := &cobra.Command{
		Use: "show DEAD_LETTER", Short: "Show a dead letter with what it was", Args: cobra.ExactArgs(1), Example: "  empire dead-letter show dead_…",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				d, err := p.DeadLetter(ctx, domain.DeadLetterID(args[0]))
				if err != nil {
					return err
				}
				return g.showDeadLetter(cmd, d)
			})
		},
	}
	replay := &cobra.Command{
		Use: "replay DEAD_LETTER", Short: "Try a dead letter again, once", Args: cobra.ExactArgs(1), Example: "  empire dead-letter replay dead_…",
		Long: `Try a dead letter again: a message goes back into its mailbox with a new time to live, a
task is queued again. A dead letter is tried again once.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				d, err := p.ReplayDeadLetter(ctx, domain.DeadLetterID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, d)
				}
				cmd.Printf("the %s of %s for %s is tried again\n", d.Kind, d.ID, d.AgentID)
				return nil
			})
		},
	}
	c.AddCommand(deadLetterListCommand(g), show, replay)
	return c
}

func (g *globals) showDeadLetter(cmd *cobra.Command, d *deadLetterView) error {
	if g.json {
		return printJSON(g.io.out, d)
	}
	cmd.Printf("%s: %s for %s\n  from       %s\n  reason     %s: %s\n  died       %s\n", d.ID, d.Kind, printable(string(d.AgentID)), printable(string(d.From)),
		d.Reason, printable(d.Detail), ago(d.CreatedAt))
	if d.ReplayedAt != nil {
		cmd.Printf("  replayed   %s\n", ago(*d.ReplayedAt))
	}
	return printJSON(g.io.out, d.Payload)
}

func deadLetterListCommand(g *globals) *cobra.Command {
	var f domain.DeadLetterFilter
	var agent string
	var open bool
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List dead letters, newest first",
		Example: "  empire dead-letter list\n  empire dead-letter list --agent price_watcher --open --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if err := checkDeadLetterFilter(f); err != nil {
				return err
			}
			if f.AgentID = domain.AgentID(agent); open {
				f.Replayed = new(bool)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.DeadLetters(ctx, f, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, d := range list {
					replayed := "no"
					if d.ReplayedAt != nil {
						replayed = ago(*d.ReplayedAt)
					}
					rows = append(rows, []string{string(d.ID), d.Kind, printable(string(d.AgentID)), printable(string(d.From)), d.Reason, ago(d.CreatedAt), replayed})
				}
				return g.printList(cmd, list, w, total, "There are no such dead letters.", []string{"ID", "KIND", "FOR", "FROM", "REASON", "DIED", "REPLAYED"}, rows)
			})
		},
	}
	c.Flags().StringVar(&f.Kind, "kind", "", "only of this one: message or task")
	c.Flags().StringVar(&agent, "agent", "", "only for this one, by its id")
	c.Flags().StringVar(&f.Reason, "reason", "", "only with this one: expired, agent_not_found, agent_deleted, too_many_attempts or refused")
	c.Flags().BoolVar(&open, "open", false, "only those that were not tried again")
	windowFlags(c, &w)
	return c
}

func checkDeadLetterFilter(f domain.DeadLetterFilter) error {
	switch f.Kind {
	case "", domain.DeadMessage, domain.DeadTask:
	default:
		return usagef("--kind must be message or task, not %q", f.Kind)
	}
	switch f.Reason {
	case "", domain.DeadExpired, domain.DeadAgentNotFound, domain.DeadAgentDeleted, domain.DeadTooManyAttempts, domain.DeadRefused:
	default:
		return usagef("--reason must be expired, agent_not_found, agent_deleted, too_many_attempts or refused, not %q", f.Reason)
	}
	return nil
}

func orchestratorCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "orchestrator", Short: "Show what waits and works: agents, messages, tasks and runs", Example: "  empire orchestrator\n  empire orchestrator --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				o, err := p.Orchestrator(ctx)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, o)
				}
				cmd.Printf("agents         %d: %s\n", o.Agents["total"], counted(o.Agents, "idle", "working", "error", "offline"))
				for _, state := range []string{"queued", "handled", "dead"} {
					n := o.Messages[state]
					cmd.Printf("%-14s %d: %d high, %d normal\n", "messages "+state, n.Total, n.High, n.Normal)
				}
				cmd.Printf("dead letters   %d: %s\n", o.DeadLetters["total"], counted(o.DeadLetters, "open"))
				cmd.Printf("active tasks   %d: %s\n", o.ActiveTasks["total"], counted(o.ActiveTasks, "queued", "running", "waiting"))
				cmd.Printf("runs           %d: %s\n", o.Runs["total"], counted(o.Runs, "queued", "running", "waiting", "completed", "failed", "cancelled"))
				return nil
			})
		},
	}
}

// counted puts numbers into words, in the order of names.
func counted(n map[string]int, names ...string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d %s", n[name], name)
	}
	return strings.Join(parts, ", ")
}
