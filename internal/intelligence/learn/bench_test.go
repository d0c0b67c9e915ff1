package learn_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"empire/internal/intelligence/learn"
)

// corpus returns documents of 40 words, of 20,000 different ones with a long tail.
func corpus(n int) (docs []string, labels []int) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		words := make([]string, 40)
		for j := range words {
			x := rng.Float64()
			words[j] = fmt.Sprint("w", int(x*x*x*20_000)+i%2)
		}
		docs, labels = append(docs, strings.Join(words, " ")), append(labels, i%2)
	}
	return docs, labels
}

func BenchmarkText(b *testing.B) {
	docs, labels := corpus(5000)
	v, err := learn.FitVectorizer(docs, learn.VectorizerParams{})
	if err != nil {
		b.Fatal(err)
	}
	m := v.Transform(docs)
	for name, run := range map[string]func() error{
		"FitVectorizer": func() error { _, err := learn.FitVectorizer(docs, learn.VectorizerParams{}); return err },
		"Transform":     func() error { v.Transform(docs); return nil },
		"FitBayes":      func() error { _, err := learn.FitBayes(m, labels, learn.BayesParams{}); return err },
		"FitLogistic":   func() error { _, err := learn.FitLogistic(m, labels, learn.LogisticParams{}); return err },
		"FitKMeans": func() error {
			_, _, err := learn.FitKMeans(m.Select(seq(500)), learn.KMeansParams{K: 5, Starts: 1, MaxIterations: 10})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
