package chroma_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
	"empire/internal/intelligence/vector/chroma"
	"empire/internal/intelligence/vector/embedded"
	"empire/internal/testkit"
)

const goodDump = `{"format":"chroma-dump","version":1,"collections":2}
{"collection":"Docs","space":"cosine","dimension":2,"metadata":{"k":1},"records":2}
{"id":"a","embedding":[1,0.5],"document":"Größe","metadata":{"n":1,"f":1.5,"b":true,"list":["x","y"]},"uri":"file:a"}
{"id":"b","embedding":[0,1]}
{"collection":"empty","space":"l2","dimension":0,"records":0}
{"end":true,"records":2}
`

func target(t *testing.T) vector.Index {
	t.Helper()
	return embedded.New(embedded.Config{Rows: testkit.DB(t).Vectors, Now: time.Now})
}

func imported(t *testing.T, x vector.Index, dump string) *domain.VectorImport {
	t.Helper()
	r, err := chroma.Import(t.Context(), x, true, "main", strings.NewReader(dump))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestImport: everything comes in, the same again changes nothing, and what changed in
// the source changes here.
func TestImport(t *testing.T) {
	t.Parallel()
	x := target(t)
	r := imported(t, x, goodDump)
	if !r.Changed || r.Records != 2 || len(r.Collections) != 2 || r.Collections[0].Stored != 2 || len(r.Collections[0].SHA256) != 64 || r.Collections[1].Target != "" {
		t.Errorf("first: %+v", r)
	}
	ref := vector.Ref{Tenant: "main", Name: r.Collections[0].Target}
	list, err := x.Get(t.Context(), ref, []string{"a"})
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v", list, err)
	}
	want := `{a  [1 0.5] Größe map[b:true chroma_uri:file:a f:1.5 list:["x","y"] n:1]}`
	if got := fmt.Sprint(list[0]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	again := imported(t, x, goodDump)
	if again.Changed || again.Collections[0].Stored != 0 || again.Collections[0].SHA256 != r.Collections[0].SHA256 {
		t.Errorf("again: %+v", again)
	}
	changed := imported(t, x, strings.Replace(strings.ReplaceAll(goodDump, `"records":2`, `"records":1`), `{"id":"b","embedding":[0,1]}`+"\n", "", 1))
	if !changed.Changed || changed.Collections[0].Removed != 1 || changed.Collections[0].Stored != 0 {
		t.Errorf("changed: %+v", changed)
	}
}

// TestImportRefuses: a dump that is cut anywhere, broken or of another version changes
// nothing, and the error says where.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	x := target(t)
	refused := func(name, dump, where string) {
		t.Helper()
		_, err := chroma.Import(t.Context(), x, true, "main", strings.NewReader(dump))
		if domain.CodeOf(err) != domain.CodeMalformed || !strings.Contains(domain.MessageOf(err), where) {
			t.Errorf("%s: %v, want an error that names %q", name, err, where)
		}
	}
	for n := range len(goodDump) {
		refused(fmt.Sprint("cut after ", n), goodDump[:n], "Line ")
	}
	for _, tt := range []struct{ name, old, new, where string }{
		{"version", `"version":1`, `"version":2`, "version 2"},
		{"format", `chroma-dump`, `other`, `"other"`},
		{"dimension", `[0,1]`, `[0,1,2]`, `record "b"`},
		{"zero vector", `[0,1]`, `[0,0]`, `record "b"`},
		{"number", `[0,1]`, `[0,1e999]`, "Line 4"},
		{"not JSON", `{"id":"b"`, `{"id":b`, "Line 4 of the dump (at byte "},
		{"twice", `"id":"b"`, `"id":"a"`, `record "a" comes twice`},
		{"metadata", `"n":1`, `"n":{}`, `record "a"`},
		{"unknown part", `"uri"`, `"url"`, "Line 3"},
		{"count", `"end":true,"records":2`, `"end":true,"records":3`, "counts 3"},
		{"space", `"cosine"`, `"taxi"`, "Line 2"},
		{"more", "\"records\":2}\n{\"id\":\"a\"", "\"records\":3}\n{\"id\":\"a\"", "Line 5"},
		{"after the end", `{"end":true,"records":2}` + "\n", `{"end":true,"records":2}` + "\n{}\n", "follows the end"},
	} {
		if !strings.Contains(goodDump, tt.old) {
			t.Fatalf("%s: the dump has no %s", tt.name, tt.old)
		}
		refused(tt.name, strings.Replace(goodDump, tt.old, tt.new, 1), tt.where)
	}
	list, err := x.Collections(t.Context(), "main")
	if err != nil || len(list) != 0 {
		t.Errorf("refused dumps left %v, %v", list, err)
	}
}

