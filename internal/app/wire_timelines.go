package app

import (
	"context"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
)

// timelines builds the service that shows what happened in runs.
func (a *App) timelines() *service.Timelines {
	return service.NewTimelines(service.TimelinesConfig{
		Runs: a.Runs, Approvals: a.store.Approvals, Messages: runMessages{a.store}, Calls: runCalls{a.store}, Tasks: runTasks{a.store},
		BlobSize: a.blobSize, Now: a.now,
	})
}

// blobSize returns how many bytes a blob has.
func (a *App) blobSize(ctx context.Context, sha string) (int64, error) {
	r, n, err := a.blobs.Open(ctx, sha)
	if err != nil {
		return 0, err
	}
	return n, r.Close()
}

// all reads every window of a list.
func all[T any](list func(w domain.Window) ([]T, int, error)) ([]T, error) {
	var out []T
	for {
		part, total, err := list(domain.Window{Limit: 1000, Offset: len(out)})
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		if len(part) == 0 || len(out) >= total {
			return out, nil
		}
	}
}

// stepNames returns the names of a run's steps by their ids.
func stepNames(ctx context.Context, st *store.Store, id domain.RunID) (map[domain.StepID]string, error) {
	run, err := st.Runs.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	names := map[domain.StepID]string{}
	for i := range run.Steps {
		names[run.Steps[i].ID] = run.Steps[i].Name
	}
	return names, nil
}

// runMessages are the messages that were sent on behalf of a run.
type runMessages struct{ store *store.Store }

// ByRun returns them in the order in which they were sent.
func (r runMessages) ByRun(ctx context.Context, id domain.RunID) ([]domain.RunMessage, error) {
	names, err := stepNames(ctx, r.store, id)
	if err != nil {
		return nil, err
	}
	list, err := all(func(w domain.Window) ([]domain.MessageRecord, int, error) {
		return r.store.Messages.List(ctx, domain.MessageFilter{RunID: id}, w)
	})
	out := make([]domain.RunMessage, len(list))
	for i := range list { // the store lists the newest first
		m := &list[len(list)-1-i]
		out[i] = domain.RunMessage{ID: m.ID, Step: names[m.StepID], From: m.From, To: m.To, Priority: m.Priority, At: m.Timestamp}
	}
	return out, err
}

// runCalls are the paid calls of models on behalf of a run.
type runCalls struct{ store *store.Store }

// ByRun returns them in the order in which they were made.
func (r runCalls) ByRun(ctx context.Context, id domain.RunID) ([]domain.RunCall, error) {
	list, err := r.store.ModelCalls.ByRun(ctx, id)
	out := make([]domain.RunCall, len(list))
	for i := range list {
		c := &list[i]
		out[i] = domain.RunCall{
			ID: string(c.ID), Step: c.Step, Attempt: c.Attempt, Provider: c.Provider, Model: c.Model, InputTokens: c.Usage.Input,
			OutputTokens: c.Usage.Output, Cost: c.Charged(), Currency: c.Currency, At: c.CreatedAt,
		}
	}
	return out, err
}

// runTasks are the tasks that a run gave to agents outside this program.
type runTasks struct{ store *store.Store }

// ByRun returns them, the oldest first.
func (r runTasks) ByRun(ctx context.Context, id domain.RunID) ([]domain.Task, error) {
	list, err := all(func(w domain.Window) ([]domain.Task, int, error) {
		return r.store.Tasks.List(ctx, domain.TaskFilter{RunID: id}, w)
	})
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, err
}
