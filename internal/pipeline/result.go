package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
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
