package demand

import (
	"regexp"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
)

// parseTrends reads an export of Google Trends: a header, then rows that begin with a
// date or with a region.
func parseTrends(table [][]string) (*Import, error) {
	head := trendsHeader(table)
	if head < 0 {
		return nil, domain.Invalid("file", "The file has no rows with a date or a region followed by numbers, so it is no export of Google Trends, "+
			"and no column “Keyword” with monthly searches, so it is none of Keyword Planner. Rankings without numbers cannot be used.")
	}
	im := &Import{Title: titles(table[:head])}
	names, body := table[head][1:], table[head+1:]
	first := make([]string, len(body))
	for i, row := range body {
		first[i] = row[0]
	}
	times, share := timesOf(first)
	if share < 0.6 {
		im.Kind = KindByRegion
		im.readRegions(names, body)
		if len(im.Regions) == 0 {
			return nil, domain.Invalid("file", "The file has no dates and no numbers that could be an interest.")
		}
		return im, nil
	}
	im.Kind = KindOverTime
	for k, name := range names {
		s := KeywordSeries{}
		s.Keyword, s.Region = splitRegion(name)
		for i, row := range body {
			if times[i].IsZero() {
				if k == 0 {
					im.problem("Row %d: %q is no date.", head+2+i, row[0])
				}
				continue
			}
			if k+1 >= len(row) || row[k+1] == "" {
				continue // a gap
			}
			v, below, ok := parseValue(row[k+1])
			if !ok {
				im.problem("Row %d: %q is no number.", head+2+i, row[k+1])
				continue
			}
			if below {
				s.Below++
			}
			s.Points = append(s.Points, forecast.Point{Time: times[i], Value: v})
		}
		if len(s.Points) == 0 {
			continue
		}
		if step, err := forecast.GuessStep(s.Points); err == nil {
			s.Step = step
		}
		im.Series = append(im.Series, s)
	}
	if len(im.Series) == 0 {
		return nil, domain.Invalid("file", "The file has dates, but no numbers beside them.")
	}
	return im, nil
}

func (im *Import) readRegions(names []string, body [][]string) {
	for i, row := range body {
		for k, name := range names {
			if k+1 >= len(row) || row[k+1] == "" {
				continue
			}
			v, _, ok := parseValue(row[k+1])
			if !ok {
				im.problem("Row %d of the table: %q is no number.", i+1, row[k+1])
				continue
			}
			keyword, _ := splitRegion(name)
			im.Regions = append(im.Regions, RegionInterest{Region: row[0], Keyword: keyword, Value: v})
		}
	}
}

// trendsHeader returns the row after which rows with numbers follow, or -1. Titles are
// longer or shorter than the rows of the table; the header is as long.
func trendsHeader(table [][]string) int {
	for i, row := range table {
		if i > 20 || i+2 > len(table) {
			break
		}
		if len(row) < 2 || numeric(row) {
			continue
		}
		good, rows := 0, 0
		for _, below := range table[i+1 : min(len(table), i+40)] {
			rows++
			if len(below) >= 2 && len(below) <= len(row)+1 && numeric(below) {
				good++
			}
		}
		if good*2 > rows {
			return i
		}
	}
	return -1
}

// numeric reports whether at least half of the fields after the first are numbers, one
// at least.
func numeric(row []string) bool {
	n := 0
	for _, field := range row[1:] {
		if _, _, ok := parseValue(field); ok {
			n++
		}
	}
	return n > 0 && 2*n >= len(row)-1
}

var inRegion = regexp.MustCompile(`^(.*?):\s*\(([^()]*)\)$`)

// splitRegion takes the region from a column's name: "keyword: (Germany)".
func splitRegion(name string) (keyword, region string) {
	if m := inRegion.FindStringSubmatch(name); m != nil {
		return strings.TrimSpace(m[1]), m[2]
	}
	return name, ""
}
