package store_test

import (
	"fmt"
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// BenchmarkTrafficPortfolio reads the sums of 1,500 websites over a number of days, as a
// report of all websites does when nothing is remembered: from the sums of websites and from
// the sheets of days.
func BenchmarkTrafficPortfolio(b *testing.B) {
	st := testkit.DB(b)
	const fill = `WITH RECURSIVE site(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM site WHERE n < 1500), day(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM day WHERE n < 399)`
	for _, query := range []string{
		fill + ` INSERT INTO websites (id, tenant, name, domain, niche, language, title, state, feed_ids, live_release, pointer_seq, operator, owner_id, created_at, updated_at)
			SELECT 'site_' || n, 'main', 'n' || n, 'd' || n || '.example', 'x', 'en', 'x', 'live', '[]', '', n, '{}', 'user_1', 0, 0 FROM site`,
		fill + ` INSERT INTO traffic_sums (website_id, grain, start, class, views, visitors, sessions, clicks)
			SELECT 'site_' || site.n, 24, day.n * 24, class, 17, 9, 10, 2 FROM site, day, (SELECT 'person' AS class UNION SELECT 'bot')`,
	} {
		if _, err := st.DB().Writer().ExecContext(b.Context(), query); err != nil {
			b.Fatal(err)
		}
	}
	for _, days := range []int64{2, 30, 365} {
		span := domain.TrafficSpan{From: (400 - days) * 24, To: 400 * 24, Step: 24}
		read := func(b *testing.B) {
			for b.Loop() {
				figures, err := st.Traffic.Figures(b.Context(), "main", span)
				if err != nil || len(figures.Sums) != 3000 {
					b.Fatal(len(figures.Sums), err)
				}
			}
		}
		b.Run(fmt.Sprint(days, "-of-websites"), read)
		if _, err := st.Traffic.SumDays(b.Context(), 400*24); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(days, "-of-days"), read)
		if _, err := st.DB().Writer().ExecContext(b.Context(), `DELETE FROM traffic_days`); err != nil {
			b.Fatal(err)
		}
	}
}
