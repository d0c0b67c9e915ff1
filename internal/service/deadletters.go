package service

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
)

type deadLetterStore interface {
	Insert(ctx context.Context, d *domain.DeadLetter) error
	Get(ctx context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error)
	List(ctx context.Context, f domain.DeadLetterFilter, w domain.Window) ([]domain.DeadLetter, int, error)
	MarkReplayed(ctx context.Context, id domain.DeadLetterID, by domain.UserID, at time.Time) (bool, error)
}

// DeadLettersConfig is what DeadLetters needs.
type DeadLettersConfig struct {
	Tx       transactor
	Store    deadLetterStore
	Messages *Messages
	// ReplayTask queues the task of a dead letter again, in the transaction of ctx; nil:
	// tasks cannot be replayed.
	ReplayTask func(ctx context.Context, payload json.RawMessage) error
	Audit      auditStore
	Now        func() time.Time
}

// DeadLetters shows messages and tasks that nobody will handle any more, and lets
// people try them again.
type DeadLetters struct {
	cfg     DeadLettersConfig
	journal journal
}

// NewDeadLetters returns the service.
func NewDeadLetters(cfg DeadLettersConfig) *DeadLetters {
	return &DeadLetters{cfg: cfg, journal: journal{cfg.Audit, cfg.Now}}
}

// Add stores a dead letter, in the transaction of ctx if there is one. It fills id,
// tenant and time.
func (s *DeadLetters) Add(ctx context.Context, d domain.DeadLetter) error {
	if d.ID == "" {
		d.ID = domain.DeadLetterID(domain.NewID("dead"))
	}
	if d.Tenant == "" {
		d.Tenant = scope(ctx).OrDefault()
	}
	if d.CreatedAt.IsZero() {
		d.CreatedAt = s.journal.stamp()
	}
	if len(d.Payload) == 0 {
		d.Payload = json.RawMessage(`{}`)
	}
	return s.cfg.Store.Insert(ctx, &d)
}

// List returns a window of the dead letters, the newest first.
func (s *DeadLetters) List(ctx context.Context, f domain.DeadLetterFilter, w domain.Window) ([]domain.DeadLetter, int, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, 0, err
	}
	f.Tenant = scope(ctx)
	return s.cfg.Store.List(ctx, f, w)
}

// Get returns one dead letter.
func (s *DeadLetters) Get(ctx context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	d, err := s.cfg.Store.Get(ctx, id)
	return visible(ctx, d, err, "Dead letter", string(id))
}

// Replay puts a message back into its mailbox, under a new id and with a new ttl, or
// queues a task again. Doing so twice is CodeConflict; so is what still cannot be
// delivered.
func (s *DeadLetters) Replay(ctx context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error) {
	p, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	var after *domain.DeadLetter
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.cfg.Store.Get(ctx, id)
		if before, err = visible(ctx, before, err, "Dead letter", string(id)); err != nil {
			return err
		}
		ok, err := s.cfg.Store.MarkReplayed(ctx, id, p.UserID, s.journal.stamp())
		if err != nil {
			return err
		}
		if !ok {
			return domain.Errorf(domain.CodeConflict, "Dead letter %s was replayed already.", id)
		}
		if err := s.again(ctx, before); err != nil {
			return err
		}
		if after, err = s.cfg.Store.Get(ctx, id); err != nil {
			return err
		}
		return s.journal.changed(ctx, "dead_letter.replayed", string(id), before.Kind+" of "+string(before.AgentID), before, after)
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

func (s *DeadLetters) again(ctx context.Context, d *domain.DeadLetter) error {
	switch {
	case d.Kind == domain.DeadTask && s.cfg.ReplayTask != nil:
		return s.cfg.ReplayTask(ctx, d.Payload)
	case d.Kind != domain.DeadMessage:
		return domain.Errorf(domain.CodeConflict, "Dead letters of kind %s cannot be replayed.", d.Kind)
	}
	var m domain.Message
	if err := json.Unmarshal(d.Payload, &m); err != nil {
		return fmt.Errorf("read dead letter %s: %w", d.ID, err)
	}
	m.ID, m.TTL = "", time.Time{}
	_, err := s.cfg.Messages.send(ctx, m, 0, false)
	if domain.CodeOf(err) == domain.CodeAgentNotFound {
		return domain.Errorf(domain.CodeConflict, "Agent %s does not exist.", m.To)
	}
	return err
}
