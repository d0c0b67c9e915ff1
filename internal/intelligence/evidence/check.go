package evidence

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// evidence checks one piece of evidence, once.
func (v *verifier) evidence(e domain.Evidence) error {
	if err, done := v.checked[e.ID]; done {
		return err
	}
	v.checked[e.ID] = errCircle // unless a hash is forged, an input cannot refer back
	err := v.evidenceOnce(e)
	v.checked[e.ID] = err
	return err
}

var errCircle = errors.New("a computation rests on itself")

func (v *verifier) evidenceOnce(e domain.Evidence) error {
	if !sealed(e) {
		return fmt.Errorf("evidence %s was changed", e.ID)
	}
	switch e.Kind {
	case domain.EvidenceFeed:
		return v.span(e)
	case domain.EvidenceSet:
		return v.set(e)
	case domain.EvidenceComputation:
		return v.computation(e)
	case domain.EvidenceSnapshot:
		return v.snapshot(e)
	case domain.EvidenceSetting, domain.EvidenceRule:
		if strings.TrimSpace(e.Value) == "" {
			return fmt.Errorf("setting %s is empty", e.Field)
		}
		return nil
	default:
		return fmt.Errorf("evidence of unknown kind %q", e.Kind)
	}
}

// sealed reports whether the ID belongs to the content. Content that cannot be
// sealed (NaN and infinity are not JSON) is not.
func sealed(e domain.Evidence) bool {
	for _, v := range slices.Concat(e.Values, e.Args, []float64{e.Result}) {
		if _, ok := finite(v); !ok {
			return false
		}
	}
	return e.Seal().ID == e.ID
}

func (v *verifier) span(e domain.Evidence) error {
	row, ok := v.rows.Row(e.FeedID, e.RowKey)
	if !ok {
		return fmt.Errorf("feed row %s is not in the market", e.RowKey)
	}
	if e.Value == "" || !stands(e.Field, row.Fields[e.Field], e.Value) {
		return fmt.Errorf("%q is not in field %s of row %s", clip(e.Value), e.Field, e.RowKey)
	}
	if e.At == nil || !e.At.Equal(row.ReadAt) {
		return fmt.Errorf("row %s was read at another time than its evidence says", e.RowKey)
	}
	return nil
}

// snapshot checks a span of a kept page: the hash of the page, and that the span
// stands in its text.
func (v *verifier) snapshot(e domain.Evidence) error {
	pages, ok := v.rows.(snapshots)
	if !ok {
		return fmt.Errorf("the snapshot of %s cannot be read here", e.URL)
	}
	if err := pages.Snapshot(e); err != nil {
		return fmt.Errorf("%s", domain.MessageOf(err))
	}
	return nil
}

// stands reports whether span stands in a column's text without cutting a figure:
// "99" does not stand in "299", nor "1.5" in "11.5" or "1.55".
func stands(column, text, span string) bool {
	for from := 0; ; from++ {
		i := strings.Index(text[from:], span)
		if i < 0 {
			return false
		}
		from += i
		if !cuts(column, text[:from], span) && !cutsAfter(column, span, text[from+len(span):]) {
			return true
		}
	}
}

// cuts reports whether a figure begins in before and goes on in span.
func cuts(column, before, span string) bool {
	if span[0] < '0' || span[0] > '9' || before == "" {
		return false
	}
	return endsInDigit(before) || joins(column, before[len(before)-1]) && endsInDigit(before[:len(before)-1])
}

// cutsAfter reports whether a figure at the end of span goes on in after.
func cutsAfter(column, span, after string) bool {
	if !endsInDigit(span) || after == "" {
		return false
	}
	return startsWithDigit(after) || joins(column, after[0]) && startsWithDigit(after[1:])
}

// joins reports whether c joins digits to one figure; commas in lists do not.
func joins(column string, c byte) bool { return c == '.' || c == ',' && column != listColumn }

func endsInDigit(s string) bool { return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' }

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// set checks that the market says every value of a set, if rows can tell.
func (v *verifier) set(e domain.Evidence) error {
	if len(e.Rows) != len(e.Values) {
		return fmt.Errorf("set %s has %d rows and %d values", e.ID, len(e.Rows), len(e.Values))
	}
	states, ok := v.rows.(stater)
	if !ok {
		return nil
	}
	for i, row := range e.Rows {
		if !states.States(row, e.Field, e.Values[i]) {
			return fmt.Errorf("row %s does not have the value %v for %s", row, e.Values[i], e.Field)
		}
	}
	return nil
}

func (v *verifier) computation(e domain.Evidence) error {
	in := make([][]float64, len(e.Inputs))
	for i, id := range e.Inputs {
		input, ok := v.ledger.Get(id)
		if !ok {
			return fmt.Errorf("input %s of a computation is missing", id)
		}
		if err := v.evidence(input); err != nil {
			return err
		}
		if in[i], ok = numbersOf(input); !ok {
			return fmt.Errorf("input %s of a computation holds no numbers", id)
		}
	}
	if _, known := Formulas[e.Formula]; !known {
		return fmt.Errorf("formula %q does not exist", e.Formula)
	}
	if len(e.Args) < arguments[e.Formula] {
		return fmt.Errorf("%s has %d arguments and needs %d", e.Formula, len(e.Args), arguments[e.Formula])
	}
	got, ok := evaluate(e.Formula, in, e.Args)
	if !ok {
		return fmt.Errorf("%s has no result for its inputs", e.Formula)
	}
	if math.Abs(got-e.Result) > 1e-6*max(1, math.Abs(got)) {
		return fmt.Errorf("%s computed again gives %v, not %v", e.Formula, got, e.Result)
	}
	if e.Value != formatResult(e.Result) {
		return fmt.Errorf("%s gives %s and is written %q", e.Formula, formatResult(e.Result), clip(e.Value))
	}
	return nil
}
