package extract_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/extract"
)

func asJSON(t testing.TB, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return parseJSON(t, string(data))
}

func parseJSON(t testing.TB, s string) any {
	t.Helper()
	var out any
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMicrodata(t *testing.T) {
	t.Parallel()
	page := `<div itemscope itemtype="https://schema.org/Product" itemid=" urn:p " itemref="more loop missing">
	<span itemprop="name brand">Anvil
	 2000</span><a itemprop=url href=" p/1 ">x</a><img itemprop=image src=i.png><meta itemprop=sku content=42>
	<time itemprop=released datetime=2024-01-02>then</time><data itemprop=weight value=9>nine</data>
	<div itemprop=offers itemscope itemtype=https://schema.org/Offer><b itemprop=price content=9.90>9,90</b></div>
	<input itemprop="target-input" required name=q></div>
	<p id=more><i itemprop=name>Second</i></p><div id=loop itemscope itemref=loop><i itemprop=x>y</i></div>`
	var got []any
	for _, it := range extract.Parse([]byte(page), "").Structured(mustURL(t, "https://shop.example/a/")).Microdata {
		got = append(got, it.JSON(true))
	}
	want := parseJSON(t, `[{"type":"https://schema.org/Product","id":"urn:p","properties":{
		"name":["Anvil 2000","Second"],"brand":"Anvil 2000","url":"https://shop.example/a/p/1","image":"https://shop.example/a/i.png","sku":"42",
		"released":"2024-01-02","weight":"9","target-input":{"valueRequired":true,"valueName":"q"},"x":"y",
		"offers":{"type":"https://schema.org/Offer","properties":{"price":"9.90"}}}},
		{"properties":{"x":["y","y"]}}]`)
	if diff := cmp.Diff(want, asJSON(t, got)); diff != "" {
		t.Errorf("microdata (-want +got):\n%s", diff)
	}
}

func TestJSONLD(t *testing.T) {
	t.Parallel()
	page := `<script type="application/ld+json; charset=utf-8">
	// a remark
	[{"@type":"A","text":"http://x.example/ // no remark","list":[1,2,],}, /* gone */ {"@type":"B","lines":"one
two"}]</script><script type="application/ld+json"><!-- {"@type":"C"} --></script>
	<script type="application/ld+json">{"@type":"D"};</script><script type="application/ld+json">{broken</script>
	<script type="application/json">{"@type":"E"}</script>`
	got := extract.Parse([]byte(page), "").Structured(nil)
	want := parseJSON(t, `[{"@type":"A","text":"http://x.example/ // no remark","list":[1,2]},{"@type":"B","lines":"one\ntwo"},{"@type":"D"}]`)
	if diff := cmp.Diff(want, asJSON(t, got.JSONLD)); diff != "" || got.Broken != 2 {
		t.Errorf("broken %d, JSON-LD (-want +got):\n%s", got.Broken, diff)
	}
}

func TestOpenGraphAndRDFa(t *testing.T) {
	t.Parallel()
	page := `<meta property="og:title" content=" T "><meta name="twitter:card" content="summary"><meta name="viewport" content="x">
	<div vocab="https://schema.org/" typeof="Person"><span property="name">Ada</span>
	<div property="address" typeof="Place"><span property="name">Ulm</span></div><a property="url" href="/ada">x</a></div>`
	got := extract.Parse([]byte(page), "").Structured(mustURL(t, "https://x.example/"))
	if diff := cmp.Diff([]extract.Property{{Name: "og:title", Content: "T"}, {Name: "twitter:card", Content: "summary"}}, got.OpenGraph); diff != "" {
		t.Errorf("OpenGraph (-want +got):\n%s", diff)
	}
	var items []any
	for _, it := range got.RDFa {
		items = append(items, it.JSON(true))
	}
	want := parseJSON(t, `[{"type":"https://schema.org/Person","properties":{"https://schema.org/name":"Ada","https://schema.org/url":"https://x.example/ada",
		"https://schema.org/address":{"type":"https://schema.org/Place","properties":{"https://schema.org/name":"Ulm"}}}}]`)
	if diff := cmp.Diff(want, asJSON(t, items)); diff != "" {
		t.Errorf("RDFa (-want +got):\n%s", diff)
	}
}
