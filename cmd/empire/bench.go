package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/bench"
)

func benchCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "bench", Short: "Measure how much this program does on this machine",
		Example: "  empire bench api\n  empire bench messages --json > report.json",
	}
	c.AddCommand(benchAPICommand(g), benchSocketsCommand(g), benchMessagesCommand(g), benchVectorsCommand(g), benchEdgeCommand(g), benchEventsCommand(g), benchDuplicatesCommand(g), benchSitesCommand(g), benchDashboardCommand(g), benchBareCommand(g), benchServeCommand(g))
	return c
}

// apiFlags are the flags of bench api.
type apiFlags struct {
	connections []int
	workloads   []string
	duration    time.Duration
	sites       int
	rate        int
	url, token  string
	cpuprofile  string
}

func benchAPICommand(g *globals) *cobra.Command {
	var f apiFlags
	c := &cobra.Command{
		Use:   "api",
		Short: "Measure the API beside a bare HTTP handler that answers with the same bytes",
		Long: `Measure the API: list websites, show one, create one, in a closed loop with few and
with many connections, and the list in an open loop.

The command starts a server of its own with --sites websites in a temporary directory,
without limits, and puts the load on it; then the same load on a bare handler of the
Go standard library that answers with the same bytes. The ratio of the two says what
the program costs, whatever the machine. Everything is on this machine and is removed
at the end. With --pg the server uses that database, which must be empty and keeps the
websites.

With --url a server that runs already is measured. Limits of its rate must be off, and
the workload create leaves websites behind: it only runs there if --workload names it.

The exit code is 1 if something could not be measured; a target that is missed is told
in the report only. It works on Linux.`,
		Example: `  empire bench api
  empire bench api --workload list --connections 100 --duration 5s --cpuprofile cpu.out
  empire bench api --url http://127.0.0.1:8080 --token "$EMPIRE_TOKEN" --workload list,one --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.benchAPI(cmd, &f) },
	}
	flags := c.Flags()
	flags.IntSliceVar(&f.connections, "connections", []int{100, 10000}, "connections that are open at a time; all workloads use the first number, list all of them")
	flags.StringSliceVar(&f.workloads, "workload", nil, "what to measure: "+strings.Join(bench.Workloads(), ", ")+" (default all)")
	flags.DurationVar(&f.duration, "duration", 10*time.Second, "how long each load is measured, after a fifth of it to warm up")
	flags.IntVar(&f.sites, "sites", 1500, "websites of the server")
	flags.IntVar(&f.rate, "rate", 3000, "requests per second of the open loop on the most connections; 0 leaves it out")
	flags.StringVar(&f.url, "url", "", "measure the server at this address instead")
	flags.StringVar(&f.token, "token", "", "access token or API key for --url (default EMPIRE_TOKEN)")
	flags.StringVar(&f.cpuprofile, "cpuprofile", "", "write a CPU profile of the server to this file")
	return c
}

func (f *apiFlags) check() error {
	switch {
	case len(f.connections) == 0 || slices.Min(f.connections) < 1 || slices.Max(f.connections) > 1_000_000:
		return usagef("--connections must be numbers between 1 and 1000000")
	case f.duration < 100*time.Millisecond || f.duration > time.Hour:
		return usagef("--duration must be between 100ms and 1h, not %s", f.duration)
	case f.sites < 1 || f.sites > 1_000_000:
		return usagef("--sites must be between 1 and 1000000, not %d", f.sites)
	case f.rate < 0 || f.rate > 1_000_000:
		return usagef("--rate must be between 0 and 1000000, not %d", f.rate)
	case f.url != "" && f.cpuprofile != "":
		return usagef("--cpuprofile needs a server that this command starts: leave out --url")
	}
	for _, w := range f.workloads {
		if !slices.Contains(bench.Workloads(), w) {
			return usagef("--workload must be some of %s, not %q", strings.Join(bench.Workloads(), ", "), w)
		}
	}
	return nil
}

func (g *globals) benchAPI(cmd *cobra.Command, f *apiFlags) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "empire-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m := newMeter(g.io.err)
	c := bench.APIConfig{
		URL: f.url, Token: f.token, Workloads: f.workloads, Connections: f.connections, Duration: f.duration, Warmup: f.duration / 5,
		Rate: f.rate, Bare: []string{"bench", "bare"}, Env: g.benchEnv(), Dir: dir, Progress: func(text string) { m.line("%s", text) },
	}
	if c.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if f.url != "" {
		if f.token == "" {
			c.Token = g.environ("EMPIRE_TOKEN")
		}
		if len(f.workloads) == 0 {
			c.Workloads = []string{bench.List, bench.One}
		}
	} else if err := g.benchServer(cmd.Context(), &c, f); err != nil {
		return err
	}
	report, err := bench.API(cmd.Context(), c)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, report)
	}
	return report.Write(g.io.out)
}

// benchEnv is the environment of the children: that of this process without its
// configuration.
func (g *globals) benchEnv() []string {
	return slices.DeleteFunc(slices.Clone(g.io.environ), func(e string) bool { return strings.HasPrefix(e, "EMPIRE_") })
}

func (g *globals) environ(name string) string {
	for _, e := range g.io.environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// benchServer prepares a data directory and says how to serve it.
func (g *globals) benchServer(ctx context.Context, c *bench.APIConfig, f *apiFlags) error {
	config := filepath.Join(c.Dir, "empire.yaml")
	if err := os.WriteFile(config, []byte(benchConfig), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	c.Progress(fmt.Sprintf("make %d websites", f.sites))
	own := &globals{configFile: config, data: filepath.Join(c.Dir, "data"), postgres: g.postgres, io: streams{g.io.out, g.io.err, nil}}
	cfg, _, err := own.quietly(nil)
	if err != nil {
		return err
	}
	a, err := own.open(ctx, cfg, app.Tool)
	if err != nil {
		return err
	}
	admin := a.NewCredentials()
	if admin != nil {
		err = a.AddBenchWebsites(ctx, f.sites)
	} else {
		err = usagef("the database of --pg has users already; bench needs an empty one")
	}
	if err := errors.Join(err, a.Close()); err != nil {
		return err
	}
	c.Email, c.Password = admin.Email, admin.Password
	c.Serve = []string{"serve"}
	if f.cpuprofile != "" {
		name, err := filepath.Abs(f.cpuprofile)
		if err != nil {
			return fmt.Errorf("find %s: %w", f.cpuprofile, err)
		}
		c.Serve = []string{"bench", "serve", "--cpuprofile", name}
	}
	c.Serve = append(c.Serve, "--json", "--config", config, "--data", own.data)
	if g.postgres != "" {
		c.Serve = append(c.Serve, "--pg", g.postgres)
	}
	return nil
}

// benchConfig is the configuration of the measured server: as it comes, on free
// ports, and without limits of the rate, because all load has one identity.
const benchConfig = `listen:
  api: 127.0.0.1:0
  edge: 127.0.0.1:0
log:
  format: json
limits:
  read: 0
  write: 0
  intelligence: 0
  auth: 0
  anonymous: 0
  webhooks: 0
`

// benchBareCommand is what bench api starts to compare with.
func benchBareCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "bare FILE", Short: "Serve the content of a file at every path, or the files of a directory", Hidden: true, Args: cobra.ExactArgs(1),
		Long:    "Serve the content of a file at every path of a free loopback port, for bench api; of a directory, its files\nthat end in .gz, for bench edge. --json makes no difference.",
		Example: "  empire bench bare answer.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
				return bench.ServeBareFiles(cmd.Context(), g.io.out, args[0])
			}
			body, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read the answer: %w", err)
			}
			return bench.ServeBare(cmd.Context(), g.io.out, body)
		},
	}
}

// benchServeCommand is serve with a profile.
func benchServeCommand(g *globals) *cobra.Command {
	var profile string
	c := &cobra.Command{
		Use: "serve", Short: "Serve as empire serve does, and write a CPU profile, for bench api", Hidden: true,
		Example: "  empire bench serve --cpuprofile cpu.out",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			file, err := os.Create(profile) //nolint:gosec // the file that the user named
			if err != nil {
				return fmt.Errorf("make the profile: %w", err)
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			if err := pprof.StartCPUProfile(file); err != nil {
				return fmt.Errorf("start the profile: %w", err)
			}
			defer pprof.StopCPUProfile()
			return g.serve(cmd, nil)
		},
	}
	c.Flags().StringVar(&profile, "cpuprofile", "cpu.out", "file for the profile")
	return c
}