// TestImportServer: what a real server holds comes in whole, with the same count and
// hash, and the second time changes nothing.
func TestImportServer(t *testing.T) {
	t.Parallel()
	url := testkit.Chroma(t)
	database := testkit.ChromaDatabase(t, url)
	base := url + "/api/v2/tenants/default_tenant/databases/" + database + "/collections"
	post := func(path, body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var out bytes.Buffer
		if _, err := out.ReadFrom(res.Body); err != nil || res.StatusCode > 299 {
			t.Fatalf("%s: %s %s", path, res.Status, out.String())
		}
		return out.String()
	}
	made := post("", `{"name":"Old.Articles","configuration":{"hnsw":{"space":"l2"}}}`)
	_, id, _ := strings.Cut(made, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	var ids, vectors, documents, metadatas []string
	for i := range 1234 {
		ids = append(ids, fmt.Sprintf("%q", fmt.Sprint("doc ", i)))
		vectors = append(vectors, fmt.Sprintf("[%d.25,%g,-1]", i, float64(i)/3))
		documents = append(documents, fmt.Sprintf("%q", fmt.Sprint("Text ", i)))
		metadatas = append(metadatas, fmt.Sprintf(`{"n":%d,"half":%d.5,"even":%v}`, i, i, i%2 == 0))
	}
	metadatas[7], documents[7] = "null", "null"
	join := func(list []string) string { return "[" + strings.Join(list, ",") + "]" }
	post("/"+id+"/add", `{"ids":`+join(ids)+`,"embeddings":`+join(vectors)+`,"documents":`+join(documents)+`,"metadatas":`+join(metadatas)+`}`)
	post("", `{"name":"never-filled"}`)

	c, x := client(t, url, database), target(t)
	var first, second bytes.Buffer
	for _, dump := range []*bytes.Buffer{&first, &second} {
		if err := c.Dump(t.Context(), dump); err != nil {
			t.Fatal(err)
		}
	}
	r := imported(t, x, first.String())
	if r.Records != 1234 || len(r.Collections) != 2 {
		t.Fatalf("imported %+v", r)
	}
	again := imported(t, x, second.String())
	if again.Changed {
		t.Errorf("again: %+v, want no change", again)
	}
	for i := range r.Collections {
		if r.Collections[i].SHA256 != again.Collections[i].SHA256 {
			t.Errorf("%s: hash %s, then %s", r.Collections[i].Name, r.Collections[i].SHA256, again.Collections[i].SHA256)
		}
	}
	name := r.Collections[0].Target + r.Collections[1].Target // the one without records has none
	if n, err := x.Count(t.Context(), vector.Ref{Tenant: "main", Name: name}); n != 1234 || err != nil {
		t.Errorf("%s has %d, %v, want 1234", name, n, err)
	}
}

func FuzzImport(f *testing.F) {
	f.Add(goodDump)
	f.Add("{}\n")
	f.Fuzz(func(t *testing.T, dump string) {
		x := embedded.New(embedded.Config{Rows: testkit.DB(t).Vectors, Now: time.Now})
		if _, err := chroma.Import(t.Context(), x, true, "main", strings.NewReader(dump)); err == nil {
			return
		}
		if list, err := x.Collections(t.Context(), "main"); err != nil || len(list) != 0 {
			t.Errorf("a refused dump left %v, %v", list, err)
		}
	})
}
