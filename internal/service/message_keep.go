package service

import (
	"context"
	"log/slog"
	"time"

	"empire/internal/domain"
)

const (
	sweepSize  = 200             // messages that are buried in one transaction
	sweepGrace = time.Second     // a pump that has a message in hand comes first
	sweepPause = time.Hour       // between two looks for old messages
	touchPause = time.Second / 2 // between two notes of who was active
)

// Start begins to store, deliver and answer. The end of ctx does not stop that.
func (s *Messages) Start(ctx context.Context) error {
	ctx, s.quit = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.openInbox(); err != nil {
		s.cfg.Log.WarnContext(ctx, "inbox not opened", slog.Any("err", err)) // keepListening tries again
	}
	go s.sends.run()
	go s.acks.run()
	s.notes.start()
	for _, loop := range []func(context.Context){s.keepLeases, s.keepListening, s.keepClean, s.keepTouching} {
		s.group.Go(func() { loop(ctx) })
	}
	s.mu.Lock()
	s.running = true
	s.mu.Unlock()
	return nil
}

// Stop detaches what is attached, commits what was accepted and ends what Start
// began.
func (s *Messages) Stop(ctx context.Context) error {
	if !s.started() {
		return nil
	}
	for _, h := range s.allHosts() {
		h.detach()
	}
	s.mu.Lock()
	s.running = false // what is sent from now on is stored at once
	s.mu.Unlock()
	s.quit()
	s.group.Wait()
	s.sends.stop()
	s.acks.stop()
	s.closeInbox()
	s.notes.stop()
	s.touchAll(ctx)
	return nil
}

// every calls fn until ctx ends, with pauses between.
func every(ctx context.Context, pause time.Duration, fn func(context.Context)) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			fn(ctx)
		}
	}
}

// keepLeases renews the leases of this process, looks for messages that nobody told
// of, and takes over mailboxes in which messages wait for a process that is gone.
func (s *Messages) keepLeases(ctx context.Context) {
	var renewed time.Time
	every(ctx, min(s.cfg.Poll, s.cfg.Lease/3), func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, storeLimit)
		defer cancel()
		hosts := s.allHosts()
		if len(hosts) == 0 {
			return
		}
		if time.Since(renewed) >= s.cfg.Lease/3 {
			if err := s.renew(ctx, hosts); err != nil {
				s.warn(ctx, "mailboxes not renewed", err)
			} else {
				renewed = time.Now()
			}
		}
		waiting, err := s.cfg.Boxes.Waiting(ctx)
		if err != nil {
			s.warn(ctx, "mailboxes not looked at", err)
			return
		}
		for _, id := range waiting {
			switch h := s.host(id); {
			case h == nil:
			case h.holds():
				h.wake()
			default:
				h.claim(ctx)
			}
		}
	})
}

func (s *Messages) warn(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		s.cfg.Log.WarnContext(ctx, what, slog.Any("err", err))
	}
}

// renew prolongs the leases. A host whose lease was lost notices when the one that it
// knows of ends.
func (s *Messages) renew(ctx context.Context, hosts []*host) error {
	until := time.Now().Add(s.cfg.Lease)
	held, err := s.cfg.Boxes.Renew(ctx, s.cfg.Holder, until)
	if err != nil {
		return err
	}
	mine := make(map[domain.AgentID]bool, len(held))
	for _, id := range held {
		mine[id] = true
	}
	for _, h := range hosts {
		if mine[h.agent] {
			h.setLease(until)
		} else {
			h.setLost()
		}
	}
	return nil
}

// setLost notes that another process has the lease.
func (h *host) setLost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until = time.Time{}
}

// keepListening brings agents onto the bus that were attached while it was down.
func (s *Messages) keepListening(ctx context.Context) {
	if s.cfg.Bus == nil {
		return
	}
	every(ctx, s.cfg.Poll, func(ctx context.Context) {
		if err := s.openInbox(); err != nil {
			s.warn(ctx, "inbox not opened", err)
			return
		}
		for _, h := range s.allHosts() {
			if err := h.listen(); err != nil {
				s.warn(ctx, "agent not on the bus", err)
				return
			}
		}
	})
}

// keepClean buries what nobody reads in time, and forgets what ended long ago.
func (s *Messages) keepClean(ctx context.Context) {
	var swept time.Time
	every(ctx, s.cfg.Sweep, func(ctx context.Context) {
		if err := s.BuryExpired(ctx); err != nil {
			s.warn(ctx, "expired messages not buried", err)
		}
		if time.Since(swept) < sweepPause {
			return
		}
		swept = time.Now()
		for {
			n, err := s.cfg.Store.Sweep(ctx, s.cfg.Now().Add(-s.cfg.Keep), 1000)
			if err != nil {
				s.warn(ctx, "old messages not removed", err)
			}
			if err != nil || n < 1000 {
				return
			}
		}
	})
}

// BuryExpired makes dead letters of the messages whose time was over a moment ago.
func (s *Messages) BuryExpired(ctx context.Context) error {
	for {
		ids, err := s.cfg.Store.Expired(ctx, s.cfg.Now().Add(-sweepGrace), sweepSize)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := s.bury(ctx, ids, domain.DeadExpired, "The message was not handled before its time was over."); err != nil {
			return err
		}
	}
}

// touched notes that an agent was active.
func (s *Messages) touched(id domain.AgentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active[id] = s.cfg.Now().UTC()
}

func (s *Messages) keepTouching(ctx context.Context) {
	if s.cfg.Touch != nil {
		every(ctx, touchPause, s.touchAll)
	}
}

// touchAll stores who was active since the last time.
func (s *Messages) touchAll(ctx context.Context) {
	s.mu.Lock()
	active := s.active
	s.active = map[domain.AgentID]time.Time{}
	s.mu.Unlock()
	if len(active) == 0 || s.cfg.Touch == nil {
		return
	}
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		for _, id := range sortedAgents(active) {
			if err := s.cfg.Touch(ctx, id, active[id]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.warn(ctx, "activity not stored", err)
	}
}

// commitAcks ends delivered messages in one transaction, and tries again until that
// succeeds or the process stops.
func (s *Messages) commitAcks(_ context.Context, ids []string) []error {
	errs := make([]error, len(ids))
	at := s.cfg.Now().UTC()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), storeLimit)
		err := s.cfg.Store.Handle(ctx, ids, at)
		cancel()
		if err == nil {
			return errs
		}
		s.cfg.Log.Warn("handled messages not stored", slog.Int("count", len(ids)), slog.Any("err", err))
		select {
		case <-s.acks.quit:
			for i := range errs {
				errs[i] = err
			}
			return errs
		case <-time.After(storePause):
		}
	}
}
