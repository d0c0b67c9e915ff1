package chroma_test

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
	"empire/internal/intelligence/vector/chroma"
	"empire/internal/intelligence/vector/vectortest"
	"empire/internal/testkit"
)

func client(t *testing.T, url, database string) *chroma.Client {
	t.Helper()
	c, err := chroma.New(chroma.Config{URL: url, Database: database, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestServer runs the suite on a real Chroma server.
func TestServer(t *testing.T) {
	t.Parallel()
	url := testkit.Chroma(t)
	database := testkit.ChromaDatabase(t, url)
	vectortest.Run(t, func(t *testing.T) vector.Index { t.Helper(); return client(t, url, database) })
}

// TestKill: a server that is killed has everything when it starts again, and while it
// is away that is said.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := testkit.NewChroma(t, dir)
	ref := vector.Ref{Tenant: "main", Name: "pages"}
	c := client(t, s.URL, "")
	if err := c.Create(t.Context(), vector.Collection{Ref: ref, Dimension: 2}); err != nil {
		t.Fatal(err)
	}
	if err := c.Upsert(t.Context(), ref, []vector.Record{{ID: "a", Vector: []float32{1, 2}}}); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := c.Ping(t.Context()); domain.CodeOf(err) != domain.CodeUnavailable {
		t.Errorf("ping of a dead server: %v, want %s", err, domain.CodeUnavailable)
	}
	again := testkit.NewChroma(t, dir)
	if n, err := client(t, again.URL, "").Count(t.Context(), ref); n != 1 || err != nil {
		t.Errorf("after the restart there are %d, %v, want 1", n, err)
	}
}

// TestMissingDatabase: the message says what the server says.
func TestMissingDatabase(t *testing.T) {
	t.Parallel()
	c := client(t, testkit.Chroma(t), "no_such_database")
	if err := c.Ping(t.Context()); err == nil {
		t.Error("a database that does not exist passed")
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "ftp://x", "127.0.0.1:8000"} {
		if _, err := chroma.New(chroma.Config{URL: url}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("New(%q) = %v, want %s", url, err, domain.CodeInvalid)
		}
	}
}
