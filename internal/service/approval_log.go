package service

import (
	"context"

	"empire/internal/domain"
)

// Log returns up to limit entries of the log of approvals with a Seq greater than
// after. The log is one for all tenants, because only then nothing can vanish from
// it: of entries that belong to another tenant only the hash is shown.
func (s *Approvals) Log(ctx context.Context, after int64, limit int) ([]domain.ApprovalEntry, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, err
	}
	list, err := s.cfg.Approvals.Log(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if e := &list[i]; e.Tenant.OrDefault() != scope(ctx) {
			e.ApprovalID, e.Tenant, e.Entry = "", "", ""
		}
	}
	return list, nil
}

// VerifyLog computes all hashes of the log again and compares it with the approvals
// and the published releases. What is wrong with things of other tenants is said
// without their names.
func (s *Approvals) VerifyLog(ctx context.Context) (*domain.ApprovalReport, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, err
	}
	report, err := s.cfg.Approvals.VerifyLog(ctx)
	if err != nil {
		return nil, err
	}
	for i := range report.Faults {
		if f := &report.Faults[i]; f.Tenant != "" && f.Tenant != scope(ctx) {
			*f = domain.ApprovalFault{Seq: f.Seq, Problem: "Something of another tenant is not as the log says."}
		}
	}
	return report, nil
}
