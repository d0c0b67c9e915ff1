-- Mailboxes of agents. depth is how many messages of the box are queued: it bounds
-- the box without counting rows. Who adds or removes messages changes it in the same
-- transaction, which on PostgreSQL also keeps the messages of a box in the order of
-- their commits.

-- +goose Up
CREATE TABLE mailboxes (
    agent_id TEXT PRIMARY KEY,
    depth    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mailboxes_waiting ON mailboxes (agent_id) WHERE depth > 0;

-- Which process delivers the messages of a box, and until when.
CREATE TABLE mailbox_leases (
    agent_id   TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    held_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_leases_holder ON mailbox_leases (holder);

CREATE TABLE messages (
    seq               INTEGER PRIMARY KEY AUTOINCREMENT,
    id                TEXT NOT NULL UNIQUE,
    tenant            TEXT NOT NULL,
    sender            TEXT NOT NULL,
    recipient         TEXT NOT NULL,
    kind              TEXT NOT NULL,
    body              TEXT NOT NULL,
    priority          TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    ttl               INTEGER NOT NULL,
    requires_response INTEGER NOT NULL,
    in_reply_to       TEXT NOT NULL,
    state             TEXT NOT NULL,
    attempts          INTEGER NOT NULL,
    handled_at        INTEGER,
    run_id            TEXT NOT NULL,
    step_id           TEXT NOT NULL,
    task_id           TEXT NOT NULL
) STRICT;
CREATE INDEX messages_next ON messages (recipient, priority, seq) WHERE state = 'queued';
CREATE INDEX messages_ttl ON messages (ttl) WHERE state = 'queued';
CREATE INDEX messages_recipient ON messages (recipient, seq);
CREATE INDEX messages_state ON messages (tenant, state, priority) WHERE kind = 'message';
CREATE INDEX messages_run ON messages (run_id, seq) WHERE run_id <> '';
CREATE INDEX messages_ended ON messages (handled_at) WHERE handled_at IS NOT NULL;

CREATE TABLE dead_letters (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    agent_id    TEXT NOT NULL,
    sender      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    payload     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    replayed_at INTEGER,
    replayed_by TEXT NOT NULL
) STRICT;
CREATE INDEX dead_letters_tenant ON dead_letters (tenant, created_at, id);
CREATE INDEX dead_letters_agent ON dead_letters (tenant, agent_id, created_at, id);
CREATE INDEX dead_letters_open ON dead_letters (tenant, created_at, id) WHERE replayed_at IS NULL;

CREATE INDEX tasks_active ON tasks (tenant, state) WHERE state IN ('queued', 'running', 'waiting');

-- +goose Down
DROP INDEX tasks_active;
DROP TABLE dead_letters;
DROP TABLE messages;
DROP TABLE mailbox_leases;
DROP TABLE mailboxes;
