// Package eval measures how good the intelligence of this program is, on data sets
// that lie in a directory: one task for each ability, one figure for each data set
// and metric. An operator can run it on data of their own.
//
// The directory has folders by kind (trends, text, pages, products, analytics,
// reference); a task uses every file there that has the layout which it reads,
// whatever it is called. docs/intelligence.md says for each task what it reads, how
// it measures and what came out.
package eval

import (
	"context"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// Dataset is what was measured on one data set.
type Dataset struct {
	Name    string             `json:"name"`
	N       int                `json:"n"` // rows, sentences, pages, … that were measured
	Metrics map[string]float64 `json:"metrics"`
	Seconds float64            `json:"seconds"`
}

// Report is what a task printed.
type Report struct {
	Task     string    `json:"task"`
	Datasets []Dataset `json:"datasets"`
}

// Progress tells how far a task is; it may be called often.
type Progress func(text string)

// task is one ability that can be measured.
type task struct {
	name, text string
	run        func(ctx context.Context, dir string, progress Progress) ([]Dataset, error)
}

// Tasks returns the names of all tasks with one line on each, in order.
func Tasks() (names, texts []string) {
	for _, t := range tasks() {
		names, texts = append(names, t.name), append(texts, t.text)
	}
	return names, texts
}

// Run measures a task on the data in dir. An unknown task is CodeInvalid; a
// directory without data for it is CodeNotFound.
func Run(ctx context.Context, name, dir string, progress Progress) (*Report, error) {
	all := tasks()
	i := slices.IndexFunc(all, func(t task) bool { return t.name == name })
	if i < 0 {
		names, _ := Tasks()
		return nil, domain.Invalid("task", "Task %q does not exist; there are %s.", name, strings.Join(names, ", "))
	}
	sets, err := all[i].run(ctx, dir, progress)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, domain.Errorf(domain.CodeNotFound, "Directory %s holds no data for the task %s.", dir, name)
	}
	return &Report{Task: name, Datasets: sets}, nil
}

// measured runs fn and returns what it measured with the time that it took.
func measured(name string, n int, fn func() (map[string]float64, error)) (Dataset, error) {
	began := time.Now()
	metrics, err := fn()
	return Dataset{Name: name, N: n, Metrics: metrics, Seconds: time.Since(began).Seconds()}, err
}
