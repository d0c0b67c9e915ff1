package shipped

import (
	"context"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

// SwapLink is the name of the pipeline that puts another offer in the place of a dead
// link: it asks a person, unless the policy has decided, and applies.
const SwapLink = "swap_link"

// Swap holds what the steps of swap_link need.
type Swap struct {
	// Question returns what a person is asked; nil: nobody is.
	Question func(ctx context.Context, id domain.SwapID) (*domain.Question, error)
	Ask      func(ctx context.Context, run *domain.Run, step string, q domain.Question) error
	Apply    func(ctx context.Context, id domain.SwapID) error
}

// swapResult is what both steps return.
type swapResult struct {
	SwapID domain.SwapID `json:"swap_id"`
}

// Definition returns the current version of swap_link.
func (s *Swap) Definition() pipeline.Definition {
	quick := pipeline.Retry{Attempts: 3, Backoff: time.Second}
	return pipeline.Definition{Name: SwapLink, Version: 1, Private: true, Steps: []pipeline.StepDef{
		{Name: "approve", Timeout: time.Minute, Retry: quick, Run: s.approve},
		{Name: "apply", Agent: "monetization_agent", Task: "offer_swap", Timeout: time.Minute, Retry: quick, Run: s.apply},
	}}
}

func (s *Swap) approve(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	var p domain.SwapParams
	if err := in.Params(&p); err != nil {
		return pipeline.Output{}, err
	}
	q, err := s.Question(ctx, p.SwapID)
	if err != nil {
		return pipeline.Output{}, err
	}
	if q == nil {
		return pipeline.Output{Result: swapResult(p)}, nil
	}
	return pipeline.Output{Wait: true, Apply: func(ctx context.Context) error { return s.Ask(ctx, in.Run, in.Step.Name, *q) }}, nil
}

func (s *Swap) apply(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
	var p domain.SwapParams
	if err := in.Params(&p); err != nil {
		return pipeline.Output{}, err
	}
	return pipeline.Output{Result: swapResult(p), Apply: func(ctx context.Context) error { return s.Apply(ctx, p.SwapID) }}, nil
}
