package app

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"

	"empire/internal/bench"
	"empire/internal/intelligence/embed"
	"empire/internal/intelligence/vector"
)

// BenchVectors measures the search for vectors in memory.
func BenchVectors(ctx context.Context, cfg bench.VectorsConfig) (*bench.VectorReport, error) {
	cfg.Open = func(dimension int) bench.VectorSet {
		return benchVectors{vector.NewSet(vector.Collection{Dimension: dimension, Space: vector.Cosine})}
	}
	cfg.Data = map[string]func(n, dimension int) [][]float32{
		"random": bench.RandomVectors, "clustered": bench.ClusteredVectors, "names of products": nameVectors,
	}
	return bench.Vectors(ctx, cfg)
}

type benchVectors struct{ *vector.Set }

func (s benchVectors) Put(i int, v []float32) { s.Set.Put(strconv.Itoa(i), v, nil) }

func (s benchVectors) Search(v []float32, limit int) []int {
	return places(s.Set.Search(vector.Query{Vector: v, Limit: limit}))
}

func (s benchVectors) Exact(v []float32, limit int) []int {
	return places(s.Set.Exact(vector.Query{Vector: v, Limit: limit}))
}

func places(list []vector.Near) []int {
	out := make([]int, len(list))
	for i := range list {
		out[i], _ = strconv.Atoi(list[i].ID)
	}
	return out
}

// nameVectors returns what the embedder without a model makes of names like those of
// products: sparse, and many of them nearly equal.
func nameVectors(n, dimension int) [][]float32 {
	r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // the same ones every time
	pick := func(words string) string {
		list := strings.Fields(words)
		return list[r.IntN(len(list))]
	}
	texts := make([]string, n)
	for i := range texts {
		brand := "brand" + strconv.Itoa(r.IntN(400))
		texts[i] = strings.Join([]string{
			brand, pick("Keyboard Mouse Monitor Headset Laptop Lamp Chair Desk Kettle Grinder Vacuum Tent Jacket Boot Watch Camera"),
			pick("wireless mechanical compact silent gaming ergonomic portable foldable digital electric classic"),
			pick("black white red blue green silver gold"), strconv.Itoa(r.IntN(3000)) + pick("W GB in mm Hz ml kg"),
			string(rune('A'+r.IntN(26))) + strconv.Itoa(r.IntN(10000)),
		}, " ")
	}
	list, err := embed.NewLexical(dimension).Embed(context.Background(), texts)
	if err != nil {
		panic(err) // only the context can make it fail
	}
	return list
}
