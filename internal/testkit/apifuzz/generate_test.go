package apifuzz_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"empire/internal/testkit/apifuzz"
)

func golden(t *testing.T) *apifuzz.Document {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "api", "testdata", "openapi.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := apifuzz.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func requests(t *testing.T, seed uint64, n int) []*apifuzz.Request {
	t.Helper()
	pool := apifuzz.NewPool("site_mine")
	pool.Learn("website_id", []any{map[string]any{"id": "site_1", "name": "a"}, map[string]any{"id": "site_mine"}})
	g := apifuzz.NewGenerator(apifuzz.Config{Document: golden(t), Pool: pool, Seed: seed})
	var out []*apifuzz.Request
	for i := range n {
		out = append(out, g.Next(i))
	}
	return out
}

// TestSeedsRepeat makes the same requests again from the same seed, and others from
// another.
func TestSeedsRepeat(t *testing.T) {
	t.Parallel()
	first, again, other := requests(t, 1, 2000), requests(t, 1, 2000), requests(t, 2, 2000)
	differ := 0
	for i := range first {
		if first[i].String() != again[i].String() || !bytes.Equal(first[i].Body, again[i].Body) {
			t.Fatalf("request %d is\n%s\nand then\n%s", i, first[i], again[i])
		}
		if first[i].String() != other[i].String() {
			differ++
		}
	}
	if differ < len(first)/2 {
		t.Errorf("another seed changes %d of %d requests only", differ, len(first))
	}
}

// TestGoodRequests holds requests that are meant to be good against the document,
// and looks for all kinds, all operations and what must not be touched.
func TestGoodRequests(t *testing.T) {
	t.Parallel()
	kinds, operations, known := map[string]int{}, map[string]int{}, 0
	for i, q := range requests(t, 7, 40*len(golden(t).Operations)) {
		kinds[q.Kind]++
		if q.Operation != nil {
			operations[q.Operation.ID]++
		}
		if bytes.Contains([]byte(q.String()), []byte("site_mine")) && q.Kind != "bad credential" {
			t.Errorf("request %d names what it must leave alone: %s", i, q)
		}
		if bytes.Contains([]byte(q.Target), []byte("/site_1")) {
			known++
		}
		if q.Kind != "valid" || len(q.Body) == 0 {
			continue
		}
		v, err := apifuzz.Decode(q.Body)
		if err != nil {
			t.Fatal(err)
		}
		if faults := q.Operation.Body.Faults(v); len(faults) > 0 {
			t.Errorf("request %d, %s: %q\n%s", i, q.Operation.ID, faults, q)
		}
	}
	for _, kind := range apifuzz.Kinds() {
		if kinds[kind] == 0 {
			t.Errorf("no request is of the kind %q", kind)
		}
	}
	for _, op := range golden(t).Operations {
		if operations[op.ID] < 20 {
			t.Errorf("%d requests to %s", operations[op.ID], op.ID)
		}
	}
	if known < 100 {
		t.Errorf("%d requests name the website that exists", known)
	}
}
