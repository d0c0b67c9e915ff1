package store

import (
	"context"

	"empire/internal/domain"
)

// AlertRules are the rules that people added, and built-in ones that they changed. Those
// that nobody changed are not stored.
type AlertRules struct{ db *DB }

func scanAlertRule(r row) (a domain.AlertRule, err error) {
	err = r.Scan(jsonValue{&a})
	return a, err
}

// List returns the stored rules of a tenant, or of all if it is empty, by id.
func (s *AlertRules) List(ctx context.Context, tenant domain.TenantID) ([]domain.AlertRule, error) {
	var f filter
	f.eq("tenant", string(tenant))
	list, err := getAll(ctx, s.db, scanAlertRule, `SELECT doc FROM alert_rules`+f.where()+` ORDER BY tenant, id`, f.args...)
	return list, s.db.fail(err, "list alert rules")
}

// Put stores a rule in the place of the one with its id.
func (s *AlertRules) Put(ctx context.Context, r *domain.AlertRule) error {
	const query = `INSERT INTO alert_rules (tenant, id, doc) VALUES ($1, $2, $3) ON CONFLICT (tenant, id) DO UPDATE SET doc = excluded.doc`
	_, err := s.db.exec(ctx, query, r.Tenant.OrDefault(), r.ID, jsonValue{r})
	return s.db.fail(err, "store alert rule %s", r.ID)
}

// Delete removes a stored rule, or is CodeNotFound.
func (s *AlertRules) Delete(ctx context.Context, tenant domain.TenantID, id domain.AlertRuleID) error {
	missing := domain.Errorf(domain.CodeNotFound, "Alert rule %s does not exist.", id)
	err := s.db.execOne(ctx, missing, `DELETE FROM alert_rules WHERE tenant = $1 AND id = $2`, tenant.OrDefault(), id)
	return s.db.fail(err, "delete alert rule %s", id)
}
