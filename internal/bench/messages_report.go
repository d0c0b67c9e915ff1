package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Write prints the report as a table.
func (r *MessageReport) Write(w io.Writer) error {
	built := r.Commit
	if built == "" {
		built = "an unknown commit"
	}
	fmt.Fprintf(w, "%d cores, %s, %s, %s; built from %s; %s\n%s; %d agents; %d tasks began meanwhile; everything in one process; the load of the machine was %.1f before\n\n",
		r.Machine.Cores, r.Machine.CPU, r.Machine.OS, r.Machine.Go, built, r.At.UTC().Format("2006-01-02 15:04 MST"), r.Where, r.Agents, r.Tasks, r.Machine.Load)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "workload\tcount\tper s\tmean ms\tp50\tp95\tp99\tmax\tfailed\t")
	for _, row := range r.rows() {
		fmt.Fprintf(t, "%s\t%d\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%d\t\n", row.name, row.Count, row.PerSecond, row.MeanMS, row.P50MS, row.P95MS, row.P99MS, row.MaxMS, row.Failed)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "target\tmet\t")
	for _, row := range r.rows() {
		fmt.Fprintf(t, "%s: %s\t%s\t\n", row.name, row.Target, yes(row.Met))
	}
	fmt.Fprintln(t, "\t\t\ncheck\tholds\t")
	for _, c := range r.Checks {
		fmt.Fprintf(t, "%s\t%s\t%s\n", c.Name, yes(c.OK), c.Detail)
	}
	return t.Flush()
}

type namedRow struct {
	name string
	*MessageRow
}

func (r *MessageReport) rows() []namedRow {
	return []namedRow{{"request and reply", &r.Requests}, {"mailbox", &r.Mailbox}}
}

func yes(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}
