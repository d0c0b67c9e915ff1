package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// Messages are the messages of all mailboxes and the log of service requests.
//
//	queued ─▶ handled
//	   └────▶ dead      with a dead letter beside it
//
// Within a mailbox they are committed in the order of their sequence numbers, so
// whoever has read up to a number has missed none below it.
type Messages struct{ db *DB }

const messageColumns = `id, tenant, sender, recipient, kind, body, priority, created_at, ttl, requires_response, in_reply_to, state, attempts, handled_at,
	run_id, step_id, task_id`

const messageFields = 17 // of messageColumns

func scanMessage(r row) (m domain.MessageRecord, err error) {
	err = r.Scan(&m.Seq, &m.ID, &m.Tenant, &m.From, &m.To, &m.Kind, rawScan{&m.Message.Message}, &m.Priority, asTime(&m.Timestamp), asTime(&m.TTL),
		&m.RequiresResponse, &m.InReplyTo, &m.State, &m.Attempts, asTimePtr(&m.HandledAt), &m.RunID, &m.StepID, &m.TaskID)
	return m, err
}

func (s *Messages) args(m *domain.MessageRecord) []any {
	return []any{
		m.ID, m.Tenant.OrDefault(), m.From, m.To, m.Kind, string(m.Message.Message), m.Priority, s.db.time(m.Timestamp), s.db.time(m.TTL),
		m.RequiresResponse, m.InReplyTo, m.State, m.Attempts, s.db.timePtr(m.HandledAt), m.RunID, m.StepID, m.TaskID,
	}
}

// Insert queues messages in their order. A mailbox takes no more than most; full
// reports for each message whether it was left out for that reason. An id that is
// there already is CodeConflict, and nothing is stored.
func (s *Messages) Insert(ctx context.Context, list []domain.MessageRecord, most int) (full []bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		full = make([]bool, len(list))
		counts := map[domain.AgentID]int{}
		for i := range list {
			counts[list[i].To]++
		}
		depths, err := s.deepen(ctx, counts)
		if err != nil {
			return err
		}
		over := map[domain.AgentID]int{} // to be left out, the last ones first
		for id, depth := range depths {
			if n := depth - most; n > 0 {
				over[id] = min(n, counts[id])
			}
		}
		kept := list
		if len(over) > 0 {
			kept = make([]domain.MessageRecord, 0, len(list))
			back := map[domain.AgentID]int{}
			for id, n := range over {
				back[id] = -n
			}
			if _, err := s.deepen(ctx, back); err != nil {
				return err
			}
			room := map[domain.AgentID]int{}
			for id, n := range counts {
				room[id] = n - over[id]
			}
			for i := range list {
				if room[list[i].To]--; room[list[i].To] < 0 {
					full[i] = true
					continue
				}
				kept = append(kept, list[i])
			}
		}
		return s.insertAll(ctx, kept)
	})
	err = taken(err, "id", "id", "There is a message with this id already.")
	return full, s.db.fail(err, "insert messages")
}

// Log stores messages that wait in no mailbox. Those that are there already stay as
// they are.
func (s *Messages) Log(ctx context.Context, list []domain.MessageRecord) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error { return s.insertAll(ctx, list) })
	return s.db.fail(err, "log messages")
}

func (s *Messages) insertAll(ctx context.Context, list []domain.MessageRecord) error {
	for part := range slices.Chunk(list, s.db.d.rowsPerStatement(messageFields)) {
		var rows []string
		var args []any
		for i := range part {
			rows = append(rows, "("+placeholders(len(args)+1, messageFields)+")")
			args = append(args, s.args(&part[i])...)
		}
		if _, err := s.db.exec(ctx, `INSERT INTO messages (`+messageColumns+`) VALUES `+strings.Join(rows, ", "), args...); err != nil {
			return err
		}
	}
	return nil
}

