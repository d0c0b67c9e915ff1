package eval

import (
	"context"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/intelligence/match"
)

// matchTask measures product matching on products/match_gold_NAME.csv (merchants'
// product ids in two columns that end in _a and _b, one pair a row) with the feeds
// products/feed_NAME_a*.csv and feed_NAME_b*.csv.
func matchTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	golds, err := files(dir, "products", "match_gold_*.csv")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, gold := range golds {
		name := strings.TrimPrefix(label(gold), "match_gold_")
		want, err := readPairs(gold)
		if err != nil {
			return nil, err
		}
		var sides [2][]domain.Product
		for i, side := range []string{"a", "b"} {
			if sides[i], err = readSide(ctx, dir, name, side); err != nil {
				return nil, err
			}
		}
		if sides[0] == nil || sides[1] == nil {
			continue
		}
		progress(fmt.Sprintf("matching %s: %d and %d products", name, len(sides[0]), len(sides[1])))
		set, err := measured(name, len(want), func() (map[string]float64, error) {
			return matchMetrics(ctx, sides[0], sides[1], want)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, set)
	}
	return out, nil
}

// matchMetrics measures the default, and the precision and recall of the strict
// configuration.
func matchMetrics(ctx context.Context, a, b []domain.Product, want map[[2]string]bool) (map[string]float64, error) {
	count := func(cfg match.Config) (map[string]float64, error) {
		pairs, err := match.Products(ctx, a, b, cfg)
		right := 0
		for _, p := range pairs {
			right += bit(want[[2]string{a[p.A].MerchantKey, b[p.B].MerchantKey}])
		}
		m := scores(right, len(pairs), len(want))
		m["pairs"] = float64(len(pairs))
		return m, err
	}
	m, err := count(match.Config{})
	if err != nil {
		return nil, err
	}
	strict, err := count(match.Strict())
	m["precision_strict"], m["recall_strict"] = strict["precision"], strict["recall"]
	return m, err
}

// scores returns precision, recall and their harmonic mean.
func scores(right, made, wanted int) map[string]float64 {
	m := map[string]float64{"precision": 0, "recall": 0, "f1": 0}
	if right > 0 {
		p, r := float64(right)/float64(made), float64(right)/float64(wanted)
		m["precision"], m["recall"], m["f1"] = p, r, 2*p*r/(p+r)
	}
	return m
}

func readPairs(path string) (map[[2]string]bool, error) {
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, domain.Errorf(domain.CodeMalformed, "File %s is no CSV: %v.", filepath.Base(path), err)
	}
	if len(rows) == 0 {
		return nil, domain.Errorf(domain.CodeMalformed, "File %s is empty.", filepath.Base(path))
	}
	side := func(end string) int {
		return slices.IndexFunc(rows[0], func(name string) bool { return strings.HasSuffix(strings.ToLower(name), end) })
	}
	a, b := side("_a"), side("_b")
	if a < 0 || b < 0 {
		return nil, domain.Errorf(domain.CodeMalformed, "File %s has no columns whose names end in _a and _b.", filepath.Base(path))
	}
	out := map[[2]string]bool{}
	for _, row := range rows[1:] {
		out[[2]string{row[a], row[b]}] = true
	}
	return out, nil
}

// readSide reads the feed of one side, nil if there is none.
func readSide(ctx context.Context, dir, name, side string) ([]domain.Product, error) {
	paths, err := files(dir, "products", "feed_"+name+"_"+side+".csv", "feed_"+name+"_"+side+"_*.csv")
	if err != nil || len(paths) == 0 {
		return nil, err
	}
	return readFeed(ctx, paths[0])
}

// readFeed imports a feed as the product does and returns its rows.
func readFeed(ctx context.Context, path string) ([]domain.Product, error) {
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	var sink feedSink
	report, err := new(catalog.Importer).Import(ctx, &sink, &domain.Feed{ID: "eval", Name: label(path)}, r, catalog.ImportParams{})
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", path, err)
	}
	if report.Status != domain.ImportComplete {
		return nil, domain.Errorf(domain.CodeMalformed, "Feed %s was imported as %s.", filepath.Base(path), report.Status)
	}
	return sink.rows, nil
}

// feedSink keeps the rows of a feed in memory.
type feedSink struct{ rows []domain.Product }

func (s *feedSink) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return fn(ctx)
}

func (s *feedSink) Hashes(context.Context, domain.FeedID, []string) (map[string]string, error) {
	return nil, nil
}

func (s *feedSink) Upsert(_ context.Context, products []domain.Product) error {
	s.rows = append(s.rows, products...)
	return nil
}

func (s *feedSink) RemoveUnseen(context.Context, domain.FeedID, func(string) bool) (int, error) {
	return 0, nil
}
