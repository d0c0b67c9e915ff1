package app

import (
	"context"
	"log/slog"

	"empire/internal/accesslog"
	"empire/internal/config"
)

// recordParts are what remembers the requests of visitors. They end after the listeners.
func (a *App) recordParts() []part {
	var out []part
	if a.tally != nil {
		out = append(out, part{"counts of pages", a.tally.Start, a.tally.Stop})
	}
	return append(out, part{"access log", func(context.Context) error { return a.setAccessLog(a.cfg) }, a.closeAccessLog})
}

func accessLogConfig(c *config.Config, log *slog.Logger) accesslog.Config {
	l := c.Edge.Log
	return accesslog.Config{File: l.File, Format: l.Format, Addresses: l.Addresses, MaxBytes: l.MaxBytes, Keep: l.Keep, Logger: log}
}

// setAccessLog begins, continues or ends writing requests as a configuration has it. A
// file that another program moved away is begun again.
func (a *App) setAccessLog(c *config.Config) error {
	switch {
	case c.Edge.Log.File == "":
		return a.closeAccessLog(context.Background())
	case a.accessLog != nil:
		return a.accessLog.Reopen(accessLogConfig(c, a.log))
	}
	w, err := accesslog.Open(accessLogConfig(c, a.log))
	if err != nil {
		return err
	}
	a.accessLog = w
	a.edge.SetLog(w)
	return nil
}

func (a *App) closeAccessLog(context.Context) error {
	if a.accessLog == nil {
		return nil
	}
	a.edge.SetLog(nil)
	err := a.accessLog.Close()
	a.accessLog = nil
	return err
}

// Reload takes over what a new configuration says about how websites are served: the
// access log, the redirect to HTTPS and how long browsers remember it. Certificates are
// read from their directory again. Requests go on meanwhile; everything else that
// changed takes effect at the next start. It is not safe for concurrent use.
func (a *App) Reload(ctx context.Context, c *config.Config) error {
	if a.mode != Serve || !a.plays("edge") {
		return nil
	}
	err := a.setAccessLog(c)
	a.edge.Configure(edgeSettings(c))
	a.edge.Nudge()
	if a.certificates != nil {
		a.certificates.Reload(ctx)
	}
	if err != nil {
		a.log.ErrorContext(ctx, "configuration not read again in full", slog.Any("err", err))
		return err
	}
	a.log.InfoContext(ctx, "configuration read again")
	return nil
}
