package catalog

import "empire/internal/domain"

// samplesPerReason caps the examples that a report keeps for each reason.
const samplesPerReason = 3

// tally counts what became of rows and fields.
type tally struct {
	rows     int // rows read, good and bad
	rejected int
	lost     int // rejected because they could not be read, not for what they say
	reasons  map[string]int
	samples  []domain.RowProblem
}

func newTally() *tally { return &tally{reasons: map[string]int{}} }

// note counts a repaired or dropped field, or a rejected row, under a reason.
func (t *tally) note(line int, reason, detail string) {
	t.reasons[reason]++
	if t.reasons[reason] <= samplesPerReason {
		t.samples = append(t.samples, domain.RowProblem{Line: line, Reason: reason, Detail: detail})
	}
}

// reject counts a row that is not used.
func (t *tally) reject(line int, reason, detail string) {
	t.rejected++
	switch reason {
	case rejectQuote, rejectRagged, rejectLong, rejectCut:
		t.lost++
	}
	t.note(line, reason, detail)
}
