package service

import (
	"context"
	"encoding/json"
	"log/slog"

	"empire/internal/domain"
)

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

// event tells those that watch what became of a message.
func (s *Messages) event(what string, r *domain.MessageRecord) {
	if s.cfg.Emit == nil {
		return
	}
	data, err := json.Marshal(map[string]any{"id": r.ID, "from": r.From, "to": r.To, "priority": r.Priority})
	if err != nil {
		return // texts cannot fail
	}
	s.notes.event(domain.Event{Topic: domain.EventMessage + "." + what, Tenant: r.Tenant, Object: r.ID, Data: data, At: s.cfg.Now().UTC()})
}
