-- Times are INTEGER microseconds since 1970 in UTC, booleans are 0 or 1, JSON is
-- TEXT that is kept byte for byte.

-- +goose Up
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('pointer', 0), ('approval', 0);

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE workers (
    id      TEXT PRIMARY KEY,
    beat_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL,
    email_lower   TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    permissions   TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE websites (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    domain         TEXT NOT NULL UNIQUE,
    niche          TEXT NOT NULL,
    language       TEXT NOT NULL,
    title          TEXT NOT NULL,
    state          TEXT NOT NULL,
    feed_ids       TEXT NOT NULL,
    live_release   TEXT NOT NULL DEFAULT '',
    pointer_seq    INTEGER NOT NULL DEFAULT 0,
    release_number INTEGER NOT NULL DEFAULT 0,
    operator       TEXT NOT NULL,
    owner_id       TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX websites_pointer_seq ON websites (pointer_seq);

CREATE TABLE pages (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    position   INTEGER NOT NULL,
    slug       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    title      TEXT NOT NULL,
    indexable  INTEGER NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (website_id, id),
    UNIQUE (website_id, slug)
) STRICT;

CREATE TABLE evidence (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    kind       TEXT NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (website_id, id)
) STRICT;

CREATE TABLE releases (
    id           TEXT PRIMARY KEY,
    website_id   TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    manifest     TEXT NOT NULL,
    run_id       TEXT NOT NULL,
    draft        TEXT NOT NULL,
    files        INTEGER NOT NULL,
    pages        INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    gates        TEXT NOT NULL,
    seo_score    REAL NOT NULL,
    created_at   INTEGER NOT NULL,
    published_at INTEGER,
    UNIQUE (website_id, number)
) STRICT;

CREATE TABLE feeds (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    source     TEXT NOT NULL,
    language   TEXT NOT NULL,
    row_count  INTEGER NOT NULL,
    read_at    INTEGER,
    last_state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- doc comes last: what does not need it never reads its overflow pages.
CREATE TABLE products (
    feed_id       TEXT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    key           TEXT NOT NULL,
    hash          TEXT NOT NULL,
    merchant_key  TEXT NOT NULL,
    merchant_id   TEXT NOT NULL,
    merchant_name TEXT NOT NULL,
    name          TEXT NOT NULL,
    brand         TEXT NOT NULL,
    category      TEXT NOT NULL,
    category_path TEXT NOT NULL,
    search_text   TEXT NOT NULL,
    price_minor   INTEGER,
    currency      TEXT NOT NULL,
    in_stock      INTEGER,
    ean           TEXT NOT NULL,
    parent_key    TEXT NOT NULL,
    language      TEXT NOT NULL,
    read_at       INTEGER NOT NULL,
    doc           TEXT NOT NULL,
    PRIMARY KEY (feed_id, key)
) STRICT;

CREATE TABLE programs (
    id                        TEXT PRIMARY KEY,
    network                   TEXT NOT NULL,
    advertiser_id             TEXT NOT NULL,
    name                      TEXT NOT NULL,
    joined                    INTEGER NOT NULL,
    open                      INTEGER NOT NULL,
    commission_basis_points   INTEGER,
    commission_fixed_minor    INTEGER,
    commission_fixed_currency TEXT,
    cookie_days               INTEGER,
    deep_links                INTEGER NOT NULL,
    domains                   TEXT NOT NULL,
    source                    TEXT NOT NULL,
    created_at                INTEGER NOT NULL,
    updated_at                INTEGER NOT NULL,
    UNIQUE (network, advertiser_id)
) STRICT;
CREATE INDEX programs_advertiser ON programs (advertiser_id);

CREATE TABLE keywords (
    language         TEXT NOT NULL,
    phrase_lower     TEXT NOT NULL,
    phrase           TEXT NOT NULL,
    monthly_searches INTEGER,
    source           TEXT NOT NULL,
    PRIMARY KEY (language, phrase_lower)
) STRICT;

CREATE TABLE runs (
    id          TEXT PRIMARY KEY,
    pipeline    TEXT NOT NULL,
    version     INTEGER NOT NULL,
    state       TEXT NOT NULL,
    params      TEXT,
    website_id  TEXT REFERENCES websites (id) ON DELETE SET NULL,
    owner_id    TEXT NOT NULL,
    stages      TEXT NOT NULL,
    error       TEXT,
    event_seq   INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER
) STRICT;
CREATE INDEX runs_created ON runs (created_at, id);
CREATE INDEX runs_website ON runs (website_id, created_at, id);
CREATE INDEX runs_state ON runs (state, created_at, id);

CREATE TABLE steps (
    id          TEXT PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    position    INTEGER NOT NULL,
    agent       TEXT NOT NULL,
    task        TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    error       TEXT,
    done        INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    message     TEXT NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER,
    result      TEXT,
    UNIQUE (run_id, position)
) STRICT;
CREATE INDEX steps_running ON steps (agent) WHERE state = 'running';

CREATE TABLE attempts (
    step_id     TEXT NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    worker      TEXT NOT NULL,
    state       TEXT NOT NULL,
    error       TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (step_id, number)
) STRICT;

CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq    INTEGER NOT NULL,
    type   TEXT NOT NULL,
    step   TEXT NOT NULL,
    data   TEXT,
    at     INTEGER NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT;

CREATE TABLE tasks (
    id              TEXT PRIMARY KEY,
    agent_id        TEXT NOT NULL,
    type            TEXT NOT NULL,
    params          TEXT,
    state           TEXT NOT NULL,
    result          TEXT,
    error           TEXT,
    owner_id        TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash    TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    finished_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX tasks_idempotency ON tasks (owner_id, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX tasks_created ON tasks (created_at, id);
CREATE INDEX tasks_agent ON tasks (agent_id, created_at, id);
CREATE INDEX tasks_running ON tasks (agent_id) WHERE state = 'running';

CREATE TABLE agents (
    id                TEXT PRIMARY KEY,
    completed          INTEGER NOT NULL,
    failed             INTEGER NOT NULL,
    total_microseconds INTEGER NOT NULL,
    last_activity      INTEGER,
    last_failed        INTEGER NOT NULL
) STRICT;

-- The log of decisions outlives websites; a run with approvals is never deleted.
CREATE TABLE approvals (
    id           TEXT PRIMARY KEY,
    run_id       TEXT NOT NULL REFERENCES runs (id),
    step         TEXT NOT NULL,
    website_id   TEXT NOT NULL,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    payload      TEXT,
    payload_hash TEXT NOT NULL,
    state        TEXT NOT NULL,
    actor_id     TEXT NOT NULL,
    reason       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    decided_at   INTEGER,
    hash         TEXT NOT NULL,
    chain_seq    INTEGER UNIQUE
) STRICT;
CREATE INDEX approvals_run ON approvals (run_id);
CREATE INDEX approvals_state ON approvals (state, created_at, id);

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor_id   TEXT NOT NULL,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    detail     TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE audit;
DROP TABLE approvals;
DROP TABLE agents;
DROP TABLE tasks;
DROP TABLE run_events;
DROP TABLE attempts;
DROP TABLE steps;
DROP TABLE runs;
DROP TABLE keywords;
DROP TABLE programs;
DROP TABLE products;
DROP TABLE feeds;
DROP TABLE releases;
DROP TABLE evidence;
DROP TABLE pages;
DROP TABLE websites;
DROP TABLE users;
DROP TABLE workers;
DROP TABLE meta;
DROP TABLE counters;
