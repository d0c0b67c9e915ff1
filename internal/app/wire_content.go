package app

import (
	"empire/internal/agent/content"
	"empire/internal/config"
)

// writer returns who writes pages. A model is asked within the budgets and answers are
// stored, so that a repeated step does not pay twice.
func (a *App) writer() *content.Generator {
	c := &a.cfg.Content
	if c.Writer != config.WriterModel {
		return content.New()
	}
	return content.NewModel(content.ModelConfig{Model: completer(a.Complete), Name: c.Model})
}
