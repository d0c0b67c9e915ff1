package eval

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// reference compares our values with those that another program computed, and counts
// which of them lie outside their tolerance.
type reference struct {
	name    string
	values  map[string]json.RawMessage
	metrics map[string]float64
	known   map[string]bool // values that were asked for
	count   float64
	outside float64
}

func newReference(name string, values map[string]json.RawMessage) *reference {
	return &reference{name: name, values: values, metrics: map[string]float64{}, known: map[string]bool{}}
}

// take decodes a value and marks its name as known. It is false if the file has no
// such value.
func (r *reference) take(name string, into any) (bool, error) {
	r.known[name] = true
	raw, ok := r.values[name]
	if !ok || string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, domain.Errorf(domain.CodeMalformed, "The reference value %q of %q has another form than expected.", name, r.name)
	}
	return true, nil
}

// need is take for values without which the others mean nothing, given as pairs of
// name and target.
func (r *reference) need(pairs ...any) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		ok, err := r.take(name, pairs[i+1])
		if err != nil {
			return err
		}
		if !ok {
			return domain.Errorf(domain.CodeMalformed, "The reference %q has no value %q.", r.name, name)
		}
	}
	return nil
}

// judge counts one difference.
func (r *reference) judge(diff, tolerance float64) {
	r.count++
	if !(diff <= tolerance) {
		r.outside++
	}
}

// compare compares two lists and keeps the largest difference as a metric.
func (r *reference) compare(name, metric string, want, have []float64, tolerance float64) error {
	if len(have) != len(want) {
		return domain.Errorf(domain.CodeMalformed, "The reference %q of %q has %d values; there should be %d.", name, r.name, len(want), len(have))
	}
	worst := r.metrics[metric]
	for i := range want {
		diff := math.Abs(have[i] - want[i])
		if math.IsNaN(diff) {
			diff = math.Inf(1)
		}
		worst = max(worst, diff)
		r.judge(diff, tolerance)
	}
	r.metrics[metric] = min(worst, math.MaxFloat64) // JSON has no infinity
	return nil
}

// list compares a list of the reference, if it has that.
func (r *reference) list(name, metric string, have []float64, tolerance float64) error {
	var want []float64
	ok, err := r.take(name, &want)
	if !ok || err != nil {
		return err
	}
	return r.compare(name, metric, want, have, tolerance)
}

// number compares one value of the reference, if it has that.
func (r *reference) number(name string, tolerance, have float64) error {
	var want float64
	ok, err := r.take(name, &want)
	if !ok || err != nil {
		return err
	}
	return r.compare(name, name+"_error", []float64{want}, []float64{have}, tolerance)
}

// equal compares lists that must be the same.
func equalLists[T comparable](r *reference, name string, have []T) error {
	var want []T
	ok, err := r.take(name, &want)
	if !ok || err != nil {
		return err
	}
	wrong := 0.0
	if !slices.Equal(want, have) {
		wrong = 1
	}
	r.metrics[name+"_differs"] = wrong
	r.judge(wrong, 0)
	return nil
}

// result adds how many values were compared, how many lie outside their tolerance, and
// how many entries of the file nobody asked for; described are those that only
// describe it.
func (r *reference) result(described ...string) map[string]float64 {
	unchecked := 0.0
	for name := range r.values {
		if !r.known[name] && !slices.Contains(described, name) {
			unchecked++
		}
	}
	r.metrics["values"], r.metrics["values_outside"], r.metrics["entries_unchecked"] = r.count, r.outside, unchecked
	r.metrics["within_tolerance"] = 1
	if r.outside > 0 || unchecked > 0 || r.count == 0 {
		r.metrics["within_tolerance"] = 0
	}
	return r.metrics
}

// toleranceIn finds a number in a text by a pattern with one group.
func toleranceIn(text string, pattern *regexp.Regexp, otherwise float64) float64 {
	if m := pattern.FindStringSubmatch(text); m != nil {
		if v, err := strconv.ParseFloat(strings.TrimSuffix(m[1], "."), 64); err == nil {
			return v
		}
	}
	return otherwise
}
