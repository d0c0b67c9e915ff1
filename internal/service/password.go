package service

import (
	"context"
	"fmt"
	"strings"

	"empire/internal/domain"
)

// ResetPassword gives an account a new random password and returns it: the only
// time that it can be seen. It needs admin.full.
func (s *Users) ResetPassword(ctx context.Context, email string) (string, error) {
	actor, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return "", err
	}
	u, err := s.c.Store.GetByEmail(ctx, strings.TrimSpace(email))
	if err != nil {
		return "", err
	}
	password := s.c.Passwords.Generate()
	hash, err := s.c.Passwords.Hash(ctx, password)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	now := s.c.Now().UTC()
	u.PasswordHash, u.UpdatedAt = hash, now
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.c.Store.Update(ctx, u); err != nil {
			return err
		}
		return s.c.Audit.Append(ctx, domain.AuditEntry{
			At: now, ActorID: actor.UserID, Action: "user.password_reset", Object: string(u.ID), RequestID: domain.RequestIDFrom(ctx),
		})
	})
	return password, err
}
