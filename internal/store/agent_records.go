package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"empire/internal/domain"
)

const agentColumns = `id, kind, tenant, owner_id, name, description, task_types, capabilities, config_schema, config, secrets, max_concurrency, state, version,
	created_at, updated_at, instance, link, linked_by, process, heartbeat, shown`

func scanAgent(r row) (a domain.AgentRecord, err error) {
	err = r.Scan(&a.ID, &a.Kind, &a.Tenant, &a.OwnerID, &a.Name, &a.Description, jsonValue{&a.TaskTypes}, jsonValue{&a.Capabilities},
		jsonValue{&a.ConfigSchema}, rawScan{&a.Config}, jsonValue{&a.Secrets}, &a.MaxConcurrency, &a.State, &a.Version,
		asTimePtr(&a.CreatedAt), asTimePtr(&a.UpdatedAt), &a.Instance, &a.Link, &a.LinkedBy, &a.Process, asTimePtr(&a.Heartbeat), &a.Shown)
	return a, err
}

func noAgent(id domain.AgentID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
}

// Get returns what is kept of an agent, or CodeNotFound. Deleted agents have a
// record, built-in ones only once they were active or configured.
func (s *Agents) Get(ctx context.Context, id domain.AgentID) (*domain.AgentRecord, error) {
	const query = `SELECT ` + agentColumns + ` FROM agents WHERE id = $1`
	a, err := getOne(ctx, s.db, noAgent(id), scanAgent, query, id)
	return a, s.db.fail(err, "get agent %s", id)
}

// Hold is Get of an agent that no other transaction changes until that of ctx ends.
// Whoever also changes tasks does that first.
func (s *Agents) Hold(ctx context.Context, id domain.AgentID) (*domain.AgentRecord, error) {
	if err := s.db.lock(ctx, noAgent(id), `SELECT id FROM agents WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold agent %s", id)
	}
	return s.Get(ctx, id)
}

// List returns all records but deleted ones, in the order of their identifiers.
func (s *Agents) List(ctx context.Context) ([]domain.AgentRecord, error) {
	list, err := getAll(ctx, s.db, scanAgent, `SELECT `+agentColumns+` FROM agents WHERE state <> 'deleted' ORDER BY id`)
	return list, s.db.fail(err, "list agents")
}

// Save stores what was declared about an agent; its figures and its connection stay.
func (s *Agents) Save(ctx context.Context, a *domain.AgentRecord) error {
	const query = `INSERT INTO agents (id, completed, failed, total_microseconds, last_failed, kind, tenant, owner_id, name, description, task_types,
			capabilities, config_schema, config, secrets, max_concurrency, state, version, created_at, updated_at, instance, shown)
		VALUES ($1, 0, 0, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, tenant = excluded.tenant, owner_id = excluded.owner_id, name = excluded.name,
			description = excluded.description, task_types = excluded.task_types, capabilities = excluded.capabilities,
			config_schema = excluded.config_schema, config = excluded.config, secrets = excluded.secrets,
			max_concurrency = excluded.max_concurrency, state = excluded.state, version = excluded.version, created_at = excluded.created_at,
			updated_at = excluded.updated_at, instance = excluded.instance`
	shown := a.Shown
	if shown == "" {
		shown = domain.AgentIdle
	}
	_, err := s.db.exec(ctx, query, a.ID, false, a.Kind, a.Tenant.OrDefault(), a.OwnerID, a.Name, a.Description, jsonValue{texts(a.TaskTypes)},
		jsonValue{texts(a.Capabilities)}, optJSON(a.ConfigSchema), rawArg(a.Config), jsonValue{secretsOf(a.Secrets)}, a.MaxConcurrency, a.State, a.Version,
		s.db.timePtr(a.CreatedAt), s.db.timePtr(a.UpdatedAt), a.Instance, shown)
	return s.db.fail(err, "save agent %s", a.ID)
}

// Reset forgets the figures of an agent: another with its name begins.
func (s *Agents) Reset(ctx context.Context, id domain.AgentID) error {
	const query = `UPDATE agents SET completed = 0, failed = 0, total_microseconds = 0, last_activity = NULL, last_failed = $2, shown = 'offline' WHERE id = $1`
	_, err := s.db.exec(ctx, query, id, false)
	return s.db.fail(err, "reset agent %s", id)
}

// Link makes a connection the one of an agent. How its last task ended counts no
// more: who comes back is idle.
func (s *Agents) Link(ctx context.Context, id domain.AgentID, link, instance, process string, at time.Time) error {
	const query = `UPDATE agents SET link = $2, linked_by = $3, process = $4, heartbeat = $5, last_failed = $6 WHERE id = $1`
	err := s.db.execOne(ctx, noAgent(id), query, id, link, instance, process, s.db.time(at), false)
	return s.db.fail(err, "link agent %s", id)
}

// Unlink ends a connection. It reports false if another has taken its place.
func (s *Agents) Unlink(ctx context.Context, id domain.AgentID, link string) (bool, error) {
	n, err := s.db.exec(ctx, `UPDATE agents SET link = '', process = '' WHERE id = $1 AND link = $2`, id, link)
	return n > 0, s.db.fail(err, "unlink agent %s", id)
}

// Beat notes that the agents that are connected to a process live, and returns
// their connections.
func (s *Agents) Beat(ctx context.Context, process string, at time.Time) (map[domain.AgentID]string, error) {
	out := map[domain.AgentID]string{}
	if _, err := s.db.exec(ctx, `UPDATE agents SET heartbeat = $2 WHERE process = $1 AND process <> ''`, process, s.db.time(at)); err != nil {
		return nil, s.db.fail(err, "beat of %s", process)
	}
	_, err := getAll(ctx, s.db, func(r row) (struct{}, error) {
		var id domain.AgentID
		var link string
		err := r.Scan(&id, &link)
		out[id] = link
		return struct{}{}, err
	}, `SELECT id, link FROM agents WHERE process = $1 AND process <> ''`, process)
	return out, s.db.fail(err, "list agents of %s", process)
}

// Linked reports whether a connection is still the one of an agent.
func (s *Agents) Linked(ctx context.Context, id domain.AgentID, link string) (bool, error) {
	var one int
	err := s.db.r(ctx).QueryRowContext(ctx, `SELECT 1 FROM agents WHERE id = $1 AND link = $2 AND state <> 'deleted'`, id, link).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, s.db.fail(err, "read link of agent %s", id)
}

// Show notes the status that watchers were told. It reports false if somebody else
// has noted one since.
func (s *Agents) Show(ctx context.Context, id domain.AgentID, from, to domain.AgentStatus) (bool, error) {
	n, err := s.db.exec(ctx, `UPDATE agents SET shown = $3 WHERE id = $1 AND shown = $2`, id, from, to)
	return n > 0, s.db.fail(err, "show status of agent %s", id)
}

func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func secretsOf(m map[string][]byte) map[string][]byte {
	if m == nil {
		return map[string][]byte{}
	}
	return m
}
