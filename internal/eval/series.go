package eval

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"empire/internal/intelligence/forecast"
)

// labeled is a series with the part of it that is to be forecast.
type labeled struct {
	id          string
	train, test []float64
	labels      []string // of the training part
}

// seriesFile is a file of series with what is known about it.
type seriesFile struct {
	path   string
	series []*labeled
	season int   // of the seasonal-naive baseline; 1 for none
	hints  []int // periods that its calendar suggests
}

// forecastFiles returns the files of the folder trends that have the columns
// series_id, value and part.
func forecastFiles(dir string) ([]seriesFile, error) {
	paths, err := files(dir, "trends", "*.csv")
	if err != nil {
		return nil, err
	}
	seasons, err := statedSeasons(dir)
	if err != nil {
		return nil, err
	}
	var out []seriesFile
	for _, path := range paths {
		f := seriesFile{path: path, season: seasons[filepath.Base(path)]}
		byID := map[string]*labeled{}
		ok, err := rows(path, []string{"series_id", "value", "part"}, func(get func(string) string) {
			s := byID[get("series_id")]
			if s == nil {
				s = &labeled{id: get("series_id")}
				byID[s.id] = s
				f.series = append(f.series, s)
			}
			v, err := strconv.ParseFloat(get("value"), 64)
			if err != nil {
				v = math.NaN()
			}
			if get("part") == "test" {
				s.test = append(s.test, v)
			} else {
				s.train = append(s.train, v)
				s.labels = append(s.labels, get("label"))
			}
		})
		if err != nil {
			return nil, err
		}
		if !ok || len(f.series) == 0 {
			continue
		}
		f.decideSeason()
		out = append(out, f)
	}
	return out, nil
}

// statedSeasons returns the season that BASELINES.json states for each file.
func statedSeasons(dir string) (map[string]int, error) {
	paths, err := files(dir, "trends", "BASELINES.json")
	if err != nil || len(paths) == 0 {
		return nil, err
	}
	data, err := readAll(paths[0])
	if err != nil {
		return nil, err
	}
	var in struct {
		Baselines map[string]struct {
			Season int `json:"season"`
		} `json:"baselines"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("read %s: %w", paths[0], err)
	}
	out := map[string]int{}
	for name, b := range in.Baselines {
		out[name] = b.Season
	}
	return out, nil
}

// decideSeason sets season and hints: as stated, or as the dates of the labels
// suggest, or as most series show.
func (f *seriesFile) decideSeason() {
	if f.season == 0 {
		f.hints = forecast.Natural(f.labelStep())
		if f.hints == nil {
			f.hints = f.commonPeriod()
		}
		f.season = 1
		if len(f.hints) > 0 {
			f.season = f.hints[0]
		}
		return
	}
	f.hints = []int{}
	switch f.season {
	case 1:
	case 24:
		f.hints = forecast.Natural(forecast.StepHour)
	case 7:
		f.hints = forecast.Natural(forecast.StepDay)
	default:
		f.hints = []int{f.season}
	}
}

// labelStep returns the step of the first series' labels, if they are dates.
func (f *seriesFile) labelStep() forecast.Step {
	var points []forecast.Point
	for _, label := range f.series[0].labels {
		for _, layout := range []string{"2006-01-02", "Jan 2006", "2006-01", "2006-01-02 15:04:05", time.RFC3339} {
			if t, err := time.Parse(layout, label); err == nil {
				points = append(points, forecast.Point{Time: t})
				break
			}
		}
	}
	step, err := forecast.GuessStep(points)
	if err != nil {
		return forecast.StepNone
	}
	return step
}

// commonPeriod returns the strongest period that at least a quarter of the series show.
func (f *seriesFile) commonPeriod() []int {
	counts := map[int]int{}
	for _, s := range f.series {
		if p := forecast.Plain(s.train).Periods(); len(p) > 0 {
			counts[p[0].Length]++
		}
	}
	best := 0
	for length, n := range counts {
		if n > counts[best] || n == counts[best] && length < best {
			best = length
		}
	}
	if counts[best]*4 < len(f.series) || best == 0 {
		return []int{}
	}
	return []int{best}
}

// rows calls fn for every row of a CSV file that has the columns; ok is false if it
// has not.
func rows(path string, columns []string, fn func(get func(string) string)) (ok bool, err error) {
	r, err := open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }()
	c := csv.NewReader(r)
	c.FieldsPerRecord, c.ReuseRecord, c.LazyQuotes = -1, true, true
	head, err := c.Read()
	if err != nil {
		return false, nil //nolint:nilerr // an empty file has no columns
	}
	index := map[string]int{}
	for i, name := range head {
		index[strings.TrimPrefix(name, "\uFEFF")] = i
	}
	if slices.ContainsFunc(columns, func(c string) bool { _, has := index[c]; return !has }) {
		return false, nil
	}
	for {
		record, err := c.Read()
		if err == io.EOF { //nolint:errorlint // csv returns it bare
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", path, err)
		}
		fn(func(name string) string {
			if i, has := index[name]; has && i < len(record) {
				return record[i]
			}
			return ""
		})
	}
}
