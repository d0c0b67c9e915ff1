package domain

import "time"

// TrafficSpan is the time of a report, in hours since 1970: from is in, to is not.
type TrafficSpan struct {
	From, To int64
	Step     int64 // hours of one point of the series: 1 or 24
}

// Before returns the span of the same length that ends where s begins.
func (s TrafficSpan) Before() TrafficSpan {
	return TrafficSpan{From: s.From - (s.To - s.From), To: s.From, Step: s.Step}
}

// Times returns begin and end of a span.
func (s TrafficSpan) Times() (from, to time.Time) { return HourTime(s.From), HourTime(s.To) }

// TrafficQuery is the time that a report is asked for: a period until now, or from and
// to. Nothing at all is DefaultTrafficPeriod.
type TrafficQuery struct {
	Period   string
	From, To time.Time
}

// DefaultTrafficPeriod is that of a report that is asked for without a time.
const DefaultTrafficPeriod = "7d"

const (
	hoursOfDay = 24
	// maxTrafficDays bounds the time of a report.
	maxTrafficDays = 800
	// TrafficHours is how long sums are kept by hour; then they are sums of days.
	TrafficHours = 8 * 24 * time.Hour
)

// trafficPeriods are the periods of reports, by name, in hours.
var trafficPeriods = map[string]int64{"24h": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24, "12m": 365 * 24}

// TrafficPeriods are the names of the periods of reports.
func TrafficPeriods() []string { return []string{"24h", "7d", "30d", "90d", "12m"} }

// HoursSince1970 returns the number of the hour of a time.
func HoursSince1970(t time.Time) int64 { return t.Unix() / 3600 }

// HourTime is the inverse of HoursSince1970: the begin of the hour, in UTC.
func HourTime(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

// Span returns the time of a query and the name of its period, which is empty if from
// and to were given. Errors are CodeInvalid.
func (q TrafficQuery) Span(now time.Time) (TrafficSpan, string, error) {
	given := !q.From.IsZero() || !q.To.IsZero()
	switch {
	case given && q.Period != "":
		return TrafficSpan{}, "", Invalid("period", "Give a period, or from and to, not both.")
	case given:
		span, err := givenSpan(q.From, q.To, now)
		return span, "", err
	case q.Period == "":
		q.Period = DefaultTrafficPeriod
	}
	span, err := ParseTrafficPeriod(q.Period, now)
	return span, q.Period, err
}

// givenSpan takes whole hours for a day at most that is recent, and else whole days of
// UTC: those that from and to touch.
func givenSpan(from, to, now time.Time) (TrafficSpan, error) {
	switch {
	case from.IsZero():
		return TrafficSpan{}, Invalid("from", "A time to needs a time from.")
	case to.IsZero():
		to = now
	}
	switch {
	case !from.Before(to):
		return TrafficSpan{}, Invalid("to", "The time to is not after the time from.")
	case from.After(now):
		return TrafficSpan{}, Invalid("from", "The time from is in the future.")
	case to.Sub(from) > maxTrafficDays*hoursOfDay*time.Hour:
		return TrafficSpan{}, Invalid("from", "A report spans %d days at most.", maxTrafficDays)
	case from.Year() < 1971 || to.Year() > 9998:
		return TrafficSpan{}, Invalid("from", "Nothing was counted in that year.")
	}
	step := int64(hoursOfDay)
	if to.Sub(from) <= hoursOfDay*time.Hour && now.Sub(from) < TrafficHours-2*hoursOfDay*time.Hour {
		step = 1
	}
	first, last := HoursSince1970(from), HoursSince1970(to.Add(-1))+1
	return TrafficSpan{From: first / step * step, To: (last + step - 1) / step * step, Step: step}, nil
}

// ParseTrafficPeriod returns the span of a period that ends now: 24h in hours, 7d, 30d,
// 90d and 12m (365 days) in days of UTC with today as the last. Another period is a
// CodeInvalid error.
func ParseTrafficPeriod(period string, now time.Time) (TrafficSpan, error) {
	hours, ok := trafficPeriods[period]
	if !ok {
		return TrafficSpan{}, Invalid("period", "Period %.20q is not one of 24h, 7d, 30d, 90d and 12m.", period)
	}
	to := HoursSince1970(now) + 1
	if hours == hoursOfDay {
		return TrafficSpan{From: to - hours, To: to, Step: 1}, nil
	}
	to = (to + 23) / 24 * 24
	return TrafficSpan{From: to - hours, To: to, Step: 24}, nil
}
