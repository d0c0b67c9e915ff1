// Package service holds the use cases. A service decides, owns the transaction and
// checks that the principal in the context may do this; transports only say who it
// is, and adapters only store.
//
// Websites, runs, tasks, approvals and audit entries belong to a tenant. A
// principal sees and changes those of its own tenant; what belongs to another does
// not exist for it, to the letter of the message. Work that no principal asks for,
// such as the step of a run, sees everything.
package service

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
)

// transactor opens a transaction that the store and the job queue join.
type transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// scope returns the tenant whose things the principal in ctx sees, or "" (all of
// them) for work without a principal. It is the only place that knows what a
// principal without a tenant means.
func scope(ctx context.Context) domain.TenantID {
	if p := domain.PrincipalFrom(ctx); p != nil {
		return p.Tenant.OrDefault()
	}
	return ""
}

// visible passes on what a store returned, unless it belongs to a tenant that the
// principal in ctx does not see: then it does not exist, in the words that the
// store has for that.
func visible[T any](ctx context.Context, v *T, err error, kind, id string) (*T, error) {
	if err != nil {
		return nil, err
	}
	if tenant := scope(ctx); tenant != "" && tenantOf(v) != tenant {
		return nil, domain.Errorf(domain.CodeNotFound, "%s %s does not exist.", kind, id)
	}
	return v, nil
}

// tenantOf returns whose v is; "" if v is nobody's.
func tenantOf(v any) domain.TenantID {
	switch v := v.(type) {
	case *domain.Website:
		return v.Tenant.OrDefault()
	case *domain.Run:
		return v.Tenant.OrDefault()
	case *domain.Task:
		return v.Tenant.OrDefault()
	case *domain.Approval:
		return v.Tenant.OrDefault()
	case *domain.CustomPipeline:
		return v.Tenant.OrDefault()
	case *domain.Schedule:
		return v.Tenant.OrDefault()
	case *domain.User:
		return v.Tenant.OrDefault()
	case *domain.Budget:
		return v.Tenant.OrDefault()
	case *domain.ScanReport:
		return v.Tenant.OrDefault()
	case *domain.MarketEstimate:
		return v.Tenant.OrDefault()
	case *domain.DeadLetter:
		return v.Tenant.OrDefault()
	case *domain.ResearchReport:
		return v.Tenant.OrDefault()
	case *domain.FleetChange:
		return v.Tenant.OrDefault()
	case *domain.Batch:
		return v.Tenant.OrDefault()
	case *domain.PlannedRelease:
		return v.Tenant.OrDefault()
	case *domain.FleetFreeze:
		return v.Tenant.OrDefault()
	case *domain.Link:
		return v.Tenant.OrDefault()
	case *domain.LinkSwap:
		return v.Tenant.OrDefault()
	case *domain.Snapshot:
		return v.Tenant.OrDefault()
	case *domain.Alert:
		return v.Tenant.OrDefault()
	case *domain.AlertRule:
		return v.Tenant.OrDefault()
	case *domain.AlertDelivery:
		return v.Tenant.OrDefault()
	}
	return ""
}

type auditStore interface {
	Append(ctx context.Context, e domain.AuditEntry) error
}

// journal writes audit entries for the principal in the context.
type journal struct {
	store auditStore
	now   func() time.Time
}

// record notes that something happened to an object.
func (j journal) record(ctx context.Context, action, object, detail string) error {
	return j.changed(ctx, action, object, detail, nil, nil)
}

// changed notes a change of an object with the hashes of its state before and
// after; nil stands for no object. It belongs into the transaction of the change.
// Without a principal the entry belongs to the tenant of the object.
func (j journal) changed(ctx context.Context, action, object, detail string, before, after any) error {
	owner := tenantOf(after)
	if owner == "" {
		owner = tenantOf(before)
	}
	return j.changedFor(ctx, owner, action, object, detail, before, after)
}

// changedFor is changed of an object that does not know its tenant.
func (j journal) changedFor(ctx context.Context, owner domain.TenantID, action, object, detail string, before, after any) error {
	e := domain.AuditEntry{
		At: j.now().UTC(), Tenant: scope(ctx), Action: action, Object: object, Detail: detail, RequestID: domain.RequestIDFrom(ctx),
	}
	if p := domain.PrincipalFrom(ctx); p != nil {
		e.ActorID = p.UserID
	} else {
		e.Tenant = owner
	}
	for _, state := range []struct {
		v    any
		hash *string
	}{{before, &e.Before}, {after, &e.After}} {
		if state.v == nil {
			continue
		}
		var err error
		if *state.hash, err = stateHash(state.v); err != nil {
			return fmt.Errorf("hash %s: %w", object, err)
		}
	}
	return j.store.Append(ctx, e)
}

// stamp is now with the precision of a database, so that an object has the same
// state, and so the same hash, before and after it is stored.
func (j journal) stamp() time.Time { return j.now().UTC().Truncate(time.Microsecond) }

// stateHash returns the SHA-256 of v as canonical JSON, in hex: names in order, no
// space, numbers as they are written.
func stateHash(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return "", err
	}
	if raw, err = json.Marshal(tree); err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
