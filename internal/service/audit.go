package service

import (
	"context"

	"empire/internal/domain"
)

type auditReader interface {
	List(ctx context.Context, f domain.AuditFilter, w domain.Window) ([]domain.AuditEntry, int, error)
	Before(ctx context.Context, f domain.AuditFilter, seq int64, limit int) ([]domain.AuditEntry, error)
}

// Audit shows the log of changes to the administrators of a tenant.
type Audit struct {
	log auditReader
}

// NewAudit returns the service.
func NewAudit(log auditReader) *Audit { return &Audit{log} }

// own checks the right to read the log and narrows f to the caller's tenant.
func (s *Audit) own(ctx context.Context, f domain.AuditFilter) (domain.AuditFilter, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return f, err
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return f, domain.Errorf(domain.CodeInvalid, "The time until is not after the time since.")
	}
	f.Tenant = scope(ctx)
	return f, nil
}

// List returns a window of the entries, newest first, and how many there are.
func (s *Audit) List(ctx context.Context, f domain.AuditFilter, w domain.Window) ([]domain.AuditEntry, int, error) {
	f, err := s.own(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	return s.log.List(ctx, f, w)
}

// Before returns up to limit entries that are older than the one with the number
// seq, newest first; 0 stands for the end of the log. It does not count.
func (s *Audit) Before(ctx context.Context, f domain.AuditFilter, seq int64, limit int) ([]domain.AuditEntry, error) {
	f, err := s.own(ctx, f)
	if err != nil {
		return nil, err
	}
	return s.log.Before(ctx, f, seq, limit)
}

const exportChunk = 1000 // entries that an export holds at a time

// Export calls fn with all entries, newest first, a part at a time. What is written
// to the log meanwhile is not among them.
func (s *Audit) Export(ctx context.Context, f domain.AuditFilter, fn func([]domain.AuditEntry) error) error {
	f, err := s.own(ctx, f)
	if err != nil {
		return err
	}
	for seq := int64(0); ; {
		list, err := s.log.Before(ctx, f, seq, exportChunk)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := fn(list); err != nil {
			return err
		}
		seq = list[len(list)-1].Seq
	}
}
