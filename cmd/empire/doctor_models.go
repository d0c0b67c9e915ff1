package main

import (
	"context"
	"fmt"
	"time"

	"empire/internal/app"
	"empire/internal/config"
)

// checkModels asks each provider of models, unless that is not wanted.
func checkModels(ctx context.Context, cfg *config.Config, offline bool) []diagnosis {
	const name = "models"
	if err := app.NoModels(cfg); err != nil {
		return []diagnosis{okay(name, "%v", err)}
	}
	if offline {
		var out []diagnosis
		list, _, skipped := cfg.Models.Usable()
		for _, m := range list {
			out = append(out, okay("model "+m.Name, "of %s, not called", m.Provider))
		}
		for _, m := range skipped {
			out = append(out, skippedModel(m.Name, m.Provider, m.Reason))
		}
		return out
	}
	checks, err := app.CheckModels(ctx, cfg)
	if err != nil {
		return []diagnosis{fault(name, "correct models.* (empire config show)", "%s", message(err))}
	}
	out := make([]diagnosis, 0, len(checks))
	for i := range checks {
		out = append(out, diagnoseModel(&checks[i]))
	}
	return out
}

func skippedModel(name, provider, reason string) diagnosis {
	return warning("model "+name, "set the key, or take the model out of models.list", "of %s, skipped: %s", provider, reason)
}

func diagnoseModel(c *app.ModelCheck) diagnosis {
	name := "model " + c.Model
	switch {
	case c.Skipped != "":
		return skippedModel(c.Model, c.Provider, c.Skipped)
	case c.Err != nil:
		return fault(name, c.Advice, "%s", message(c.Err))
	}
	cost := "the provider does not say how many tokens it took"
	if c.Usage != nil {
		cost = fmt.Sprintf("%d input and %d output tokens", c.Usage.Input, c.Usage.Output)
		if c.Cost != "" {
			cost += ", " + c.Cost
		}
	}
	return okay(name, "%s answered in %s (%s)", c.Provider, c.Took.Round(time.Millisecond), cost)
}
