package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/store"
)

// ModelCheck is what a real call of a provider came to.
type ModelCheck struct {
	Model    string // name in the configuration
	Provider string
	Skipped  string // why it was not called
	Err      error
	Advice   string // what to do about Err
	Usage    *domain.Usage
	Cost     string // in words; empty: not known
	Took     time.Duration
}

// checkTimeout bounds the call of one provider.
const checkTimeout = 30 * time.Second

// CheckModels asks one model of each provider for one word. That is not in the ledger:
// it works without a database, and costs a few tokens, which are named.
func CheckModels(ctx context.Context, cfg *config.Config) ([]ModelCheck, error) {
	router, err := openRouter(cfg, time.Now)
	if err != nil {
		return nil, err
	}
	list, _, skipped := cfg.Models.Usable()
	var out []ModelCheck
	seen := map[string]bool{}
	for _, e := range list {
		at, embedding := e.Provider+" "+e.API+" "+e.BaseURL, e.Name == cfg.Models.Embedding
		if !embedding && seen[at] {
			continue
		}
		seen[at] = seen[at] || !embedding
		model, err := router.Get(e.Name)
		if err != nil {
			return nil, err
		}
		c := ModelCheck{Model: e.Name, Provider: e.Provider}
		c.call(ctx, model, embedding)
		c.Advice = adviceOn(c.Err)
		if c.Err == nil && c.Usage != nil {
			c.Cost = costOf(ctx, cfg, model, *c.Usage)
		}
		out = append(out, c)
	}
	for _, s := range skipped {
		out = append(out, ModelCheck{Model: s.Name, Provider: s.Provider, Skipped: s.Reason})
	}
	return out, nil
}

func (c *ModelCheck) call(ctx context.Context, model *llm.Model, embedding bool) {
	ctx, cancel := context.WithTimeout(ctx, min(checkTimeout, model.Timeout))
	defer cancel()
	begun := time.Now()
	defer func() { c.Took = time.Since(begun) }()
	if !embedding {
		var res *llm.Response
		res, c.Err = model.Provider.Complete(ctx, llm.Request{Model: model.Model, Prompt: "Answer with the word yes.", MaxTokens: max(model.MinTokens, 16)})
		if res != nil {
			c.Usage = res.Usage
		}
		return
	}
	p, ok := model.Provider.(llm.EmbeddingProvider)
	if !ok {
		c.Err = llm.Fail(&llm.Error{Provider: c.Provider, Class: llm.Unsupported, Detail: "embeddings"}, 0)
		return
	}
	var res *llm.Embeddings
	res, c.Err = p.Embed(ctx, llm.EmbedRequest{Model: model.Model, Texts: []string{"yes"}, Dimensions: model.Dimensions})
	if res != nil {
		c.Usage = res.Usage
	}
}

// costOf says what tokens cost at the price in the database, or nothing if that is not
// to be had.
func costOf(ctx context.Context, cfg *config.Config, model *llm.Model, u domain.Usage) string {
	if s, err := LookAtDatabase(ctx, cfg); err != nil || s.Missing || s.Pending > 0 {
		return ""
	}
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(cfg.Data, "empire.db"), URL: string(cfg.Database.URL)})
	if err != nil {
		return ""
	}
	defer func() { _ = db.Close() }()
	price, err := store.New(db).Prices.At(ctx, model.Provider.Name(), model.Model, time.Now())
	if err != nil {
		return ""
	}
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.6f", float64(price.Cost(u))/1e6), "0"), ".") + " " + price.Currency
}

// errNoModel is what the doctor says without models.
var errNoModel = errors.New("none is configured: pages are written from data alone")

// NoModels returns why there is nothing to check, or nil.
func NoModels(cfg *config.Config) error {
	if all, _ := cfg.Models.All(); len(all) == 0 {
		return errNoModel
	}
	return nil
}

var modelAdvices = map[llm.Class]string{
	llm.BadCredential: "set the right key: models.openai_key, models.anthropic_key, models.gemini_key, or api_key of the model",
	llm.Forbidden:     "give the key the right to this model at the vendor",
	llm.NoModel:       "correct the vendor's name of the model",
	llm.Quota:         "add credit to the account at the vendor",
	llm.RateLimited:   "wait, or set models.requests_per_minute",
	llm.Overloaded:    "wait",
	llm.Unreachable:   "start the server, or correct base_url of the model",
	llm.Unsupported:   "name another model in models.embedding",
}

func adviceOn(err error) string {
	if err == nil {
		return ""
	}
	return cmp.Or(modelAdvices[llm.ClassOf(err)], "see api, base_url and model of the entry in models.list")
}
