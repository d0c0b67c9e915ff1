package config

import "slices"

// The writers of pages.
const (
	WriterData  = "data"
	WriterModel = "model"
)

// What a page that a gate refuses means.
const (
	HoldSite = "hold_site"
	HoldPage = "hold_page"
)

// Content says who writes pages.
type Content struct {
	// Writer is data, or model: a model then retells what the data writer wrote. What fails
	// its checks stays as it was.
	Writer string `koanf:"writer"`
	// Model is the name of the model that writes; empty: models.default.
	Model string `koanf:"model"`
	// FailingPage is what a page that a gate refuses means for websites that do not say
	// so: hold_site, nothing is published; hold_page, the page stays a draft.
	FailingPage string `koanf:"failing_page"`
}

// validateContent wants a writer that there is.
func (c *Config) validateContent(add func(key, format string, args ...any)) {
	w := &c.Content
	if w.Writer != "" && w.Writer != WriterData && w.Writer != WriterModel {
		add("content.writer", "%q is not one of %s, %s", w.Writer, WriterData, WriterModel)
		return
	}
	if w.FailingPage != "" && w.FailingPage != HoldSite && w.FailingPage != HoldPage {
		add("content.failing_page", "%q is not one of %s, %s", w.FailingPage, HoldSite, HoldPage)
	}
	list, _ := c.Models.All()
	known := slices.ContainsFunc(list, func(m Model) bool { return m.Name == w.Model })
	switch {
	case w.Model != "" && !known:
		add("content.model", "there is no model %q in models.list", w.Model)
	case w.Writer == WriterModel && len(list) == 0:
		add("content.writer", "model needs a model: set models.model or models.list")
	}
}
