package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/learn"
)

// learnKinds are the kinds of reference files with the value by which each is known.
func learnKinds() []struct {
	mark    string
	compare func(r *reference, dir string) (n int, err error)
} {
	return []struct {
		mark    string
		compare func(r *reference, dir string) (n int, err error)
	}{
		{"idf", compareTFIDF},
		{"nb_test_log_odds", compareTexts},
		{"test_probabilities", compareLogistic},
		{"ols_coef", compareLinear},
		{"lloyd_centers", compareKMeans},
	}
}

// evalLearn compares small models with reference values: every file in reference that
// has values of scikit-learn.
func evalLearn(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	paths, err := files(dir, "reference", "*.json")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, path := range paths {
		data, err := readAll(path)
		if err != nil {
			return nil, err
		}
		values := map[string]json.RawMessage{}
		if json.Unmarshal(data, &values) != nil {
			continue
		}
		for _, kind := range learnKinds() {
			if values[kind.mark] == nil {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			progress("comparing " + label(path))
			n := 0
			set, err := measured(label(path), 0, func() (map[string]float64, error) {
				r := newReference(label(path), values)
				var err error
				n, err = kind.compare(r, dir)
				return r.result("versions", "data", "params", "tolerance", "scaling", "lr_params", "test_rows"), err
			})
			if domain.CodeOf(err) == domain.CodeNotFound { // its texts are not in this directory
				progress("skipping " + label(path) + ": " + domain.MessageOf(err))
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("measure %s: %w", label(path), err)
			}
			set.N = n
			out = append(out, set)
		}
	}
	return out, nil
}

// text returns a value that is text or a number as text, empty if there is none.
func (r *reference) text(name string) string {
	var s string
	if raw := r.values[name]; raw != nil && json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

var firstNumber = regexp.MustCompile(`([0-9.]+e-?[0-9]+|[0-9]*\.?[0-9]+)`)

// tolerance finds the tolerance that is stated after a word; without the word, the
// first one.
func (r *reference) tolerance(word string, otherwise float64) float64 {
	text := r.text("tolerance")
	if word != "" {
		_, after, found := strings.Cut(text, word)
		if !found {
			return otherwise
		}
		text = after
	}
	return toleranceIn(text, firstNumber, otherwise)
}

// setting finds name=value in a description.
func setting(text, name string) (string, bool) {
	m := regexp.MustCompile(`\b` + name + `\s*=\s*(\([^)]*\)|[^,;)\s]+)`).FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return strings.Trim(m[1], `'"`), true
}

// vectorizerParams reads the settings of a vectorizer of scikit-learn.
func vectorizerParams(text string) learn.VectorizerParams {
	p := learn.VectorizerParams{Counts: strings.Contains(text, "CountVectorizer")}
	share := func(name string, count *int, part *float64) {
		if v, ok := setting(text, name); ok {
			if n, err := strconv.Atoi(v); err == nil {
				*count = n
			} else if f, err := strconv.ParseFloat(v, 64); err == nil {
				*part = f
			}
		}
	}
	share("min_df", &p.MinDF, &p.MinShare)
	share("max_df", &p.MaxDF, &p.MaxShare)
	share("max_features", &p.MaxFeatures, new(float64))
	if v, ok := setting(text, "ngram_range"); ok {
		_, _ = fmt.Sscanf(strings.ReplaceAll(v, " ", ""), "(%d,%d)", &p.NGramMin, &p.NGramMax)
	}
	is := func(name, value string) bool { v, ok := setting(text, name); return ok && v == value }
	p.Sublinear, p.NoIDF, p.NoSmooth = is("sublinear_tf", "True"), is("use_idf", "False"), is("smooth_idf", "False")
	p.Binary, p.KeepCase = is("binary", "True"), is("lowercase", "False")
	if v, ok := setting(text, "norm"); ok {
		p.Norm = strings.ToLower(v)
	}
	return p
}

// compareTFIDF compares terms, weights, rows and cosines of a TF-IDF vectorizer.
func compareTFIDF(r *reference, _ string) (int, error) {
	var docs []string
	if err := r.need("docs", &docs); err != nil {
		return 0, err
	}
	tol := r.tolerance("", 1e-6)
	v, err := learn.FitVectorizer(docs, vectorizerParams(r.text("params")))
	if err != nil {
		return 0, err
	}
	if err := equalLists(r, "vocabulary", v.Terms); err != nil {
		return 0, err
	}
	if err := r.list("idf", "idf_max_error", v.IDF, tol); err != nil {
		return 0, err
	}
	m := v.Transform(docs)
	var rows [][][2]float64 // of each document: pairs of column and value
	if ok, err := r.take("rows", &rows); err != nil {
		return 0, err
	} else if ok {
		if len(rows) != m.Rows() {
			return 0, domain.Errorf(domain.CodeMalformed, "The reference has %d rows for %d documents.", len(rows), m.Rows())
		}
		for i, row := range rows {
			want := make([]float64, m.Cols())
			for _, cell := range row {
				if !inside(cell[0], m.Cols()) {
					return 0, domain.Errorf(domain.CodeMalformed, "Row %d of the reference names a column that is not in the vocabulary.", i)
				}
				want[int(cell[0])] = cell[1]
			}
			if err := r.compare("rows", "rows_max_error", want, m.Full(i), tol); err != nil {
				return 0, err
			}
		}
	}
	return len(docs), r.cosines(m, tol)
}

// cosines compares the cosines of the first documents with all.
func (r *reference) cosines(m *learn.Matrix, tol float64) error {
	var want [][]float64
	ok, err := r.take("cosine_first5_vs_all", &want)
	if !ok || err != nil {
		return err
	}
	for i := range want {
		if i >= m.Rows() {
			return domain.Errorf(domain.CodeMalformed, "The reference has cosines of %d documents; there are %d.", len(want), m.Rows())
		}
		full, have := m.Full(i), make([]float64, m.Rows())
		for j := range have {
			have[j] = m.Dot(j, full)
		}
		if err := r.compare("cosine_first5_vs_all", "cosine_max_error", want[i], have, tol); err != nil {
			return err
		}
	}
	return nil
}

// compareKMeans compares groups from fixed starts, the best of many starts, and the
// measures of groups.
func compareKMeans(r *reference, _ string) (int, error) {
	var raw [][]float64
	var target, starts []int
	if err := r.need("X_raw", &raw, "target", &target, "init_rows", &starts); err != nil {
		return 0, err
	}
	tol := r.tolerance("", 1e-6)
	m, err := scaled(raw, r.text("scaling"), nil)
	if err != nil {
		return 0, err
	}
	p := learn.KMeansParams{}
	for _, i := range starts {
		if i < 0 || i >= m.Rows() {
			return 0, domain.Errorf(domain.CodeMalformed, "The reference starts from row %d of %d.", i, m.Rows())
		}
		p.Centers = append(p.Centers, m.Full(i))
	}
	fixed, labels, err := learn.FitKMeans(m, p)
	if err != nil {
		return 0, err
	}
	if err := equalLists(r, "lloyd_labels", labels); err != nil {
		return 0, err
	}
	var centers [][]float64
	if err := r.need("lloyd_centers", &centers); err != nil {
		return 0, err
	}
	if err := r.compare("lloyd_centers", "centers_max_error", slices.Concat(centers...), slices.Concat(fixed.Centers...), tol); err != nil {
		return 0, err
	}
	best, _, err := learn.FitKMeans(m, learn.KMeansParams{K: len(starts), Starts: 50, Seed: 1})
	if err != nil {
		return 0, err
	}
	var known float64
	if ok, err := r.take("best_inertia_50_starts", &known); err != nil {
		return 0, err
	} else if ok { // a better result than that of the reference is fine
		r.metrics["best_inertia_excess"] = max(0, best.Inertia/known-1)
		r.judge(max(0, best.Inertia-known), tol)
	}
	return m.Rows(), r.groupScores(m, fixed, labels, target, tol)
}

// groupScores compares what is measured on groups.
func (r *reference) groupScores(m *learn.Matrix, k *learn.KMeans, labels, target []int, tol float64) error {
	scores, err := learn.MeasureGroups(m, labels)
	if err != nil {
		return err
	}
	rand, err := learn.AdjustedRand(target, labels)
	if err != nil {
		return err
	}
	shared, err := learn.NormalizedMutualInformation(target, labels)
	if err != nil {
		return err
	}
	for name, v := range map[string]float64{
		"lloyd_inertia": k.Inertia, "lloyd_iterations": float64(k.Iterations), "silhouette": scores.Silhouette,
		"davies_bouldin": scores.DaviesBouldin, "calinski_harabasz": scores.CalinskiHarabasz,
		"adjusted_rand_vs_target": rand, "nmi_vs_target": shared, "normalized_mutual_info_vs_target": shared,
	} {
		if err := r.number(name, tol, v); err != nil {
			return err
		}
	}
	var ratios []float64
	ok, err := r.take("pca_explained_variance_ratio", &ratios)
	if !ok || err != nil {
		return err
	}
	p, err := learn.FitPCA(m, len(ratios))
	if err != nil {
		return err
	}
	return r.compare("pca_explained_variance_ratio", "pca_ratio_max_error", ratios, p.Ratio, tol)
}

// scaled returns rows in the scaling that a reference describes: raw, or brought to
// mean 0 and deviation 1 as learned from all rows or from the training rows.
func scaled(raw [][]float64, how string, train []int) (*learn.Matrix, error) {
	m, err := learn.Dense(raw)
	if err != nil || !strings.Contains(how, "StandardScaler") {
		return m, err
	}
	from := m
	if strings.Contains(how, "train") && train != nil {
		from = m.Select(train)
	}
	s, err := learn.FitScaler(from)
	if err != nil {
		return nil, err
	}
	return s.Transform(m)
}
