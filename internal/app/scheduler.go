package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// schedulePause is how late a schedule may be.
const schedulePause = time.Second

// scheduler starts the runs whose time has come. Several processes may do so at
// once.
type scheduler struct {
	a     *App
	stop  context.CancelFunc
	group errgroup.Group
}

// Start begins to look. The end of ctx does not stop that.
func (s *scheduler) Start(ctx context.Context) error {
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.group.Go(func() error {
		ticker := time.NewTicker(schedulePause)
		defer ticker.Stop()
		for {
			n, err := s.a.Schedules.Fire(ctx)
			switch {
			case err != nil && ctx.Err() == nil:
				s.a.log.ErrorContext(ctx, "scheduled runs not started", "err", err)
			case n > 0:
				s.a.log.InfoContext(ctx, "scheduled runs started", "count", n)
			}
			s.a.firePlanned(ctx)
			s.a.fireLooks(ctx)
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
		}
	})
	return nil
}

// Stop ends what Start began.
func (s *scheduler) Stop(context.Context) error {
	s.stop()
	return s.group.Wait()
}
