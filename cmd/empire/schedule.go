package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func scheduleCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "schedule", Short: "Run pipelines at set times",
		Example: "  empire schedule list\n  empire schedule add nightly --pipeline weekly --cron '0 3 * * *'",
	}
	c.AddCommand(scheduleListCommand(g), scheduleShowCommand(g), scheduleAddCommand(g), scheduleUpdateCommand(g), scheduleDeleteCommand(g))
	return c
}

func scheduleListCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List schedules by name", Example: "  empire schedule list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Schedules(ctx, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, v := range list {
					rows = append(rows, []string{string(v.ID), v.Name, v.Pipeline, v.times(), v.next(), v.LastError})
				}
				return g.printList(cmd, list, w, total, "There is no schedule.", []string{"ID", "NAME", "PIPELINE", "TIMES", "NEXT", "LAST ERROR"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func (v *scheduleView) times() string {
	if v.Cron == "" {
		return "every " + v.Every
	}
	if v.TimeZone == "" {
		return v.Cron
	}
	return v.Cron + " " + v.TimeZone
}

func (v *scheduleView) next() string {
	switch {
	case !v.Enabled:
		return "disabled"
	case v.NextAt == nil:
		return "–"
	}
	return v.NextAt.Format(time.RFC3339)
}

func scheduleShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show SCHEDULE", Short: "Show a schedule", Example: "  empire schedule show sched_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.Schedule(ctx, domain.ScheduleID(args[0]))
				if err != nil {
					return err
				}
				return g.showSchedule(cmd, v)
			})
		},
	}
}

func (g *globals) showSchedule(cmd *cobra.Command, v *scheduleView) error {
	if g.json {
		return printJSON(g.io.out, v)
	}
	cmd.Printf("%s  %s\n  runs       %s %s\n  times      %s\n  overlap    %s\n  next       %s\n", v.ID, v.Name, v.Pipeline, v.Params, v.times(), v.Overlap, v.next())
	if v.LastAt != nil {
		cmd.Printf("  last       %s %s %s\n", v.LastAt.Format(time.RFC3339), orDash(v.LastRunID), v.LastError)
	}
	return nil
}

// scheduleFlags are those of add and update.
type scheduleFlags struct {
	p       domain.ScheduleParams
	params  []string
	overlap string
	rank    string
}

func (f *scheduleFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.p.Cron, "cron", "", "times as minute, hour, day, month, weekday")
	c.Flags().DurationVar(&f.p.Every, "every", 0, "time between two runs, at least a minute")
	c.Flags().StringVar(&f.p.TimeZone, "time-zone", "", "that --cron is read in, such as Europe/Berlin (default UTC)")
	c.Flags().StringArrayVar(&f.params, "param", nil, "parameter as NAME=VALUE; repeat for several")
	c.Flags().StringVar(&f.overlap, "overlap", "", "skip or queue: what to do while the last run goes on (default skip)")
	c.Flags().StringVar(&f.rank, "priority", "", "high, normal or low (default normal)")
}

func (f *scheduleFlags) check() (err error) {
	f.p.Overlap, f.p.Priority = domain.Overlap(f.overlap), domain.RunPriority(f.rank)
	if o := f.p.Overlap; o != "" && o != domain.OverlapSkip && o != domain.OverlapQueue {
		return usagef("--overlap must be skip or queue, not %q", f.overlap)
	}
	if !f.p.Priority.OrNormal().Valid() {
		return usagef("--priority must be high, normal or low, not %q", f.rank)
	}
	if len(f.params) > 0 {
		f.p.Params, err = paramsOf(f.params)
	}
	return err
}

