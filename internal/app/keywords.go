package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/intelligence/demand"
)

// Sources of keywords.
const (
	sourcePlanner = "keyword_planner"
	sourceRange   = "keyword_planner, low end of a range" // a range counts with its low end
	sourceTrends  = "google_trends"
)

// longestPhrase is the longest search phrase that is taken, in characters.
const longestPhrase = 200

// ImportKeywords reads search phrases and stores them: an export of Google's Keyword
// Planner or of Google Trends as it really looks, or any table or list of phrases. An
// export also brings what changed over time, and Keyword Planner competition and bids.
// Trends give phrases without a number of searches: their figures are relative to each
// other.
func (a *App) ImportKeywords(ctx context.Context, r io.Reader, language string) (int, []domain.RowProblem, error) {
	data, err := readDemand(r)
	if err != nil {
		return 0, nil, err
	}
	list, im, problems, err := readKeywords(data, language)
	if err != nil {
		return 0, nil, err
	}
	if err := a.Catalogue.ImportKeywords(ctx, list); err != nil || im == nil {
		return len(list), problems, err
	}
	source, series := sourceTrends, trendSeries(im, language)
	if im.Kind == demand.KindVolumes {
		source, series = sourcePlanner, plannerSeries(im, language)
	}
	if len(series) == 0 {
		return len(list), problems, nil
	}
	seal(series, data)
	return len(list), problems, a.Market.ImportSeries(ctx, source, series)
}

// readKeywords reads an export of Google if the file is one, else a list of phrases.
func readKeywords(data []byte, language string) ([]domain.Keyword, *demand.Import, []domain.RowProblem, error) {
	if im, err := demand.Parse(data); err == nil {
		if list, problems := exported(im, language); len(list) > 0 {
			return list, im, problems, nil
		}
	}
	list, problems, err := catalog.ReadKeywords(bytes.NewReader(data), language)
	return list, nil, problems, err
}

// exported returns the phrases of an export, each once, the first known demand first.
func exported(im *demand.Import, language string) ([]domain.Keyword, []domain.RowProblem) {
	var list []domain.Keyword
	var problems []domain.RowProblem
	at := map[string]int{}
	add := func(phrase, source string, searches *int) {
		phrase = strings.Join(strings.Fields(strings.Trim(phrase, `"[]+`)), " ")
		switch i, twice := at[strings.ToLower(phrase)]; {
		case phrase == "" || utf8.RuneCountInString(phrase) > longestPhrase:
			problems = append(problems, domain.RowProblem{Reason: "no_keyword", Detail: fmt.Sprintf("%.60s", phrase)})
		case twice:
			if list[i].MonthlySearches == nil {
				list[i].MonthlySearches = searches
			}
		default:
			at[strings.ToLower(phrase)] = len(list)
			list = append(list, domain.Keyword{Phrase: phrase, Language: language, MonthlySearches: searches, Source: source})
		}
	}
	for _, v := range im.Volumes {
		source := sourcePlanner
		var searches *int
		if v.Low != nil {
			searches = new(int(min(*v.Low, math.MaxInt32)))
			if v.High != nil && *v.High != *v.Low {
				source = sourceRange
			}
		}
		add(v.Keyword, source, searches)
	}
	for _, s := range im.Series {
		add(s.Keyword, sourceTrends, nil)
	}
	if len(im.Title) > 0 { // without the title of an export, a table of names and numbers is a list of phrases
		for _, r := range im.Regions {
			add(r.Keyword, sourceTrends, nil)
		}
	}
	for _, p := range im.Problems {
		problems = append(problems, domain.RowProblem{Reason: "unreadable", Detail: p})
	}
	return list, problems
}
