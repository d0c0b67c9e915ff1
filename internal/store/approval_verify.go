package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"empire/internal/domain"
)

// VerifyLog computes all hashes of the log of approvals again, compares each entry
// with the approval that it is about and each approval with its entries, and traces
// published releases to their approval. Faults are in the report; an error means
// that it could not be checked. What happens meanwhile is not looked at.
func (s *Approvals) VerifyLog(ctx context.Context) (*domain.ApprovalReport, error) {
	v := &verifier{db: s.db, report: &domain.ApprovalReport{Faults: []domain.ApprovalFault{}}}
	const counters = `SELECT name, value FROM counters WHERE name IN ('approval', 'approval_v1', 'approval_legacy')`
	values := map[string]int64{}
	_, err := getAll(ctx, s.db, func(r row) (name string, err error) {
		var n int64
		err = r.Scan(&name, &n)
		values[name] = n
		return name, err
	}, counters)
	if err != nil {
		return nil, s.db.fail(err, "read counters")
	}
	v.last, v.old, v.legacy = values["approval"], values["approval_v1"], values["approval_legacy"]
	for _, check := range []func(context.Context) error{v.decisions, v.entries, v.beyond, v.approvals, v.releases} {
		if err := check(ctx); err != nil {
			return nil, s.db.fail(err, "verify log of approvals")
		}
	}
	v.report.Head = v.previous
	return v.report, nil
}

// verifier walks through the log and what belongs to it.
type verifier struct {
	db     *DB
	report *domain.ApprovalReport
	last   int64 // number of the last entry
	old    int64 // of the last decision from before the log
	legacy int64 // approvals from before the log

	seq      int64 // of the entry before
	previous string
}

// fault notes what is wrong, up to a limit.
func (v *verifier) fault(f domain.ApprovalFault, format string, args ...any) {
	f.Problem = fmt.Sprintf(format, args...)
	if len(v.report.Faults) < domain.MaxApprovalFaults {
		v.report.Faults = append(v.report.Faults, f)
	}
}

// arrive goes to an entry and notes those that are missing before it.
func (v *verifier) arrive(seq int64) {
	if seq != v.seq+1 {
		v.fault(domain.ApprovalFault{Seq: v.seq + 1}, "Entry %d is missing from the log.", v.seq+1)
	}
	v.seq = seq
	v.report.Entries++
}

// decisions checks what was decided before the log.
func (v *verifier) decisions(ctx context.Context) error {
	const query = `SELECT ` + approvalColumns + `, chain_seq FROM approvals WHERE chain_seq <= $1 ORDER BY chain_seq`
	err := v.each(ctx, func(r row) error {
		var a domain.Approval
		var seq int64
		if err := r.Scan(append(approvalFields(&a), &seq)...); err != nil {
			return err
		}
		v.arrive(seq)
		if a.DecidedAt == nil || a.Hash != payloadHash([]byte(decisionOf(v.previous, &a))) {
			v.fault(domain.ApprovalFault{Seq: seq, ApprovalID: a.ID, Tenant: a.Tenant}, "Decision %d was changed after it was made.", seq)
		}
		v.previous = a.Hash
		return nil
	}, query, v.old)
	if err == nil && v.seq < v.old {
		v.fault(domain.ApprovalFault{Seq: v.seq + 1}, "Decision %d is missing from the log.", v.seq+1)
		v.seq = v.old
	}
	return err
}

// verifyPage is how many entries are compared at a time.
const verifyPage = 500

// claim is an approval with the numbers of the entries that it names as its own.
type claim struct {
	approval      domain.Approval
	opened, ended int64
}

