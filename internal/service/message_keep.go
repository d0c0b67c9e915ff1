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

// notes are what nobody waits for: news for the bus, the log of requests, and dead
// letters of senders that are in a transaction. When there are more than can be
// written, the news and the log lose some.
type notes struct {
	s     *Messages
	news  chan func(ctx context.Context)
	log   chan domain.MessageRecord
	dead  chan *domain.DeadLetter
	quit  chan struct{}
	group chan struct{} // one for each loop that has ended
}

const (
	noteQueue = 8192
	noteLoops = 3
)

func newNotes(s *Messages) *notes {
	return &notes{
		s: s, news: make(chan func(context.Context), noteQueue), log: make(chan domain.MessageRecord, noteQueue), dead: make(chan *domain.DeadLetter, noteQueue),
		quit: make(chan struct{}), group: make(chan struct{}, noteLoops),
	}
}

func (n *notes) start() {
	go n.loop(func() bool {
		select {
		case fn := <-n.news:
			fn(context.Background())
			return true
		default:
			return false
		}
	}, func() {
		select {
		case fn := <-n.news:
			fn(context.Background())
		case <-n.quit:
		}
	})
	go n.loop(func() bool { return n.writeLog(nil) }, func() {
		select {
		case r := <-n.log:
			n.writeLog([]domain.MessageRecord{r})
		case <-n.quit:
		}
	})
	go n.loop(func() bool {
		select {
		case d := <-n.dead:
			n.writeLetter(d)
			return true
		default:
			return false
		}
	}, func() {
		select {
		case d := <-n.dead:
			n.writeLetter(d)
		case <-n.quit:
		}
	})
}

// loop calls next until stop, and then rest until it says that nothing is left.
func (n *notes) loop(rest func() bool, next func()) {
	defer func() { n.group <- struct{}{} }()
	for {
		select {
		case <-n.quit:
			for rest() {
			}
			return
		default:
			next()
		}
	}
}

func (n *notes) stop() {
	close(n.quit)
	for range noteLoops {
		<-n.group
	}
}

// writeLog stores records together with all that wait; it reports whether there were
// any.
func (n *notes) writeLog(list []domain.MessageRecord) bool {
	for len(list) < batchSize {
		select {
		case r := <-n.log:
			list = append(list, r)
			continue
		default:
		}
		break
	}
	if len(list) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeLimit)
	defer cancel()
	if err := n.s.cfg.Store.Log(ctx, list); err != nil {
		n.s.cfg.Log.Warn("requests not logged", slog.Int("count", len(list)), slog.Any("err", err))
		n.s.cfg.Count("log_dropped")
	}
	return true
}

func (n *notes) writeLetter(d *domain.DeadLetter) {
	ctx, cancel := context.WithTimeout(context.Background(), storeLimit)
	defer cancel()
	if err := n.s.cfg.Letters.Insert(ctx, d); err != nil {
		n.s.cfg.Log.Error("dead letter not stored", slog.String("agent_id", string(d.AgentID)), slog.String("reason", d.Reason), slog.Any("err", err))
	}
}

// letter stores a dead letter soon.
func (n *notes) letter(d *domain.DeadLetter) {
	select {
	case n.dead <- d:
	default:
		n.s.cfg.Log.Error("dead letter not stored", slog.String("agent_id", string(d.AgentID)), slog.String("reason", d.Reason))
	}
}

// record logs a request or its answer soon.
func (n *notes) record(r domain.MessageRecord) {
	select {
	case n.log <- r:
	default:
		n.s.cfg.Count("log_dropped")
	}
}

// publish tells the bus soon. While it is down nothing is told: old news says
// nothing.
func (n *notes) publish(subject string, v any) {
	bus := n.s.cfg.Bus
	if bus == nil {
		return
	}
	n.tell(func(ctx context.Context) {
		if bus.Connected() {
			_ = bus.Publish(ctx, subject, v) // the rows are the truth
		}
	})
}

// event tells those that watch soon.
func (n *notes) event(ev domain.Event) {
	n.tell(func(ctx context.Context) { n.s.cfg.Emit(ctx, ev) })
}

func (n *notes) tell(fn func(ctx context.Context)) {
	if !n.s.started() {
		fn(context.Background())
		return
	}
	select {
	case n.news <- fn:
	default:
		n.s.cfg.Count("news_dropped")
	}
}