// deepen adds to the depths of mailboxes and returns what they are then. It takes
// their locks in one order, so that two writers cannot wait for each other.
func (s *Messages) deepen(ctx context.Context, by map[domain.AgentID]int) (map[domain.AgentID]int, error) {
	ids := slices.Sorted(maps.Keys(by))
	out := make(map[domain.AgentID]int, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	if err := s.db.lockMailboxes(ctx, ids); err != nil {
		return nil, err
	}
	if err := s.deepenKnown(ctx, ids, by, out); err != nil || len(out) == len(ids) {
		return out, err
	}
	var fresh []domain.AgentID // boxes that got their first message
	for _, id := range ids {
		if _, known := out[id]; !known {
			if _, err := s.db.exec(ctx, `INSERT INTO mailboxes (agent_id, depth) VALUES ($1, 0) ON CONFLICT (agent_id) DO NOTHING`, id); err != nil {
				return nil, err
			}
			fresh = append(fresh, id)
		}
	}
	return out, s.deepenKnown(ctx, fresh, by, out)
}

// deepenKnown changes the depths of those mailboxes that exist.
func (s *Messages) deepenKnown(ctx context.Context, ids []domain.AgentID, by, out map[domain.AgentID]int) error {
	if s.db.d.oneByOne() {
		for _, id := range ids {
			var depth int
			err := s.db.w(ctx).QueryRowContext(ctx, `UPDATE mailboxes SET depth = depth + $2 WHERE agent_id = $1 RETURNING depth`, id, by[id]).Scan(&depth)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			out[id] = depth
		}
		return nil
	}
	for part := range slices.Chunk(ids, 100) {
		var rows []string
		var args []any
		for _, id := range part {
			rows = append(rows, "(CAST("+placeholders(len(args)+1, 1)+" AS text), CAST("+placeholders(len(args)+2, 1)+" AS bigint))")
			args = append(args, string(id), by[id])
		}
		query := `WITH d (agent_id, n) AS (VALUES ` + strings.Join(rows, ", ") + `)
			UPDATE mailboxes SET depth = depth + d.n FROM d WHERE mailboxes.agent_id = d.agent_id RETURNING mailboxes.agent_id, mailboxes.depth`
		if err := s.db.each(ctx, query, args, func(r row) error {
			var id domain.AgentID
			var depth int
			err := r.Scan(&id, &depth)
			out[id] = depth
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// Next returns queued messages of a mailbox after a cursor, of each of the priorities
// the first domain.MailPage, those of high priority first. Messages of the senders in
// without are left out.
func (s *Messages) Next(ctx context.Context, agent domain.AgentID, after domain.MailCursor, of []domain.Priority, without []domain.AgentID) ([]domain.MessageRecord, error) {
	args := []any{agent}
	skip := ""
	if len(without) > 0 {
		args = append(args, listArg(s.db.d, without))
		skip = " AND NOT (" + s.db.d.inList("sender", 2) + ")"
	}
	var parts []string
	for _, p := range of { // the limit is no argument: SQLite plans anew for each value of one
		args = append(args, after.Normal)
		if p == domain.PriorityHigh {
			args[len(args)-1] = after.High
		}
		parts = append(parts, `SELECT * FROM (SELECT seq, `+messageColumns+` FROM messages WHERE recipient = $1 AND state = 'queued' AND priority = '`+string(p)+
			`' AND seq > `+placeholders(len(args), 1)+skip+` ORDER BY seq LIMIT `+strconv.Itoa(domain.MailPage)+`) `+string(p))
	}
	list, err := getAll(ctx, s.db, scanMessage, strings.Join(parts, " UNION ALL "), args...)
	slices.SortFunc(list, func(a, b domain.MessageRecord) int {
		if a.Priority != b.Priority {
			return strings.Compare(string(a.Priority), string(b.Priority)) // high, normal
		}
		return cmp.Compare(a.Seq, b.Seq)
	})
	return list, s.db.fail(err, "read mailbox %s", agent)
}

// Handle ends messages that were delivered. Those that have ended stay as they are.
func (s *Messages) Handle(ctx context.Context, ids []string, at time.Time) error {
	err := s.end(ctx, ids, domain.MessageHandled, at, nil)
	return s.db.fail(err, "handle messages")
}

// Bury makes queued messages dead and returns them; others stay as they are.
func (s *Messages) Bury(ctx context.Context, ids []string, at time.Time) ([]domain.MessageRecord, error) {
	var out []domain.MessageRecord
	err := s.end(ctx, ids, domain.MessageDead, at, func(ended []string) (err error) {
		out, err = getAll(ctx, s.db, scanMessage, `SELECT seq, `+messageColumns+` FROM messages WHERE `+s.db.d.inList("id", 1)+` ORDER BY seq`, listArg(s.db.d, ended))
		return err
	})
	return out, s.db.fail(err, "bury messages")
}

// end moves queued messages into a final state. then gets the ids of those that were
// queued, within the transaction if ctx has one.
func (s *Messages) end(ctx context.Context, ids []string, state domain.MessageState, at time.Time, then func(ended []string) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.lockBoxes(ctx, ids); err != nil {
			return err
		}
		counts := map[domain.AgentID]int{}
		ended, err := s.endQueued(ctx, ids, state, at, counts)
		if err != nil {
			return err
		}
		if _, err := s.deepen(ctx, counts); err != nil {
			return err
		}
		if then == nil || len(ended) == 0 {
			return nil
		}
		return then(ended)
	})
}

// lockBoxes holds the mailboxes of messages before the messages, as everywhere.
func (s *Messages) lockBoxes(ctx context.Context, ids []string) error {
	if s.db.d.oneByOne() {
		return nil // the transaction holds the write lock
	}
	boxes, err := getAll(ctx, s.db, scanOne[domain.AgentID],
		`SELECT DISTINCT recipient FROM messages WHERE `+s.db.d.inList("id", 1)+` AND state = 'queued'`, listArg(s.db.d, ids))
	if err != nil || len(boxes) == 0 {
		return err
	}
	slices.Sort(boxes)
	return s.db.lockMailboxes(ctx, boxes)
}

// endQueued ends those messages that are queued, returns their ids and counts them by
// mailbox, downwards.
func (s *Messages) endQueued(ctx context.Context, ids []string, state domain.MessageState, at time.Time, counts map[domain.AgentID]int) ([]string, error) {
	const set = `UPDATE messages SET state = $2, handled_at = $3, attempts = attempts + 1 WHERE `
	ended := make([]string, 0, len(ids))
	if s.db.d.oneByOne() {
		for _, id := range ids {
			var box domain.AgentID
			err := s.db.w(ctx).QueryRowContext(ctx, set+`id = $1 AND state = 'queued' RETURNING recipient`, id, state, s.db.time(at)).Scan(&box)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return nil, err
			}
			counts[box]--
			ended = append(ended, id)
		}
		return ended, nil
	}
	query := set + s.db.d.inList("id", 1) + ` AND state = 'queued' RETURNING recipient, id`
	err := s.db.each(ctx, query, []any{listArg(s.db.d, ids), state, s.db.time(at)}, func(r row) error {
		var box domain.AgentID
		var id string
		err := r.Scan(&box, &id)
		counts[box]--
		ended = append(ended, id)
		return err
	})
	return ended, err
}

// Attempt counts a delivery of a queued message that failed.
func (s *Messages) Attempt(ctx context.Context, id string) error {
	_, err := s.db.exec(ctx, `UPDATE messages SET attempts = attempts + 1 WHERE id = $1 AND state = 'queued'`, id)
	return s.db.fail(err, "count attempt of message %s", id)
}

// Expired returns the ids of up to limit queued messages whose ttl is not after a
// time.
func (s *Messages) Expired(ctx context.Context, until time.Time, limit int) ([]string, error) {
	const query = `SELECT id FROM messages WHERE state = 'queued' AND ttl <= $1 ORDER BY ttl LIMIT $2`
	list, err := getAll(ctx, s.db, scanOne[string], query, s.db.time(until), limit)
	return list, s.db.fail(err, "list expired messages")
}

// Queued returns the ids of up to limit queued messages of a mailbox.
func (s *Messages) Queued(ctx context.Context, agent domain.AgentID, limit int) ([]string, error) {
	const query = `SELECT id FROM messages WHERE state = 'queued' AND recipient = $1 AND priority IN ('high', 'normal') ORDER BY seq LIMIT $2`
	list, err := getAll(ctx, s.db, scanOne[string], query, agent, limit)
	return list, s.db.fail(err, "list messages of %s", agent)
}

// Get returns one message, or CodeNotFound.
func (s *Messages) Get(ctx context.Context, id string) (*domain.MessageRecord, error) {
	missing := domain.Errorf(domain.CodeNotFound, "Message %s does not exist.", id)
	m, err := getOne(ctx, s.db, missing, scanMessage, `SELECT seq, `+messageColumns+` FROM messages WHERE id = $1`, id)
	return m, s.db.fail(err, "get message %s", id)
}

// List returns messages, the newest first, and how many there are.
func (s *Messages) List(ctx context.Context, mf domain.MessageFilter, w domain.Window) ([]domain.MessageRecord, int, error) {
	var f filter
	f.eq("tenant", string(mf.Tenant))
	f.eq("recipient", string(mf.AgentID))
	f.eq("state", string(mf.State))
	f.eq("run_id", string(mf.RunID))
	total, err := s.db.count(ctx, `SELECT count(*) FROM messages`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanMessage, `SELECT seq, `+messageColumns+` FROM messages`+f.where()+` ORDER BY seq DESC`+page, args...)
	return list, total, s.db.fail(err, "list messages")
}

// Sweep deletes up to limit messages that ended before a time and returns how many.
func (s *Messages) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	const query = `DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE handled_at < $1 AND handled_at IS NOT NULL LIMIT $2)`
	n, err := s.db.exec(ctx, query, s.db.time(before), limit)
	return int(n), s.db.fail(err, "sweep messages")
}
