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

// timelineView is a timeline as the API shows it.
type timelineView struct {
	RunID   domain.RunID        `json:"run_id"`
	Steps   []timelineStepView  `json:"steps"`
	Entries []timelineEntryView `json:"entries"`
	Next    *string             `json:"next"`
}

type timelineEntryView struct {
	At      time.Time       `json:"at"`
	Kind    string          `json:"kind"`
	Step    string          `json:"step"`
	ID      string          `json:"id"`
	Summary string          `json:"summary"`
	Data    json.RawMessage `json:"data,omitempty"`
}

type timelineStepView struct {
	Name         string                `json:"name"`
	Agent        domain.AgentID        `json:"agent"`
	Status       domain.RunState       `json:"status"`
	Attempts     []timelineAttemptView `json:"attempts"`
	Seconds      float64               `json:"seconds"`
	Calls        int                   `json:"calls"`
	InputTokens  int                   `json:"input_tokens"`
	OutputTokens int                   `json:"output_tokens"`
	CostMicros   domain.Micros         `json:"cost_micros"`
	Currency     *string               `json:"currency"`
	Messages     int                   `json:"messages"`
	Artifacts    []timelineBlobView    `json:"artifacts"`
	Approvals    []domain.ApprovalID   `json:"approvals"`
}

type timelineAttemptView struct {
	Number     int             `json:"number"`
	Worker     string          `json:"worker"`
	Status     domain.RunState `json:"status"`
	Error      string          `json:"error"`
	StartedAt  time.Time       `json:"started_at"`
	FinishedAt *time.Time      `json:"finished_at"`
	Seconds    float64         `json:"seconds"`
}

type timelineBlobView struct {
	Kind string `json:"kind"`
	Hash string `json:"hash"`
	Size *int64 `json:"size"`
}

// timelinePage is how many entries are read at a time.
const timelinePage = 1000

func runTimelineCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "timeline RUN", Short: "Show everything that happened in a run", Args: cobra.ExactArgs(1),
		Long: `Show what every step of a run took (attempts, time, paid calls, messages, blobs), and
then everything that happened, oldest first: events, attempts, messages, costs,
artifacts, approvals and tasks. With --json all details are shown.`,
		Example: "  empire run timeline run_…\n  empire run timeline run_… --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				whole, err := readTimeline(ctx, p, domain.RunID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, whole)
				}
				return g.showTimeline(cmd, whole)
			})
		},
	}
}

// readTimeline reads all pages.
func readTimeline(ctx context.Context, p portfolio, id domain.RunID) (*timelineView, error) {
	whole, err := p.Timeline(ctx, id, "", timelinePage)
	for err == nil && whole.Next != nil {
		var part *timelineView
		if part, err = p.Timeline(ctx, id, *whole.Next, timelinePage); err == nil {
			part.Entries = append(whole.Entries, part.Entries...)
			whole = part
		}
	}
	return whole, err
}

func (g *globals) showTimeline(cmd *cobra.Command, t *timelineView) error {
	steps := make([][]string, 0, len(t.Steps))
	for _, s := range t.Steps {
		blobs := make([]string, 0, len(s.Artifacts))
		for _, a := range s.Artifacts {
			blobs = append(blobs, a.Kind)
		}
		steps = append(steps, []string{
			s.Name, string(s.Status), fmt.Sprint(len(s.Attempts)), fmt.Sprintf("%.2f s", s.Seconds), fmt.Sprint(s.Calls), fmt.Sprint(s.InputTokens + s.OutputTokens),
			costOf(&s), fmt.Sprint(s.Messages), orText(strings.Join(blobs, " ")),
		})
	}
	if err := table(g.io.out, []string{"STEP", "STATE", "ATTEMPTS", "TOOK", "CALLS", "TOKENS", "COST", "MESSAGES", "BLOBS"}, steps); err != nil {
		return err
	}
	cmd.Println()
	rows := make([][]string, 0, len(t.Entries))
	for _, e := range t.Entries {
		rows = append(rows, []string{e.At.UTC().Format("2006-01-02 15:04:05.000"), e.Kind, orText(e.Step), e.Summary})
	}
	return table(g.io.out, []string{"TIME", "KIND", "STEP", "WHAT"}, rows)
}

func orText(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// costOf shows what a step cost to a hundredth of a cent.
func costOf(s *timelineStepView) string {
	if s.Currency == nil {
		return "–"
	}
	return fmt.Sprintf("%d.%04d %s", s.CostMicros/1_000_000, s.CostMicros%1_000_000/100, *s.Currency)
}

func viewTimeline(t *domain.Timeline) timelineView {
	v := timelineView{RunID: t.RunID, Steps: []timelineStepView{}, Entries: []timelineEntryView{}, Next: orNil(t.Next)}
	for i := range t.Steps {
		s := &t.Steps[i]
		step := timelineStepView{
			Name: s.Name, Agent: s.Agent, Status: s.State, Attempts: []timelineAttemptView{}, Seconds: s.Seconds, Calls: s.Calls, InputTokens: s.InputTokens,
			OutputTokens: s.OutputTokens, CostMicros: s.Cost, Currency: orNil(s.Currency), Messages: s.Messages, Artifacts: []timelineBlobView{}, Approvals: orEmpty(s.Approvals),
		}
		for _, a := range s.Attempts {
			step.Attempts = append(step.Attempts, timelineAttemptView{a.Number, a.Worker, a.State, a.Error, a.StartedAt.UTC(), utc(a.FinishedAt), a.Seconds})
		}
		for _, a := range s.Artifacts {
			blob := timelineBlobView{Kind: a.Kind, Hash: a.Hash}
			if a.Size >= 0 {
				blob.Size = &a.Size
			}
			step.Artifacts = append(step.Artifacts, blob)
		}
		v.Steps = append(v.Steps, step)
	}
	for _, e := range t.Entries {
		v.Entries = append(v.Entries, timelineEntryView{e.At.UTC(), e.Kind, e.Step, e.ID, e.Summary, e.Data})
	}
	return v
}
