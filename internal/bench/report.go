package bench

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a benchmark found.
type Report struct {
	Machine Machine   `json:"machine"`
	Commit  string    `json:"commit"` // of the program; "" if it was not built from a checkout
	At      time.Time `json:"at"`
	Sites   int       `json:"sites"` // in the list that was read
	Rows    []Row     `json:"rows"`
}

// Machine says where it was measured. Server and load generator share it.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
	// Load is the load average of the last minute before the measurement: above about
	// one, other programs had a part of the machine and the figures say little.
	Load float64 `json:"load"`
}

// Row is one workload.
type Row struct {
	Workload    string  `json:"workload"` // list, one, create
	Request     string  `json:"request"`  // what is sent
	Connections int     `json:"connections"`
	Rate        int     `json:"rate"` // requests per second that are due; 0: closed loop
	Server      Figures `json:"server"`
	// Bare is the same load on a bare handler that answers with the same bytes; nil if
	// that says nothing.
	Bare   *Figures `json:"bare"`
	Ratio  float64  `json:"ratio"` // of the requests per second; 0 without Bare
	Target string   `json:"target"`
	Met    bool     `json:"met"`
}

// Figures are what one server did under one load.
type Figures struct {
	Requests   int      `json:"requests"`
	PerSecond  float64  `json:"requests_per_second"` // good answers
	MeanMS     float64  `json:"mean_ms"`
	P50MS      float64  `json:"p50_ms"`
	P95MS      float64  `json:"p95_ms"`
	P99MS      float64  `json:"p99_ms"`
	MaxMS      float64  `json:"max_ms"`
	Failures   Failures `json:"failures"`
	RSSBytes   int64    `json:"rss_bytes"`      // at the end; 0: unknown
	PeakBytes  int64    `json:"rss_peak_bytes"` // during the load
	ServerCPU  float64  `json:"server_cpu_us"`  // per request
	ClientCPU  float64  `json:"client_cpu_us"`  // per request, of the load generator
	ConnectsMS float64  `json:"connects_ms"`    // until all connections were open
}

func figures(r *Result, before, after, clientBefore, clientAfter usage) Figures {
	n := float64(max(r.Requests, 1))
	micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	millis := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return Figures{
		Requests: r.Requests, PerSecond: r.PerSecond(), Failures: r.Failures,
		MeanMS: millis(r.Times.Mean()), MaxMS: millis(r.Times.Max()), ConnectsMS: millis(r.Connects),
		P50MS: millis(r.Times.Quantile(0.5)), P95MS: millis(r.Times.Quantile(0.95)), P99MS: millis(r.Times.Quantile(0.99)),
		RSSBytes: after.rss, PeakBytes: after.peak,
		ServerCPU: micros(after.cpu-before.cpu) / n, ClientCPU: micros(clientAfter.cpu-clientBefore.cpu) / n,
	}
}

func thisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		first, _, _ := strings.Cut(string(raw), " ")
		m.Load, _ = strconv.ParseFloat(first, 64)
	}
	raw, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m
	}
	if _, rest, ok := strings.Cut(string(raw), "model name"); ok {
		line, _, _ := strings.Cut(rest, "\n")
		m.CPU = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
	}
	return m
}

// commit returns what the program was built from.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	id, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			id = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return id + changed
}

// Met reports whether all targets were met.
func (r *Report) Met() bool {
	for i := range r.Rows {
		if !r.Rows[i].Met {
			return false
		}
	}
	return true
}

// Write prints the report as a table.
func (r *Report) Write(w io.Writer) error {
	built := r.Commit
	if built == "" {
		built = "an unknown commit"
	}
	fmt.Fprintf(w, "%d cores, %s, %s, %s; built from %s; %s\n%d websites; server and load generator share the machine, whose load was %.1f before\n\n",
		r.Machine.Cores, r.Machine.CPU, r.Machine.OS, r.Machine.Go, built, r.At.UTC().Format("2006-01-02 15:04 MST"), r.Sites, r.Machine.Load)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "workload\tconns\treq/s\tmean ms\tp50\tp95\tp99\tfailed\tRSS MB\tpeak MB\tCPU µs\tclient µs\t")
	for i := range r.Rows {
		row := &r.Rows[i]
		row.Server.write(t, row.name(), row.Connections)
		if row.Bare != nil {
			row.Bare.write(t, "bare handler", row.Connections)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "workload\tconnections\tratio to bare\ttarget\tmet")
	for i := range r.Rows {
		row := &r.Rows[i]
		ratio, met := "", "no"
		if row.Bare != nil {
			ratio = fmt.Sprintf("%.2f", row.Ratio)
		}
		if row.Met {
			met = "yes"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\n", row.name(), row.Connections, ratio, row.Target, met)
	}
	return t.Flush()
}

func (r *Row) name() string {
	if r.Rate > 0 {
		return fmt.Sprintf("%s, %d/s", r.Request, r.Rate)
	}
	return r.Request
}

func (f *Figures) write(w io.Writer, name string, connections int) {
	const mb = 1 << 20
	fmt.Fprintf(w, "%s\t%d\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\t%d\t%d\t%d\t%.1f\t%.1f\t\n", name, connections, f.PerSecond,
		f.MeanMS, f.P50MS, f.P95MS, f.P99MS, f.Failures.Total(), f.RSSBytes/mb, f.PeakBytes/mb, f.ServerCPU, f.ClientCPU)
}
