package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"empire/internal/app"
	"empire/internal/config"
)

const (
	lowSpace  = 1 << 30   // bytes free: time to act
	noSpace   = 100 << 20 // bytes free: a database may break off in the middle
	fewFiles  = 4096      // open files; every connection is one
	clockSlip = 30 * time.Second
)

// checkDirectory looks whether the data directory can be written and only by its
// owner.
func checkDirectory(cfg *config.Config) diagnosis {
	const name = "data directory"
	info, err := os.Stat(cfg.Data)
	if errors.Is(err, fs.ErrNotExist) {
		parent := existing(cfg.Data)
		if err := writable(parent); err != nil {
			return fault(name, "choose another directory with --data", "%s does not exist and cannot be made in %s: %v", cfg.Data, parent, err)
		}
		return okay(name, "%s does not exist yet; the first start makes it", cfg.Data)
	}
	if err != nil {
		return fault(name, "choose another directory with --data", "%s cannot be read: %v", cfg.Data, cause(err))
	}
	if !info.IsDir() {
		return fault(name, "choose another directory with --data", "%s is not a directory", cfg.Data)
	}
	if err := writable(cfg.Data); err != nil {
		return fault(name, "give it to the user that runs empire (chown)", "%s is not writable: %v", cfg.Data, err)
	}
	key := filepath.Join(cfg.Data, "token.key")
	if k, err := os.Stat(key); err == nil && k.Mode().Perm()&0o077 != 0 {
		return fault(name, "chmod 600 "+key, "%s has the mode %o: others can read it, so it is not used", key, k.Mode().Perm())
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return warning(name, "chmod 700 "+cfg.Data, "%s has the mode %o: others can read keys and data", cfg.Data, mode)
	}
	return okay(name, "%s is writable", cfg.Data)
}

// existing returns the nearest directory above a path that exists.
func existing(path string) string {
	path, err := filepath.Abs(path)
	for err == nil && path != filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			break
		}
		path = filepath.Dir(path)
	}
	return path
}

func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return cause(err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func checkDatabase(ctx context.Context, cfg *config.Config) diagnosis {
	const name = "database"
	kind := "SQLite"
	if cfg.Database.URL != "" {
		kind = "PostgreSQL"
	}
	state, err := app.LookAtDatabase(ctx, cfg)
	switch {
	case err != nil && kind == "SQLite":
		return fault(name, "restore the file from a backup, or choose another directory with --data", "%s", message(err))
	case err != nil:
		return fault(name, "start the server, or correct database.url", "%s", message(err))
	case state.Missing:
		return okay(name, "SQLite, not made yet; the first start makes it")
	case state.Pending > 0:
		return warning(name, "empire migrate up, or start the program", "%s answers; %d migrations are open", kind, state.Pending)
	case state.Skew > clockSlip || state.Skew < -clockSlip:
		return warning(name, "set both clocks by NTP", "PostgreSQL answers, but its clock is %s off ours", state.Skew.Round(time.Second))
	default:
		return okay(name, "%s answers and is up to date", kind)
	}
}

func checkSpace(cfg *config.Config) diagnosis {
	const name, advice = "disk space", "free space, or move the data directory"
	dir := existing(cfg.Data)
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return warning(name, "", "not known for %s: %v", dir, err)
	}
	free := s.Bavail * uint64(s.Bsize)
	switch {
	case free < noSpace:
		return fault(name, advice, "%d MB free in %s", free>>20, dir)
	case free < lowSpace:
		return warning(name, advice, "%d MB free in %s", free>>20, dir)
	default:
		return okay(name, "%d GB free in %s", free>>30, dir)
	}
}

func checkServer(running app.Listening, err error) diagnosis {
	const name = "server"
	switch {
	case err != nil:
		return warning(name, "run empire as the user that owns the data directory", "not known: %v", err)
	case running.PID == 0:
		return okay(name, "none uses the data directory now")
	default:
		return okay(name, "process %d uses the data directory", running.PID)
	}
}

// checkPort looks whether an address is free, or taken by the running server.
func checkPort(ctx context.Context, name, address, served string) diagnosis {
	if served != "" {
		conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp", reachable(served))
		if err != nil {
			return fault(name, "restart the server", "the running server does not answer at %s: %v", served, err)
		}
		_ = conn.Close()
		return okay(name, "the running server answers at %s", served)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		flag := "--listen"
		if strings.HasPrefix(name, "edge") {
			flag = "--listen-edge"
		}
		return fault(name, "stop the other program, or choose another address with "+flag, "%s is taken by another program", address)
	case err != nil:
		return fault(name, "choose an address of this machine and a port that you may use", "%s cannot be used: %v", address, err)
	}
	_ = l.Close()
	return okay(name, "%s is free", address)
}

func checkBus(ctx context.Context, cfg *config.Config) diagnosis {
	const name = "bus"
	if cfg.Bus.URL == "" {
		return okay(name, "in the process")
	}
	u, err := url.Parse(string(cfg.Bus.URL))
	if err != nil {
		return fault(name, "correct bus.url", "bus.url is not a URL")
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "4222")
	}
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp", host)
	if err != nil {
		return fault(name, "start the NATS server, or correct bus.url", "%s does not answer: %v", host, err)
	}
	_ = conn.Close()
	return okay(name, "%s answers", host)
}

func checkOperator(cfg *config.Config) diagnosis {
	const name = "operator data"
	o := cfg.Operator
	if missing := app.MissingOperator(cfg); len(missing) > 0 {
		return warning(name, "set operator.* in empire.yaml or EMPIRE_OPERATOR_*: without it no release is published",
			"the legal notice lacks %s", strings.Join(missing, ", "))
	}
	if o.PublisherID == "" {
		return warning(name, "set operator.publisher_id to your account at AWIN", "complete for %s, but links that are built need a publisher id", o.Name)
	}
	return okay(name, "complete for %s", o.Name)
}

func checkFiles() diagnosis {
	const name = "open files"
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return warning(name, "", "the limit is not known: %v", err)
	}
	if l.Cur < fewFiles {
		return warning(name, "raise the limit (ulimit -n, LimitNOFILE)", "at most %d; every connection takes one", l.Cur)
	}
	return okay(name, "at most %d", l.Cur)
}

// checkClock looks for a clock that was set back: files of ours from the future.
func checkClock(cfg *config.Config) diagnosis {
	const name, advice = "clock", "set the clock, by NTP at best: times of prices, tokens and runs depend on it"
	now := time.Now()
	if now.Year() < 2025 {
		return fault(name, advice, "it says %s", now.UTC().Format(time.RFC3339))
	}
	for _, file := range []string{"empire.db", "empire.lock", "worker.id"} {
		info, err := os.Stat(filepath.Join(cfg.Data, file))
		if err == nil && info.ModTime().Sub(now) > clockSlip {
			return fault(name, advice, "it says %s, but %s was written at %s", now.UTC().Format(time.RFC3339), file, info.ModTime().UTC().Format(time.RFC3339))
		}
	}
	return okay(name, "it says %s", now.UTC().Format(time.RFC3339))
}

func checkVectors(ctx context.Context, cfg *config.Config) diagnosis {
	const name = "vectors"
	if cfg.Vectors.URL == "" {
		return okay(name, "in the database")
	}
	server, err := app.OpenChroma(cfg.Vectors)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		err = server.Ping(ctx)
	}
	if err != nil {
		return fault(name, "start the Chroma server, make its database, or correct vectors.*", "%s", message(err))
	}
	return okay(name, "Chroma at %s has database %s", cfg.Vectors.URL, cfg.Vectors.Database)
}
