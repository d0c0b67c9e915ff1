package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/intelligence/embed"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/search"
	"empire/internal/intelligence/vector"
	"empire/internal/intelligence/vector/chroma"
	"empire/internal/intelligence/vector/embedded"
	"empire/internal/jobs"
	"empire/internal/service"
)

// OpenChroma returns the Chroma server of the configuration.
func OpenChroma(v config.Vectors) (*chroma.Client, error) {
	return chroma.New(chroma.Config{URL: v.URL, Tenant: v.Tenant, Database: v.Database, Token: string(v.Token)})
}

// wireSearch builds where vectors are kept and what searches them. It comes before the
// services that have things indexed.
func (a *App) wireSearch(context.Context) error {
	v := a.cfg.Vectors
	place := "database"
	if v.URL == "" {
		a.vectors = embedded.New(embedded.Config{Rows: a.store.Vectors, Memory: int64(v.MemoryMB) << 20, Now: a.now})
	} else {
		server, err := OpenChroma(v)
		if err != nil {
			return err
		}
		a.vectors, place = server, "chroma "+v.URL+" "+v.Tenant+" "+v.Database
	}
	embedder := a.embedder()
	engine := search.New(search.Config{
		Rows: a.store.Vectors, Tx: a.store, Index: a.vectors, Joins: v.URL == "", Embedder: embedder, Now: a.now,
	})
	a.Search = service.NewSearch(service.SearchConfig{
		Engine: engine, Space: fmt.Sprintf("%s %d in %s", embedder.Name(), embedder.Dimension(), place), Feeds: a.store.Feeds, Products: a.store.Products,
		Pages: a.store.Pages, Evidence: a.store.Evidence, Websites: a.store.Websites, Marks: a.store.Meta, Enqueue: a.enqueueLast,
		Audit: a.store.Audit, Now: a.now,
	})
	a.searchPages = engine.Search
	a.Vectors = service.NewVectors(service.VectorsConfig{Tx: a.store, Import: importer{a.vectors}, Audit: a.store.Audit, Now: a.now})
	a.queue.Handle(service.JobIndex, 30*time.Minute, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Search.Work(ctx, args)
	})
	return nil
}

// embedder returns what makes vectors of texts.
func (a *App) embedder() embed.Embedder {
	m := a.cfg.Models.EmbeddingModel()
	if a.cfg.Vectors.Embedder != "model" || m == nil {
		return embed.NewLexical(a.cfg.Vectors.Dimension)
	}
	return &embed.Model{Vendor: m.Provider, Model: m.Model, Size: m.Dimensions, Batch: llm.MaxBatch, Call: a.embed}
}

// embed has texts embedded by the model of the configuration, within the budgets. A
// text without anything in it is paid for by nobody: its vector is zeros.
func (a *App) embed(ctx context.Context, texts []string) ([][]float32, error) {
	e, err := a.Embedder()
	if err != nil {
		return nil, err
	}
	var full []string
	for _, t := range texts {
		if t != "" {
			full = append(full, t)
		}
	}
	vectors, _, err := e.Embed(ctx, full)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(texts))
	for i, t := range texts {
		if t == "" {
			out[i] = make([]float32, e.Dimensions())
			continue
		}
		out[i], vectors = vectors[0], vectors[1:]
	}
	return out, nil
}

// enqueueLast adds a job that gives way to others.
func (a *App) enqueueLast(ctx context.Context, kind string, args any, at time.Time) error {
	return a.queue.Enqueue(ctx, kind, args, jobs.Options{At: at, Priority: 4})
}

// prepareSearch has everything indexed that is not.
func (a *App) prepareSearch(ctx context.Context) error { return a.Search.Prepare(ctx) }

func (a *App) checkVectors(ctx context.Context) error {
	err := a.vectors.Ping(ctx)
	if err != nil {
		return errors.New(domain.MessageOf(err))
	}
	return nil
}

// importer reads dumps of Chroma into an index.
type importer struct{ index vector.Index }

// Import implements what the service of vectors needs.
func (i importer) Import(ctx context.Context, tenant domain.TenantID, dump io.ReadSeeker) (*domain.VectorImport, error) {
	_, exact := i.index.(*embedded.Index)
	return chroma.Import(ctx, i.index, exact, tenant, dump)
}

// DumpChroma writes all collections of a Chroma server. The configuration's token goes
// along.
func (a *App) DumpChroma(ctx context.Context, v config.Vectors, w io.Writer) error {
	v.Token = a.cfg.Vectors.Token
	server, err := OpenChroma(v)
	if err != nil {
		return err
	}
	return server.Dump(ctx, w)
}
