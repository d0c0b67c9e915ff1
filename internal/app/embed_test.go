package app_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit/modelserver"
)

// TestSearchByModel: with a model for embeddings the search uses its vectors, and the
// ledger knows what they cost.
func TestSearchByModel(t *testing.T) {
	t.Parallel()
	vendor, err := modelserver.Start(modelserver.Config{Key: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vendor.Close() })
	a := startWith(t, map[string]string{
		"models.list":      "[{name: vectors, model: e, provider: own, base_url: " + vendor.URL() + ", api_key: sk-test, dimensions: 24}]",
		"models.embedding": "vectors", "vectors.embedder": "model",
	})
	c := newCaller(t, a)
	c.want("PUT", "/api/v1/prices", map[string]any{"provider": "own", "model": "e", "input_micros": 1_000_000, "output_micros": 0}, http.StatusOK, nil)
	feed := []byte("aw_deep_link,product_name,aw_product_id,merchant_product_id,merchant_image_url,description,merchant_category,search_price,merchant_name,merchant_id,category_name,currency,in_stock\n" +
		"https://shop.example/1,Red stunt kite,1,m1,,,Kites,20.00,Shop,900001,Kites,EUR,1\nhttps://shop.example/2,Blue box kite,2,m2,,,Kites,30.00,Shop,900001,Kites,EUR,1\n")
	r, err := a.Catalogue.ImportFeed(a.AsAdmin(t.Context()), "kites", "kites.csv", bytes.NewReader(feed), int64(len(feed)), func(int64, int64, int) {})
	if err != nil || r.Status != domain.ImportComplete {
		t.Fatalf("import %+v, %v", r, err)
	}
	var found domain.SearchAnswer
	poll(t, "the products are found by their vectors", func() bool {
		c.want("POST", "/api/v1/intelligence/search", map[string]any{"query": "Red stunt kite"}, http.StatusOK, &found)
		return len(found.Hits) == 2 && found.Vectors
	})
	if !strings.HasPrefix(found.Embedder, "own-e-24") {
		t.Errorf("the embedder is %q", found.Embedder)
	}
	var calls []struct {
		Provider, Model, State string
		Cost                   int64 `json:"cost_micros"`
	}
	c.want("GET", "/api/v1/model-calls", nil, http.StatusOK, &calls)
	if len(calls) < 2 || calls[0].Provider != "own" || calls[0].Model != "e" || calls[0].Cost <= 0 {
		t.Errorf("calls: %+v", calls)
	}
}