func scheduleAddCommand(g *globals) *cobra.Command {
	f := &scheduleFlags{}
	c := &cobra.Command{
		Use: "add NAME", Short: "Add a schedule", Args: cobra.ExactArgs(1),
		Example: "  empire schedule add nightly --pipeline weekly --cron '0 3 * * *' --time-zone Europe/Berlin\n" +
			"  empire schedule add often --pipeline weekly --every 6h --param topic=tea",
		Long: `Add a schedule that runs a pipeline at set times, as long as a server runs. Times that
were missed while none did lead to one run.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.p.Pipeline == "" || (f.p.Cron == "") == (f.p.Every == 0) {
				return usagef("%s needs --pipeline, and either --cron or --every", cmd.CommandPath())
			}
			if err := f.check(); err != nil {
				return err
			}
			f.p.Name = args[0]
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.AddSchedule(ctx, f.p)
				if err != nil {
					return err
				}
				return g.showSchedule(cmd, v)
			})
		},
	}
	c.Flags().StringVar(&f.p.Pipeline, "pipeline", "", "name of the pipeline to run")
	f.add(c)
	return c
}

func scheduleUpdateCommand(g *globals) *cobra.Command {
	f := &scheduleFlags{}
	enable, disable := false, false
	c := &cobra.Command{
		Use: "update SCHEDULE", Short: "Change, enable or disable a schedule", Args: cobra.ExactArgs(1),
		Example: "  empire schedule update sched_… --disable\n  empire schedule update sched_… --cron '0 4 * * *'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if enable && disable {
				return usagef("give either --enable or --disable")
			}
			patch := f.patch(cmd)
			if enable || disable {
				patch.Enabled = &enable
			}
			if !enable && !disable && !f.given(cmd) {
				return usagef("%s needs something to change", cmd.CommandPath())
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.UpdateSchedule(ctx, domain.ScheduleID(args[0]), patch)
				if err != nil {
					return err
				}
				return g.showSchedule(cmd, v)
			})
		},
	}
	c.Flags().BoolVar(&enable, "enable", false, "run at the set times again")
	c.Flags().BoolVar(&disable, "disable", false, "do not run any more")
	f.add(c)
	return c
}

// given reports whether one of the flags was.
func (f *scheduleFlags) given(cmd *cobra.Command) bool {
	return slices.ContainsFunc([]string{"cron", "every", "time-zone", "param", "overlap", "priority"}, cmd.Flags().Changed)
}

// patch is what the given flags change.
func (f *scheduleFlags) patch(cmd *cobra.Command) domain.SchedulePatch {
	var p domain.SchedulePatch
	given := cmd.Flags().Changed
	if given("cron") {
		p.Cron = &f.p.Cron
	}
	if given("every") {
		p.Every = &f.p.Every
	}
	if given("time-zone") {
		p.TimeZone = &f.p.TimeZone
	}
	if given("overlap") {
		p.Overlap = &f.p.Overlap
	}
	if given("priority") {
		p.Priority = &f.p.Priority
	}
	p.Params = f.p.Params
	return p
}

func scheduleDeleteCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "delete SCHEDULE", Short: "Delete a schedule", Example: "  empire schedule delete sched_…", Args: cobra.ExactArgs(1),
		Long: "Delete a schedule. Runs that it started go on.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				if err := p.DeleteSchedule(ctx, domain.ScheduleID(args[0])); err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]string{"deleted": args[0]})
				}
				cmd.Printf("schedule %s is deleted\n", args[0])
				return nil
			})
		},
	}
}

// pipelineView and the others are what commands print with --json; see view.go.
type pipelineView struct {
	Name        string             `json:"name"`
	Version     int                `json:"version"`
	Origin      string             `json:"origin"`
	Description string             `json:"description"`
	Steps       []pipelineStepView `json:"steps"`
	Definition  string             `json:"definition,omitempty"`
	UpdatedAt   *time.Time         `json:"updated_at"`
}

type pipelineStepView struct {
	Name  string         `json:"name"`
	Agent domain.AgentID `json:"agent"`
	Task  string         `json:"task"`
	After []string       `json:"after"`
}

type verdictView struct {
	Valid  bool        `json:"valid"`
	Name   string      `json:"name"`
	Faults []faultView `json:"faults"`
}

type faultView struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

type scheduleView struct {
	ID        domain.ScheduleID  `json:"id"`
	Name      string             `json:"name"`
	Pipeline  string             `json:"pipeline"`
	Params    json.RawMessage    `json:"params"`
	Cron      string             `json:"cron"`
	Every     string             `json:"every"`
	TimeZone  string             `json:"time_zone"`
	Overlap   domain.Overlap     `json:"overlap"`
	Priority  domain.RunPriority `json:"priority"`
	Enabled   bool               `json:"enabled"`
	NextAt    *time.Time         `json:"next_at"`
	Pending   bool               `json:"pending"`
	LastAt    *time.Time         `json:"last_at"`
	LastRunID *domain.RunID      `json:"last_run_id"`
	LastError string             `json:"last_error"`
	CreatedAt time.Time          `json:"created_at"`
	UpdatedAt time.Time          `json:"updated_at"`
}
