package demand

import (
	"regexp"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
)

// column is a column of Keyword Planner.
type column string

const (
	columnKeyword     column = "keyword"
	columnCurrency    column = "currency"
	columnAverage     column = "average"
	columnLow         column = "low"
	columnHigh        column = "high"
	columnCompetition column = "competition"
	columnBidLow      column = "bid low"
	columnBidHigh     column = "bid high"
)

// plannerNames are the names of the columns in English and German.
var plannerNames = map[string]column{
	"keyword": columnKeyword, "keywords": columnKeyword, "suchbegriff": columnKeyword,
	"currency": columnCurrency, "währung": columnCurrency,
	"avg. monthly searches": columnAverage, "avg monthly searches": columnAverage, "average monthly searches": columnAverage,
	"durchschnittl. suchanfragen pro monat": columnAverage, "durchschnittliche suchanfragen pro monat": columnAverage,
	"durchschn. suchanfragen pro monat": columnAverage, "suchanfragen pro monat (durchschn.)": columnAverage,
	"min search volume": columnLow, "max search volume": columnHigh, "min. suchvolumen": columnLow, "max. suchvolumen": columnHigh,
	"competition": columnCompetition, "wettbewerb": columnCompetition,
	"top of page bid (low range)": columnBidLow, "top of page bid (high range)": columnBidHigh,
	"gebot für obere positionen (unterer bereich)": columnBidLow, "gebot für obere positionen (oberer bereich)": columnBidHigh,
	"gebot für die obere position (unterer bereich)": columnBidLow, "gebot für die obere position (oberer bereich)": columnBidHigh,
	"gebot für eine anzeige oben auf der seite (unterer bereich)": columnBidLow, "gebot für eine anzeige oben auf der seite (oberer bereich)": columnBidHigh,
}

// monthColumn finds the columns of single months: "Searches: Apr 2024".
var monthColumn = regexp.MustCompile(`(?i)^(?:searches|suchanfragen)\s*:\s*(.+)$`)

// plannerHeader returns the row with a column for the keyword and one for searches,
// and its columns, or -1.
func plannerHeader(table [][]string) (int, map[column]int) {
	for i, row := range table[:min(len(table), 20)] {
		columns := map[column]int{}
		for k, name := range row {
			if c, ok := plannerNames[strings.ToLower(strings.Join(strings.Fields(name), " "))]; ok {
				if _, has := columns[c]; !has {
					columns[c] = k
				}
			}
		}
		_, keyword := columns[columnKeyword]
		_, average := columns[columnAverage]
		_, low := columns[columnLow]
		if keyword && (average || low) {
			return i, columns
		}
	}
	return -1, nil
}

var competitions = map[string]string{
	"low": "low", "medium": "medium", "high": "high", "niedrig": "low", "gering": "low", "mittel": "medium", "hoch": "high",
}

func parsePlanner(table [][]string, head int, columns map[column]int) (*Import, error) {
	im := &Import{Kind: KindVolumes, Title: titles(table[:head])}
	german := false
	for _, name := range table[head] {
		lower := strings.ToLower(name)
		german = german || lower == "währung" || strings.Contains(lower, "suchanfragen")
	}
	for i, row := range table[head+1:] {
		get := func(c column) string {
			if k, ok := columns[c]; ok && k < len(row) && row[k] != "--" {
				return row[k]
			}
			return ""
		}
		v := Volume{Keyword: get(columnKeyword), Competition: competitions[strings.ToLower(get(columnCompetition))]}
		if v.Keyword == "" {
			continue // sums at the end
		}
		line := head + 2 + i
		im.volumes(&v, get, line)
		currency := get(columnCurrency)
		v.BidLow = im.bid(get(columnBidLow), currency, german, line)
		v.BidHigh = im.bid(get(columnBidHigh), currency, german, line)
		for k, name := range table[head] {
			m := monthColumn.FindStringSubmatch(name)
			if m == nil || k >= len(row) || row[k] == "" || row[k] == "--" {
				continue
			}
			month, ok := parseTime(m[1], dateLayouts)
			low, high, okValue := parseVolume(row[k])
			if !ok || !okValue {
				im.problem("Row %d: %q in column %q cannot be read.", line, row[k], name)
				continue
			}
			v.Monthly = append(v.Monthly, forecast.Point{Time: month, Value: float64(low+high) / 2})
		}
		im.Volumes = append(im.Volumes, v)
	}
	if len(im.Volumes) == 0 {
		return nil, domain.Invalid("file", "The file has the header of Keyword Planner, but no keywords below it.")
	}
	return im, nil
}

// volumes sets the searches of a row, from one column or from two.
func (im *Import) volumes(v *Volume, get func(column) string, line int) {
	if s := get(columnAverage); s != "" {
		low, high, ok := parseVolume(s)
		if !ok {
			im.problem("Row %d: %q is no number of searches.", line, s)
			return
		}
		v.Low, v.High = &low, &high
		return
	}
	low, _, okLow := parseVolume(get(columnLow))
	_, high, okHigh := parseVolume(get(columnHigh))
	if okLow && okHigh && low <= high {
		v.Low, v.High = &low, &high
	}
}

func (im *Import) bid(s, currency string, german bool, line int) *domain.Money {
	if s == "" || currency == "" {
		return nil
	}
	m, err := domain.MoneyFromDecimal(parseBid(s, german), strings.ToUpper(currency))
	if err != nil || m.Minor < 0 {
		im.problem("Row %d: %q is no bid in %s.", line, s, currency)
		return nil
	}
	return &m
}
