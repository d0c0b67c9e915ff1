package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
)

// blobRef stands in a step's row for a result that is kept as a blob.
type blobRef struct {
	Blob string `json:"$blob"` // SHA-256, hex
}

func (e *Engine) encodeResult(ctx context.Context, result any) (json.RawMessage, error) {
	if result == nil {
		return nil, nil
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	if len(raw) <= maxInlineResult {
		return raw, nil
	}
	sha, err := e.cfg.Blobs.PutBytes(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("store result: %w", err)
	}
	return json.Marshal(blobRef{sha})
}

func (e *Engine) decodeResult(ctx context.Context, raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) > 96 {
		return raw, nil // a reference is shorter
	}
	var ref blobRef
	if json.Unmarshal(raw, &ref) == nil && ref.Blob != "" {
		return e.cfg.Blobs.ReadAll(ctx, ref.Blob)
	}
	return raw, nil // the result itself
}

// Resolve returns a step's stored result, read from the blob store if it is kept
// there.
func (e *Engine) Resolve(ctx context.Context, raw json.RawMessage) (json.RawMessage, error) {
	return e.decodeResult(ctx, raw)
}

// Limits of an inline pipeline.
const (
	maxStages     = 50
	inlineTimeout = 10 * time.Minute
)

// inline builds a definition from stages that a client sent.
func (e *Engine) inline(stages []domain.Stage) (Definition, error) {
	if len(stages) == 0 {
		return Definition{}, domain.Invalid("stages", "A pipeline needs at least one stage.")
	}
	if len(stages) > maxStages {
		return Definition{}, domain.Invalid("stages", "A pipeline has at most %d stages.", maxStages)
	}
	def := Definition{Name: "inline", Version: 1}
	seen := map[string]bool{}
	for i, s := range stages {
		field := fmt.Sprintf("stages[%d]", i)
		if s.Name == "" || len(s.Name) > 64 {
			return Definition{}, domain.Invalid(field+".name", "A stage needs a name of 1 to 64 characters.")
		}
		if seen[s.Name] {
			return Definition{}, domain.Invalid(field+".name", "Stage name %q is used twice.", s.Name)
		}
		seen[s.Name] = true
		if err := e.cfg.Agent.Check(s.Agent, s.Task.Type); err != nil {
			return Definition{}, &domain.Error{Code: domain.CodeInvalid, Field: field, Message: domain.MessageOf(err), Err: err}
		}
		def.Steps = append(def.Steps, StepDef{
			Name: s.Name, Agent: s.Agent, Task: s.Task.Type, Timeout: inlineTimeout, Retry: Retry{Attempts: 2, Backoff: time.Second},
			Run: e.stage(s),
		})
	}
	return def, nil
}

// stage hands the task to its agent. A result that holds an error stops the run.
func (e *Engine) stage(s domain.Stage) Func {
	return func(ctx context.Context, in *Input) (Output, error) {
		result, err := e.cfg.Agent.Do(ctx, s.Agent, s.Task, in.Results())
		if err != nil {
			return Output{}, err
		}
		var fault struct {
			Error json.RawMessage `json:"error"`
		}
		if json.Unmarshal(result, &fault) == nil && len(fault.Error) > 0 && string(fault.Error) != "null" {
			return Output{}, domain.Errorf(domain.CodeConflict, "The agent reported an error: %.300s", fault.Error)
		}
		return Output{Result: result}, nil
	}
}
