package demand

import (
	"fmt"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
)

// Kind is what an export holds.
type Kind string

// The kinds.
const (
	KindOverTime Kind = "interest_over_time" // Series
	KindByRegion Kind = "interest_by_region" // Regions
	KindVolumes  Kind = "keyword_volumes"    // Volumes
)

// Import is what was read from a file.
type Import struct {
	Kind  Kind     `json:"kind"`
	Title []string `json:"title,omitempty"` // the lines before the header
	// Series are by keyword, with the keyword as the header writes it, without its region.
	Series  []KeywordSeries  `json:"series,omitempty"`
	Regions []RegionInterest `json:"regions,omitempty"`
	Volumes []Volume         `json:"volumes,omitempty"`
	// Problems are the fields that could not be read, at most 20; Skipped counts all.
	Problems []string `json:"problems,omitempty"`
	Skipped  int      `json:"skipped"`
}

// KeywordSeries is the interest in a keyword over time, relative to a maximum of 100.
type KeywordSeries struct {
	Keyword string           `json:"keyword"`
	Region  string           `json:"region,omitempty"`
	Step    forecast.Step    `json:"step"`
	Points  []forecast.Point `json:"points"`
	// Below counts the values that the file gives as "<1"; they are taken as one half.
	Below int `json:"below,omitempty"`
}

// RegionInterest is the interest in a keyword in a region, relative to 100.
type RegionInterest struct {
	Region  string  `json:"region"`
	Keyword string  `json:"keyword"`
	Value   float64 `json:"value"`
}

// Volume is how often a keyword is searched in a month. Nil means that the file does
// not say.
type Volume struct {
	Keyword     string           `json:"keyword"`
	Low         *int64           `json:"low,omitempty"`         // average monthly searches, the low end of a range
	High        *int64           `json:"high,omitempty"`        // equal to Low for an exact number
	Competition string           `json:"competition,omitempty"` // low, medium, high
	BidLow      *domain.Money    `json:"bid_low,omitempty"`     // for the top of the page
	BidHigh     *domain.Money    `json:"bid_high,omitempty"`
	Monthly     []forecast.Point `json:"monthly,omitempty"` // searches in each month
}

// maxProblems bounds the problems that are told one by one.
const maxProblems = 20

func (im *Import) problem(format string, args ...any) {
	im.Skipped++
	if len(im.Problems) < maxProblems {
		im.Problems = append(im.Problems, fmt.Sprintf(format, args...))
	}
}

// Parse reads an export. A file of neither kind is CodeInvalid, one above the limits
// CodeTooLarge.
func Parse(data []byte) (*Import, error) {
	table, err := readTable(data)
	if err != nil {
		return nil, err
	}
	if at, columns := plannerHeader(table); at >= 0 {
		return parsePlanner(table, at, columns)
	}
	return parseTrends(table)
}

// titles returns the lines before the header as text.
func titles(table [][]string) []string {
	var out []string
	for _, row := range table {
		out = append(out, strings.TrimSpace(strings.Join(row, " ")))
	}
	return out
}
