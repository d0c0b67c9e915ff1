package demand

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// parseValue reads a number of Google Trends. "<1" is half of one, and says so.
func parseValue(s string) (v float64, below, ok bool) {
	s = strings.TrimSuffix(strings.TrimSpace(s), "%")
	if rest, cut := strings.CutPrefix(s, "<"); cut {
		v, _, ok = parseValue(rest)
		return v / 2, true, ok
	}
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, false, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) && v >= 0
}

var magnitude = map[string]float64{
	"": 1, "k": 1e3, "tsd": 1e3, "tsd.": 1e3, "thousand": 1e3, "m": 1e6, "mio": 1e6, "mio.": 1e6, "million": 1e6, "b": 1e9, "mrd": 1e9, "mrd.": 1e9,
}

var volume = regexp.MustCompile(`^([0-9][0-9.,' ]*?)\s*([A-Za-z]+\.?)?$`)

// rangeSign parts the ends of a range of volumes.
var rangeSign = regexp.MustCompile(`\s*[–—-]\s*|\s+(?:to|bis)\s+`)

// parseVolume reads a number of searches, or a range of them. Points, commas and
// spaces part thousands, unless a magnitude such as K follows: "1.5K".
func parseVolume(s string) (low, high int64, ok bool) {
	ends := rangeSign.Split(strings.TrimSpace(s), -1)
	if len(ends) > 2 {
		return 0, 0, false
	}
	var values [2]int64
	for i, end := range ends {
		m := volume.FindStringSubmatch(end)
		if m == nil {
			return 0, 0, false
		}
		factor, known := magnitude[strings.ToLower(m[2])]
		if !known {
			return 0, 0, false
		}
		digits := strings.NewReplacer(" ", "", "'", "").Replace(m[1])
		if factor > 1 && strings.Count(digits, ".")+strings.Count(digits, ",") == 1 {
			digits = strings.Replace(digits, ",", ".", 1)
		} else {
			digits = strings.NewReplacer(".", "", ",", "").Replace(digits)
		}
		v, err := strconv.ParseFloat(digits, 64)
		if err != nil || v*factor > 1e15 {
			return 0, 0, false
		}
		values[i] = int64(math.Round(v * factor))
	}
	if len(ends) == 1 {
		values[1] = values[0]
	}
	return values[0], values[1], values[0] <= values[1]
}

// parseBid reads an amount of money as a plain decimal number.
func parseBid(s string, german bool) string {
	s = strings.Trim(s, "€$£ ")
	comma := strings.LastIndexByte(s, ',')
	if german || strings.Count(s, ",") == 1 && comma > strings.LastIndexByte(s, '.') && len(s)-comma <= 3 {
		return strings.Replace(strings.ReplaceAll(s, ".", ""), ",", ".", 1)
	}
	return strings.ReplaceAll(s, ",", "")
}

// dateLayouts are the dates of exports that can be read in one way only.
var dateLayouts = []string{
	"2006-01-02", "2006-01-02T15", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01", "Jan 2006", "January 2006", "Jan-06",
	"Jan 2 2006", "January 2 2006", "Jan 2, 2006", "January 2, 2006", "2 Jan 2006", "2 January 2006", time.RFC3339,
	"2006", "02.01.2006", "2.1.2006", "02.01.2006 15:04", "2.1.06", "2006/01/02",
}

// monthFirst and dayFirst are the dates that can be read in two ways.
var (
	monthFirst = []string{"1/2/2006", "1/2/06", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006 3:04 PM"}
	dayFirst   = []string{"2/1/2006", "2/1/06", "2/1/2006 15:04:05", "2/1/2006 15:04", "2/1/2006 3:04 PM"}
)

// months are the German names of months that differ from the English ones.
var months = strings.NewReplacer("Januar", "January", "Februar", "February", "März", "March", "Mär", "Mar", "Mrz", "Mar", "Mai", "May",
	"Juni", "June", "Juli", "July", "Okt.", "Oct", "Oktober", "October", "Okt", "Oct", "Dezember", "December", "Dez", "Dec")

// weekRange is the first day of weeks as old exports write them: "2004-01-04 - 2004-01-10".
var weekRange = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)\s*[-–]\s*\d{4}-\d\d-\d\d$`)

func parseTime(s string, layouts []string) (time.Time, bool) {
	if m := weekRange.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
		if t, err := time.Parse(layout, months.Replace(s)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// timesOf reads all dates of a column in one way: with slashes the month comes first,
// unless a first number above twelve shows that the day does. ok is the share that
// could be read.
func timesOf(column []string) (times []time.Time, ok float64) {
	for _, ambiguous := range [][]string{monthFirst, dayFirst} {
		layouts := append(append([]string{}, dateLayouts...), ambiguous...)
		found := make([]time.Time, len(column))
		read := 0
		for i, s := range column {
			if t, is := parseTime(s, layouts); is {
				found[i] = t
				read++
			}
		}
		if share := float64(read) / math.Max(1, float64(len(column))); share > ok {
			times, ok = found, share
		}
	}
	return times, ok
}
