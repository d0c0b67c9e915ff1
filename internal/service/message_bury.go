package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// refuse makes a dead letter of a message that is not accepted. The sender may roll
// its transaction back: the letter is stored beside it.
func (s *Messages) refuse(ctx context.Context, r domain.MessageRecord, why *undeliverable) error {
	s.cfg.Count(why.reason)
	d := s.letter(&r, why.reason, why.error.Message)
	if sqltx.From(ctx) != nil && s.started() {
		s.notes.letter(d)
		return why.error
	}
	if err := s.cfg.Letters.Insert(ctx, d); err != nil {
		return fmt.Errorf("message of %s: %w", r.From, errors.Join(why.error, err))
	}
	s.event("dead", &r)
	return why.error
}

func (s *Messages) letter(r *domain.MessageRecord, reason, detail string) *domain.DeadLetter {
	raw, err := json.Marshal(r.Message)
	if err != nil { // it was valid JSON
		raw = json.RawMessage(`{}`)
	}
	return &domain.DeadLetter{
		ID: domain.DeadLetterID(domain.NewID("dead")), Tenant: r.Tenant, Kind: domain.DeadMessage, AgentID: r.To, From: r.From, Reason: reason,
		Detail: detail, Payload: raw, CreatedAt: s.cfg.Now().UTC().Truncate(time.Microsecond),
	}
}

// AgentDeleted makes dead letters of all that still waits for an agent. It belongs
// into the transaction that deletes the agent.
func (s *Messages) AgentDeleted(ctx context.Context, agent domain.AgentID) error {
	for {
		ids, err := s.cfg.Store.Queued(ctx, agent, sweepSize)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := s.bury(ctx, ids, domain.DeadAgentDeleted, fmt.Sprintf("Agent %s was deleted.", agent)); err != nil {
			return err
		}
	}
}

// bury makes dead letters of those messages that are still queued.
func (s *Messages) bury(ctx context.Context, ids []string, reason, detail string) error {
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		dead, err := s.cfg.Store.Bury(ctx, ids, s.cfg.Now().UTC())
		if err != nil {
			return err
		}
		for i := range dead {
			if err := s.cfg.Letters.Insert(ctx, s.letter(&dead[i], reason, detail)); err != nil {
				return err
			}
		}
		sqltx.AfterCommit(ctx, func() {
			for i := range dead {
				s.cfg.Count(reason)
				s.event("dead", &dead[i])
			}
		})
		return nil
	})
}
