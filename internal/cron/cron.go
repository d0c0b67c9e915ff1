// Package cron reads the time fields of a crontab and finds the times that they
// stand for.
//
// The five fields are minute (0–59), hour (0–23), day of the month (1–31), month
// (1–12) and day of the week (0–6 from Sunday), as in crontab of POSIX.1-2024:
// "an asterisk, or a list of elements separated by commas; an element is a number or
// two numbers separated by a hyphen (an inclusive range)", and "if both [day fields]
// are other than asterisk, a day that matches either is matched"
// (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/crontab.html). Beside
// that it takes what crontab(5) of Vixie cron adds: steps (*/15, 8-18/2), names of
// months and days (jan, mon) and 7 for Sunday. As there, a day field that begins with
// an asterisk, */2 say, counts as an asterisk in the rule about both.
package cron

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Schedule is a set of minutes in a time zone.
type Schedule struct {
	minute, hour, day, month, weekday uint64 // bit n stands for value n
	anyDay, anyWeekday                bool   // the field begins with an asterisk
	zone                              *time.Location
}

var (
	months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	days   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// Parse reads five fields separated by blanks; nil as zone is UTC.
func Parse(text string, zone *time.Location) (*Schedule, error) {
	if zone == nil {
		zone = time.UTC
	}
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return nil, fmt.Errorf("%q has %d fields; five are needed: minute, hour, day, month, weekday", text, len(fields))
	}
	s := &Schedule{zone: zone, anyDay: fields[2][0] == '*', anyWeekday: fields[4][0] == '*'}
	for i, f := range []struct {
		name     string
		min, max int
		names    []string
		first    int // value of the first name
		dst      *uint64
	}{
		{"minute", 0, 59, nil, 0, &s.minute},
		{"hour", 0, 23, nil, 0, &s.hour},
		{"day", 1, 31, nil, 0, &s.day},
		{"month", 1, 12, months, 1, &s.month},
		{"weekday", 0, 7, days, 0, &s.weekday},
	} {
		value := func(text string) (int, error) {
			for n, name := range f.names {
				if strings.EqualFold(text, name) {
					return n + f.first, nil
				}
			}
			n, err := strconv.Atoi(text)
			if err != nil || n < f.min || n > f.max || text[0] == '+' {
				return 0, fmt.Errorf("%q is not a %s from %d to %d", text, f.name, f.min, f.max)
			}
			return n, nil
		}
		for part := range strings.SplitSeq(fields[i], ",") {
			bits, err := element(part, f.min, f.max, value)
			if err != nil {
				return nil, err
			}
			*f.dst |= bits
		}
	}
	if s.weekday&(1<<7) != 0 {
		s.weekday = s.weekday&^(1<<7) | 1
	}
	return s, nil
}

// element reads one part of a list: *, a value, a range, each with or without a step.
func element(part string, least, most int, value func(string) (int, error)) (uint64, error) {
	span, stepText, stepped := strings.Cut(part, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(stepText)
		if err != nil || n < 1 || n > most || stepText[0] == '+' {
			return 0, fmt.Errorf("%q is not a step from 1 to %d", stepText, most)
		}
		step = n
	}
	from, to := least, most
	if span != "*" {
		first, last, isRange := strings.Cut(span, "-")
		var err error
		if from, err = value(first); err != nil {
			return 0, err
		}
		switch {
		case isRange:
			if to, err = value(last); err != nil {
				return 0, err
			}
		case !stepped:
			to = from
		}
		if from > to {
			return 0, fmt.Errorf("range %s ends before it begins", span)
		}
	} else if most == 7 {
		to = 6 // 7 is 0 again
	}
	var bits uint64
	for v := from; v <= to; v += step {
		bits |= 1 << v
	}
	return bits, nil
}

// horizon is how far Next looks: every day that there is comes within it, 29
// February on a given weekday included.
const horizon = 41

// Next returns the first time after t, in UTC, or zero if there is none, as for 30
// February. Where clocks are put forward, a time that the day does not have is left
// out; where they are put back, a time that the day has twice comes once, at the
// first.
func (s *Schedule) Next(t time.Time) time.Time {
	local := t.In(s.zone)
	year, month, day := local.Date()
	for {
		date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC) // for the calendar alone
		if date.Year() > local.Year()+horizon {
			return time.Time{}
		}
		year, month, day = date.Date()
		switch {
		case s.month&(1<<month) == 0:
			month, day = month+1, 1
			continue
		case !s.matchesDay(date):
			day++
			continue
		}
		if next := s.within(year, month, day, t); !next.IsZero() {
			return next
		}
		day++
	}
}

func (s *Schedule) matchesDay(date time.Time) bool {
	inMonth, inWeek := s.day&(1<<date.Day()) != 0, s.weekday&(1<<date.Weekday()) != 0
	if s.anyDay || s.anyWeekday {
		return inMonth && inWeek
	}
	return inMonth || inWeek
}

// within returns the first time of a day that is after t.
func (s *Schedule) within(year int, month time.Month, day int, t time.Time) time.Time {
	for hour := range 24 {
		if s.hour&(1<<hour) == 0 {
			continue
		}
		for minute := range 60 {
			if s.minute&(1<<minute) == 0 {
				continue
			}
			at := earliest(time.Date(year, month, day, hour, minute, 0, 0, s.zone))
			if at.After(t) && at.Hour() == hour && at.Minute() == minute && at.Day() == day {
				return at.UTC()
			}
		}
	}
	return time.Time{}
}

// earliest returns the first of the times at which clocks show what they show at t.
func earliest(t time.Time) time.Time {
	for _, back := range []time.Duration{2 * time.Hour, time.Hour, 30 * time.Minute} {
		if e := t.Add(-back); e.Format("15:04 02") == t.Format("15:04 02") {
			return e
		}
	}
	return t
}