// entries checks the log with the approvals that it is about.
func (v *verifier) entries(ctx context.Context) error {
	const query = `SELECT seq, approval_id, tenant, entry, hash FROM approval_log WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`
	for after := int64(math.MinInt64); ; {
		page, err := getAll(ctx, v.db, scanEntry, query, after, v.last, verifyPage)
		if err != nil {
			return err
		}
		claims, err := v.claims(ctx, page)
		if err != nil {
			return err
		}
		for i := range page {
			v.arrive(page[i].Seq)
			v.entry(&page[i], claims[page[i].ApprovalID])
			v.previous, after = page[i].Hash, page[i].Seq
		}
		if len(page) < verifyPage {
			break
		}
	}
	if v.seq < v.last {
		v.fault(domain.ApprovalFault{Seq: v.seq + 1}, "Entry %d is missing from the log.", v.seq+1)
	}
	return nil
}

// claims returns the approvals that entries are about.
func (v *verifier) claims(ctx context.Context, page []domain.ApprovalEntry) (map[domain.ApprovalID]*claim, error) {
	ids := make([]domain.ApprovalID, len(page))
	for i := range page {
		ids[i] = page[i].ApprovalID
	}
	var f filter
	in(&f, v.db.d, "id", ids)
	list, err := getAll(ctx, v.db, func(r row) (c claim, err error) {
		err = r.Scan(append(approvalFields(&c.approval), &c.opened, &c.ended)...)
		return c, err
	}, `SELECT `+approvalColumns+`, opened_seq, coalesce(chain_seq, 0) FROM approvals`+f.where(), f.args...)
	out := map[domain.ApprovalID]*claim{}
	for i := range list {
		out[list[i].approval.ID] = &list[i]
	}
	return out, err
}

// entry checks one entry of the log; c is nil if its approval is gone.
func (v *verifier) entry(e *domain.ApprovalEntry, c *claim) {
	f := domain.ApprovalFault{Seq: e.Seq, ApprovalID: e.ApprovalID, Tenant: e.Tenant}
	switch previous, ok := e.Previous(); {
	case !ok:
		v.fault(f, "Entry %d was changed after it was made.", e.Seq)
	case previous != v.previous:
		v.fault(f, "Entry %d does not follow the one before it.", e.Seq)
	case e.Seq <= v.old:
		v.fault(f, "Entry %d was inserted before the log began.", e.Seq)
	case c == nil:
		v.fault(f, "Approval %s of entry %d is gone.", e.ApprovalID, e.Seq)
	case c.opened != e.Seq && c.ended != e.Seq:
		v.fault(f, "Approval %s does not name entry %d as its own.", e.ApprovalID, e.Seq)
	case e.Tenant != c.approval.Tenant,
		c.opened == e.Seq && e.Entry != openingOf(previous, e.Seq, &c.approval),
		c.ended == e.Seq && (e.Entry != entryOf(previous, e.Seq, &c.approval) || c.approval.Hash != e.Hash):
		v.fault(f, "Approval %s is not as entry %d says.", e.ApprovalID, e.Seq)
	}
}

// beyond looks for entries that no counter knows. Those that were made since the
// check began follow its end without a gap and are fine.
func (v *verifier) beyond(ctx context.Context) error {
	const query = `SELECT seq FROM approval_log WHERE seq > $1 AND seq > (SELECT value FROM counters WHERE name = 'approval') ORDER BY seq LIMIT 1`
	return v.each(ctx, func(r row) error {
		var seq int64
		if err := r.Scan(&seq); err != nil {
			return err
		}
		v.fault(domain.ApprovalFault{Seq: seq}, "Entry %d was inserted behind the end of the log.", seq)
		return nil
	}, query, v.last)
}

// holding is what the check of one approval looks at.
type holding struct {
	approval        domain.Approval
	opened, ended   int64             // the entries that it names
	opening, ending domain.ApprovalID // the approvals that those are about
}

