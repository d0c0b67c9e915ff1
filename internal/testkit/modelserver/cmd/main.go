// Command modelserver runs the stand-in for a vendor of language models as a process
// of its own, for tests that kill what calls it.
//
//	modelserver -addr 127.0.0.1:9100 -log bills.jsonl -input 2000000 -output 8000000 -latency 20ms -fault 429=0.05,cut=0.01
//
// It prints its base URL on standard output once it listens, and ends when its
// standard input does, or with SIGTERM.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"empire/internal/domain"
	"empire/internal/testkit/modelserver"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "modelserver:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	var cfg modelserver.Config
	var input, output int64
	var chances string
	var detached bool
	f := flag.NewFlagSet("modelserver", flag.ContinueOnError)
	f.StringVar(&cfg.Addr, "addr", "127.0.0.1:0", "address to listen on")
	f.StringVar(&cfg.Log, "log", "", "file that bills are appended to")
	f.StringVar(&cfg.Key, "key", "", "bearer token that requests must carry; empty: anything")
	f.Int64Var(&input, "input", 2_000_000, "micros for a million input tokens")
	f.Int64Var(&output, "output", 8_000_000, "micros for a million output tokens")
	f.DurationVar(&cfg.Latency, "latency", 0, "how long an answer takes")
	f.DurationVar(&cfg.Jitter, "jitter", 0, "how much longer it takes by chance")
	f.BoolVar(&cfg.Greedy, "greedy", false, "count a token for each byte, and answer with as many as may be")
	f.StringVar(&chances, "fault", "", "faults and how often they come: 429=0.1,cut=0.05")
	f.BoolVar(&detached, "detached", false, "go on when standard input ends")
	if err := f.Parse(args); err != nil {
		return err
	}
	cfg.Rates = domain.Rates{Input: domain.Micros(input), CachedInput: domain.Micros(input), CacheWrite: domain.Micros(input), Output: domain.Micros(output)}
	var err error
	if cfg.Chance, err = parseChances(chances); err != nil {
		return err
	}
	s, err := modelserver.Start(cfg)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if _, err := fmt.Fprintln(out, s.URL()); err != nil {
		return errors.Join(err, s.Close())
	}
	if !detached {
		go func() {
			_, _ = io.Copy(io.Discard, in)
			stop()
		}()
	}
	<-ctx.Done()
	return s.Close()
}

func parseChances(s string) (map[modelserver.Fault]float64, error) {
	out := map[modelserver.Fault]float64{}
	if s == "" {
		return out, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(part, "=")
		p, err := strconv.ParseFloat(value, 64)
		if err != nil || p < 0 || p > 1 {
			return nil, fmt.Errorf("fault %q needs a chance between 0 and 1, such as 429=0.1", part)
		}
		out[modelserver.Fault(name)] = p
	}
	return out, nil
}
