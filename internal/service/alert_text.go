package service

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// maxMessageNews bounds the alerts that a message spells out; the others it counts.
const maxMessageNews = 50

func alertTitle(r *domain.AlertRule, o *domain.AlertObservation) string {
	if o.Name == "" {
		return r.Name + ": " + o.Subject
	}
	return r.Name + ": " + o.Name
}

// alertValue returns a value as people write it.
func alertValue(v float64, unit string) string {
	n := strconv.FormatFloat(v, 'f', -1, 64)
	switch unit {
	case "percent":
		return n + " %"
	case "count", "level":
		return n
	}
	return n + " " + unit
}

// messageSubject returns the subject of a mail: how many, how bad, and the first.
func messageSubject(d *domain.AlertDelivery) string {
	switch {
	case d.Test:
		return "[empire] Test of the alerts"
	case len(d.Fired) == 1:
		return "[empire] " + string(d.Fired[0].Severity) + ": " + d.Fired[0].Title
	case len(d.Fired) > 1:
		worst := d.Fired[0]
		for _, n := range d.Fired {
			if n.Severity.Rank() > worst.Severity.Rank() {
				worst = n
			}
		}
		return fmt.Sprintf("[empire] %d alerts, %s: %s", len(d.Fired), worst.Severity, worst.Title)
	case len(d.Cleared) == 1:
		return "[empire] over: " + d.Cleared[0].Title
	}
	return fmt.Sprintf("[empire] %d alerts are over", len(d.Cleared))
}

// messageText returns the text of a mail: alerts by rule, what to do once for each rule.
func messageText(d *domain.AlertDelivery) string {
	var b strings.Builder
	if d.Test {
		return "This is a test: alerts reach you over this channel. Nothing is wrong.\n"
	}
	if len(d.Fired) > 0 {
		fmt.Fprintf(&b, "%s\n\n", plural(len(d.Fired), "alert fires", "alerts fire"))
		writeNews(&b, d.Fired, true)
	}
	if len(d.Cleared) > 0 {
		fmt.Fprintf(&b, "%s\n\n", plural(len(d.Cleared), "alert is over", "alerts are over"))
		writeNews(&b, d.Cleared, false)
	}
	b.WriteString("See them all with: empire alerts list\nTell the others that you care: empire alerts ack ALERT --note TEXT\n")
	return b.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one + "."
	}
	return strconv.Itoa(n) + " " + many + "."
}

// writeNews writes alerts in groups of their rules.
func writeNews(b *strings.Builder, list []domain.AlertNews, action bool) {
	var order []domain.AlertRuleID
	groups := map[domain.AlertRuleID][]domain.AlertNews{}
	for _, n := range list {
		if groups[n.RuleID] == nil {
			order = append(order, n.RuleID)
		}
		groups[n.RuleID] = append(groups[n.RuleID], n)
	}
	left := maxMessageNews
	for _, id := range order {
		group := groups[id]
		fmt.Fprintf(b, "%s (%s)\n", group[0].Rule, group[0].Severity)
		shown := min(left, len(group))
		for _, n := range group[:shown] {
			writeAlert(b, n)
		}
		if more := len(group) - shown; more > 0 {
			fmt.Fprintf(b, "  and %d more\n", more)
		}
		left -= shown
		if action && group[0].Action != "" {
			fmt.Fprintf(b, "  What to do: %s\n", group[0].Action)
		}
		b.WriteString("\n")
	}
}

func writeAlert(b *strings.Builder, n domain.AlertNews) {
	times := ""
	if n.Count > 1 {
		times = fmt.Sprintf(", it came back %d times", n.Count-1)
	}
	end := ""
	if n.ClearedAt != nil {
		end = ", over since " + stampOf(*n.ClearedAt)
	}
	fmt.Fprintf(b, "- %s\n  %s\n  since %s%s%s; id %s\n", oneLine(n.Title), oneLine(n.Text), stampOf(n.Since), end, times, n.ID)
}

func stampOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// oneLine keeps texts of others from looking like lines of ours.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