// approvals checks that every approval has its entries and every payload its hash.
func (v *verifier) approvals(ctx context.Context) error {
	const query = `SELECT a.id, a.tenant, a.payload, a.payload_hash, a.state, a.actor_id, a.reason, a.hash, a.opened_seq, coalesce(a.chain_seq, 0),
			coalesce(o.approval_id, ''), coalesce(e.approval_id, '')
		FROM approvals a LEFT JOIN approval_log o ON o.seq = a.opened_seq LEFT JOIN approval_log e ON e.seq = a.chain_seq ORDER BY a.created_at, a.id`
	legacy := int64(0)
	err := v.each(ctx, func(r row) error {
		var h holding
		a := &h.approval
		if err := r.Scan(&a.ID, &a.Tenant, rawScan{&a.Payload}, &a.PayloadHash, &a.State, &a.ActorID, &a.Reason, &a.Hash, &h.opened, &h.ended, &h.opening, &h.ending); err != nil {
			return err
		}
		v.report.Approvals++
		if h.opened == 0 {
			if legacy++; legacy == v.legacy+1 {
				v.fault(domain.ApprovalFault{ApprovalID: a.ID, Tenant: a.Tenant},
					"Approval %s, or one before it, has no entry in the log: an older program opened it, or somebody inserted it.", a.ID)
			}
		}
		v.approval(&h)
		return nil
	}, query)
	if err == nil && legacy < v.legacy {
		v.fault(domain.ApprovalFault{}, "Of the approvals from before the log, %d are gone.", v.legacy-legacy)
	}
	return err
}

func (v *verifier) approval(h *holding) {
	a := &h.approval
	f := domain.ApprovalFault{ApprovalID: a.ID, Tenant: a.Tenant}
	if payloadHash(a.Payload) != a.PayloadHash {
		v.fault(f, "The payload of approval %s is not what its hash says.", a.ID)
	}
	pending := a.State == domain.ApprovalPending
	old := h.ended > 0 && h.ended <= v.old
	voidBefore := h.opened == 0 && h.ended == 0 && a.State == domain.ApprovalVoid && a.Hash == "" // that was not logged then
	switch {
	case !slices.Contains(domain.ApprovalStates(), a.State):
		v.fault(f, "Approval %s is in a state that does not exist.", a.ID)
	case h.opened != 0 && h.opening != a.ID:
		v.fault(f, "Approval %s names an opening that is not its own.", a.ID)
	case pending && (h.ended != 0 || a.Hash != "" || a.ActorID != "" || a.Reason != ""):
		v.fault(f, "Approval %s is pending, but carries a decision.", a.ID)
	case !pending && !old && !voidBefore && h.ending != a.ID:
		v.fault(f, "Approval %s is %s, of which the log knows nothing.", a.ID, a.State)
	}
}

// releases checks that a person approved every release that was ever live.
func (v *verifier) releases(ctx context.Context) error {
	const query = `SELECT r.id, coalesce(w.tenant, ''), r.manifest, coalesce(a.payload, '') FROM releases r LEFT JOIN websites w ON w.id = r.website_id
		LEFT JOIN approvals a ON a.run_id = r.run_id AND a.state = 'approved' AND a.kind = 'publish_release'
		WHERE r.published_at IS NOT NULL ORDER BY r.id`
	var id domain.ReleaseID
	var tenant domain.TenantID
	covered := true
	settle := func() {
		if !covered {
			v.fault(domain.ApprovalFault{ReleaseID: id, Tenant: tenant}, "Release %s was published, but nobody approved its manifest.", id)
		}
	}
	err := v.each(ctx, func(r row) error {
		var next domain.ReleaseID
		var owner domain.TenantID
		var manifest string
		var payload json.RawMessage
		if err := r.Scan(&next, &owner, &manifest, rawScan{&payload}); err != nil {
			return err
		}
		if next != id {
			settle()
			id, tenant, covered = next, owner, false
			v.report.Releases++
		}
		var p struct {
			Manifest string `json:"manifest"`
		}
		if len(payload) > 0 && json.Unmarshal(payload, &p) == nil && p.Manifest == manifest {
			covered = true
		}
		return nil
	}, query)
	if err == nil {
		settle()
	}
	return err
}

// each calls fn for every row of a query without keeping them.
func (v *verifier) each(ctx context.Context, fn func(row) error, query string, args ...any) error {
	rows, err := v.db.r(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return v.db.coded(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return v.db.coded(rows.Err())
}
