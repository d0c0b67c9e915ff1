-- Mailboxes of agents. depth is how many messages of the box are queued: it bounds
-- the box without counting rows. Who adds or removes messages changes it in the same
-- transaction, and first: so the sequence numbers of a box are given, and committed,
-- in their order.

-- +goose Up
CREATE TABLE mailboxes (
    agent_id text COLLATE "C" PRIMARY KEY,
    depth    bigint NOT NULL
) WITH (fillfactor = 50);

-- Which process delivers the messages of a box, and until when.
CREATE TABLE mailbox_leases (
    agent_id   text COLLATE "C" PRIMARY KEY,
    holder     text COLLATE "C" NOT NULL,
    held_until timestamptz NOT NULL
);
CREATE INDEX mailbox_leases_holder ON mailbox_leases (holder);

CREATE TABLE messages (
    seq               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id                text COLLATE "C" NOT NULL UNIQUE,
    tenant            text COLLATE "C" NOT NULL,
    sender            text COLLATE "C" NOT NULL,
    recipient         text COLLATE "C" NOT NULL,
    kind              text COLLATE "C" NOT NULL,
    body              text NOT NULL,
    priority          text COLLATE "C" NOT NULL,
    created_at        timestamptz NOT NULL,
    ttl               timestamptz NOT NULL,
    requires_response boolean NOT NULL,
    in_reply_to       text COLLATE "C" NOT NULL,
    state             text COLLATE "C" NOT NULL,
    attempts          integer NOT NULL,
    handled_at        timestamptz,
    run_id            text COLLATE "C" NOT NULL,
    step_id           text COLLATE "C" NOT NULL,
    task_id           text COLLATE "C" NOT NULL
);
CREATE INDEX messages_next ON messages (recipient, priority, seq) WHERE state = 'queued';
CREATE INDEX messages_ttl ON messages (ttl) WHERE state = 'queued';
CREATE INDEX messages_recipient ON messages (recipient, seq);
CREATE INDEX messages_state ON messages (tenant, state, priority) WHERE kind = 'message';
CREATE INDEX messages_run ON messages (run_id, seq) WHERE run_id <> '';
CREATE INDEX messages_ended ON messages (handled_at) WHERE handled_at IS NOT NULL;

CREATE TABLE dead_letters (
    id          text COLLATE "C" PRIMARY KEY,
    tenant      text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    agent_id    text COLLATE "C" NOT NULL,
    sender      text COLLATE "C" NOT NULL,
    reason      text COLLATE "C" NOT NULL,
    detail      text NOT NULL,
    payload     text NOT NULL,
    created_at  timestamptz NOT NULL,
    replayed_at timestamptz,
    replayed_by text COLLATE "C" NOT NULL
);
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
