package blob

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// maxJSONBytes bounds what GetJSON unpacks: far above the largest draft, far below
// what a damaged or hostile stream could grow to.
const maxJSONBytes = 1 << 30

type putter interface {
	PutBytes(ctx context.Context, b []byte) (sha string, err error)
}

type reader interface {
	ReadAll(ctx context.Context, sha string) ([]byte, error)
}

// PutJSON stores v as gzip-compressed JSON and returns the sum of the compressed
// bytes. Equal values give equal sums within one build of the program: maps are
// written in key order and the gzip header carries no time and no name.
func PutJSON(ctx context.Context, store putter, v any) (sha string, err error) {
	var buf bytes.Buffer
	zw, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		return "", fmt.Errorf("put JSON: %w", err)
	}
	enc := json.NewEncoder(zw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("put JSON: encode %T: %w", v, err)
	}
	if err := zw.Close(); err != nil {
		return "", fmt.Errorf("put JSON: %w", err)
	}
	return store.PutBytes(ctx, buf.Bytes())
}

// GetJSON reads what PutJSON stored into v, which is a pointer.
func GetJSON(ctx context.Context, store reader, sha string, v any) error {
	b, err := store.ReadAll(ctx, sha)
	if err != nil {
		return err
	}
	zr, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("get JSON %s: %w", sha, err)
	}
	if err := json.NewDecoder(io.LimitReader(zr, maxJSONBytes)).Decode(v); err != nil {
		return fmt.Errorf("get JSON %s: decode %T: %w", sha, v, err)
	}
	return nil
}
