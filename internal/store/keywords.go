package store

import (
	"context"
	"strings"

	"empire/internal/domain"
)

// Keywords are search phrases with their demand.
type Keywords struct{ db *DB }

const keywordColumns = `phrase, language, monthly_searches, source`

func scanKeyword(r row) (k domain.Keyword, err error) {
	err = r.Scan(&k.Phrase, &k.Language, &k.MonthlySearches, &k.Source)
	return k, err
}

var keywordBulk = bulk{
	into: "keywords (language, phrase_lower, phrase, monthly_searches, source)", columns: 5,
	after: `ON CONFLICT (language, phrase_lower) DO UPDATE SET phrase = excluded.phrase, monthly_searches = excluded.monthly_searches,
		source = excluded.source`,
}

// Upsert stores keywords, all or none. A keyword is known by its language and its
// phrase in any case; of two equal ones the last counts.
func (s *Keywords) Upsert(ctx context.Context, keywords []domain.Keyword) error {
	at := make(map[[2]string]int, len(keywords))
	var list []domain.Keyword
	for _, k := range keywords {
		key := [2]string{k.Language, strings.ToLower(k.Phrase)}
		if i, seen := at[key]; seen {
			list[i] = k
			continue
		}
		at[key] = len(list)
		list = append(list, k)
	}
	err := keywordBulk.write(ctx, s.db, len(list), func(args []any, i int) []any {
		k := list[i]
		return append(args, k.Language, strings.ToLower(k.Phrase), k.Phrase, k.MonthlySearches, k.Source)
	})
	return s.db.fail(err, "store keywords")
}

// Match returns the keywords of a language whose phrase contains every term, the
// most searched first. No terms match nothing.
func (s *Keywords) Match(ctx context.Context, language string, terms []string) ([]domain.Keyword, error) {
	if len(terms) == 0 {
		return []domain.Keyword{}, nil
	}
	f := filter{conds: []string{"language = $1"}, args: []any{language}}
	for _, t := range terms {
		f.containsAny("phrase_lower", []string{t})
	}
	list, err := getAll(ctx, s.db, scanKeyword,
		`SELECT `+keywordColumns+` FROM keywords`+f.where()+` ORDER BY monthly_searches DESC NULLS LAST, phrase_lower`, f.args...)
	return list, s.db.fail(err, "match keywords")
}

// List returns keywords ordered by language and phrase, and how many there are.
func (s *Keywords) List(ctx context.Context, w domain.Window) ([]domain.Keyword, int, error) {
	const query = `SELECT ` + keywordColumns + ` FROM keywords ORDER BY language, phrase_lower LIMIT $1 OFFSET $2`
	total, err := s.db.count(ctx, `SELECT count(*) FROM keywords`)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	list, err := getAll(ctx, s.db, scanKeyword, query, limit, offset)
	return list, total, s.db.fail(err, "list keywords")
}
