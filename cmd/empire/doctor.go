package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/config"
)

// diagnosis is what one check of the doctor found.
type diagnosis struct {
	Check   string `json:"check"`
	State   string `json:"state"` // ok, warn, fail
	Found   string `json:"found"`
	Advice  string `json:"advice,omitempty"`
	failure error  // of the configuration
}

// The states of a diagnosis.
const (
	healthy = "ok"
	warned  = "warn"
	failing = "fail"
)

func doctorCommand(g *globals) *cobra.Command {
	var offline bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, data directory, database, ports and more, and say what to do",
		Long: `Check the configuration, the data directory, the database, disk space, ports, the
operator data for legal pages, the bus, the limit of open files and the clock. Nothing
is changed. Each finding is ok, warn or fail, with what to do about it.

One model of each provider that is configured is asked for one word, and the model for
embeddings for one vector. That costs a few tokens, which are named; it counts in no
budget. --offline leaves it out.

The exit code is 1 if a check fails, 2 if the configuration is not usable, else 0.`,
		Example: `  empire doctor
  empire doctor --offline
  empire doctor --data /var/lib/empire --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := g.diagnose(cmd.Context(), offline)
			worst, faults := verdict(list)
			if g.json {
				if err := printJSON(g.io.out, map[string]any{"verdict": worst, "checks": list}); err != nil {
					return err
				}
			} else if err := g.printDiagnoses(cmd, list); err != nil {
				return err
			}
			if faults != nil {
				return &reportedUsageError{faults}
			}
			if worst == failing {
				return &reportedError{errors.New("a check failed")}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&offline, "offline", false, "call no model")
	return c
}

func verdict(list []diagnosis) (worst string, faults error) {
	worst = healthy
	for _, d := range list {
		if d.State == failing || d.State == warned && worst == healthy {
			worst = d.State
		}
		if d.failure != nil {
			faults = d.failure
		}
	}
	return worst, faults
}

func (g *globals) printDiagnoses(cmd *cobra.Command, list []diagnosis) error {
	rows := make([][]string, 0, len(list))
	for _, d := range list {
		rows = append(rows, []string{d.State, d.Check, d.Found})
	}
	if err := table(g.io.out, []string{"STATE", "CHECK", "FOUND"}, rows); err != nil {
		return err
	}
	headed := false
	for _, d := range list {
		if d.Advice == "" {
			continue
		}
		if !headed {
			cmd.Println("\nWhat to do")
			headed = true
		}
		cmd.Printf("  %-14s %s\n", d.Check, d.Advice)
	}
	return nil
}

// diagnose runs all checks. Without a usable configuration the others have nothing
// to look at.
func (g *globals) diagnose(ctx context.Context, offline bool) []diagnosis {
	cfg, _, err := g.quietly(nil)
	if fault, ok := errors.AsType[*config.FaultError](err); ok {
		var out []diagnosis
		for _, f := range fault.Faults {
			out = append(out, diagnosis{
				Check: "configuration", State: failing, Found: f, failure: err,
				Advice: "correct the setting; empire config show lists all settings once they are usable",
			})
		}
		return out
	}
	if err != nil {
		return []diagnosis{{Check: "configuration", State: failing, Found: err.Error(), failure: err}}
	}
	running, runErr := app.Announced(cfg.Data)
	return append([]diagnosis{
		{Check: "configuration", State: healthy, Found: "every setting is usable"},
		checkDirectory(cfg),
		checkDatabase(ctx, cfg),
		checkSpace(cfg),
		checkServer(running, runErr),
		checkPort(ctx, "api port", cfg.Listen.API, running.API),
		checkPort(ctx, "edge port", cfg.Listen.Edge, running.Edge),
		checkBus(ctx, cfg),
		checkVectors(ctx, cfg),
		checkOperator(cfg),
		checkFiles(),
		checkClock(cfg),
	}, checkModels(ctx, cfg, offline)...)
}

// okay, warning and fault build a diagnosis.
func okay(check, format string, args ...any) diagnosis {
	return diagnosis{Check: check, State: healthy, Found: fmt.Sprintf(format, args...)}
}

func warning(check, advice, format string, args ...any) diagnosis {
	return diagnosis{Check: check, State: warned, Found: fmt.Sprintf(format, args...), Advice: advice}
}

func fault(check, advice, format string, args ...any) diagnosis {
	return diagnosis{Check: check, State: failing, Found: fmt.Sprintf(format, args...), Advice: advice}
}
