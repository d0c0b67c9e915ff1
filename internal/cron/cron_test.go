package cron_test

import (
	"strings"
	"testing"
	"time"

	"empire/internal/cron"
)

const layout = "2006-01-02 15:04:05 -0700"

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		spec, zone, after string
		want              []string
	}{
		{"* * * * *", "UTC", "2026-05-01 12:00:30 +0000", []string{"2026-05-01 12:01:00 +0000", "2026-05-01 12:02:00 +0000"}},
		{"0 3 * * *", "UTC", "2026-05-01 03:00:00 +0000", []string{"2026-05-02 03:00:00 +0000"}},
		{"0 3 * * *", "Europe/Berlin", "2026-05-01 03:00:00 +0000", []string{"2026-05-02 01:00:00 +0000", "2026-05-03 01:00:00 +0000"}},
		{"*/20 8-9,22 * * *", "UTC", "2026-05-01 08:30:00 +0000", []string{"2026-05-01 08:40:00 +0000", "2026-05-01 09:00:00 +0000", "2026-05-01 09:20:00 +0000", "2026-05-01 09:40:00 +0000", "2026-05-01 22:00:00 +0000"}},
		{"5/25 0 1 jan *", "UTC", "2026-05-01 00:00:00 +0000", []string{"2027-01-01 00:05:00 +0000", "2027-01-01 00:30:00 +0000", "2027-01-01 00:55:00 +0000", "2028-01-01 00:05:00 +0000"}},
		{"0 0 * * Mon-Fri", "UTC", "2026-05-01 00:00:00 +0000", []string{"2026-05-04 00:00:00 +0000", "2026-05-05 00:00:00 +0000"}},
		{"0 0 * * 7", "UTC", "2026-05-01 00:00:00 +0000", []string{"2026-05-03 00:00:00 +0000", "2026-05-10 00:00:00 +0000"}},
		{"0 0 * * 5-7", "UTC", "2026-05-02 00:00:00 +0000", []string{"2026-05-03 00:00:00 +0000", "2026-05-08 00:00:00 +0000"}},
		{"0 0 13 * fri", "UTC", "2026-05-01 00:00:00 +0000", []string{"2026-05-08 00:00:00 +0000", "2026-05-13 00:00:00 +0000", "2026-05-15 00:00:00 +0000"}},
		{"0 0 */2 * mon", "UTC", "2026-05-01 00:00:00 +0000", []string{"2026-05-11 00:00:00 +0000", "2026-05-25 00:00:00 +0000"}},
		{"0 0 29 2 *", "UTC", "2026-05-01 00:00:00 +0000", []string{"2028-02-29 00:00:00 +0000", "2032-02-29 00:00:00 +0000"}},
		{"0 0 31 * *", "UTC", "2026-04-01 00:00:00 +0000", []string{"2026-05-31 00:00:00 +0000", "2026-07-31 00:00:00 +0000"}},
		{"0 0 29 2 mon-sun/7", "UTC", "2026-05-01 00:00:00 +0000", nil},
		{"0 0 30 2 *", "UTC", "2026-05-01 00:00:00 +0000", []string{"0001-01-01 00:00:00 +0000"}},
		// Clocks go from 2:00 to 3:00 on 29 March 2026 and from 3:00 to 2:00 on 25 October.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28 02:00:00 +0000", []string{"2026-03-30 00:30:00 +0000"}},
		{"30 2 * * *", "Europe/Berlin", "2026-10-24 12:00:00 +0000", []string{"2026-10-25 00:30:00 +0000", "2026-10-26 01:30:00 +0000"}},
		{"0 * * * *", "Europe/Berlin", "2026-03-29 00:00:00 +0000", []string{"2026-03-29 01:00:00 +0000", "2026-03-29 02:00:00 +0000"}},
		{"0 12 * * *", "America/New_York", "2026-01-01 00:00:00 +0000", []string{"2026-01-01 17:00:00 +0000"}},
	} {
		s, err := cron.Parse(tt.spec, zone(t, tt.zone))
		if tt.want == nil {
			if err == nil {
				t.Errorf("%s was read", tt.spec)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.spec, err)
			continue
		}
		at, err := time.Parse(layout, tt.after)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			at = s.Next(at)
			if got := at.Format(layout); got != want {
				t.Errorf("%s in %s: got %s, want %s", tt.spec, tt.zone, got, want)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{
		"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 8", "-1 * * * *",
		"+1 * * * *", "5-1 * * * *", "*/0 * * * *", "*/60 * * * *", "*/x * * * *", "1,,2 * * * *", ", * * * *", "a * * * *", "* * * januar *", "1-2-3 * * * *",
		"@daily", "** * * * *", "1/2/3 * * * *", "* * mon * *", "/5 * * * *",
	} {
		if _, err := cron.Parse(spec, nil); err == nil {
			t.Errorf("%q was read", spec)
		}
	}
}

// FuzzParse: the next time is later, at a whole minute that the fields name, and
// nothing that they name lies before it on the same day.
func FuzzParse(f *testing.F) {
	f.Add("*/15 8-18/2 * * mon-fri", int64(1777636800))
	f.Add("30 2 29 feb *", int64(0))
	f.Add("0 0 13 * 5", int64(1e9))
	f.Fuzz(func(t *testing.T, spec string, seconds int64) {
		z := zone(t, "Europe/Berlin")
		s, err := cron.Parse(spec, z)
		if err != nil {
			return
		}
		after := time.Unix(seconds%4e9, 0)
		next := s.Next(after)
		if next.IsZero() {
			return
		}
		if !next.After(after) || next.Second() != 0 || next.Nanosecond() != 0 {
			t.Errorf("%q after %s is %s", spec, after, next)
		}
		if again := s.Next(next.Add(-time.Second)); !again.Equal(next) {
			t.Errorf("%q: just before %s the next time is %s", spec, next, again)
		}
		local := next.In(z)
		exact := strings.Join([]string{local.Format("4 15 2 1 "), "*"}, "")
		one, err := cron.Parse(exact, z)
		if err != nil {
			t.Fatalf("%s: %v", exact, err)
		}
		if got := one.Next(next.Add(-time.Second)); !got.Equal(next) {
			t.Errorf("%q after %s is %s, but the clock shows that first at %s", spec, after, next, got)
		}
	})
}
