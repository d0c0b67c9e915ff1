-- Identifiers and keys sort by bytes (COLLATE "C"), as on SQLite and whatever the
-- database's locale. JSON is text, because jsonb would not keep it byte for byte.

-- +goose Up
CREATE TABLE counters (
    name  text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO counters (name, value) VALUES ('pointer', 0), ('approval', 0);

CREATE TABLE meta (
    key   text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE workers (
    id      text COLLATE "C" PRIMARY KEY,
    beat_at timestamptz NOT NULL
);

CREATE TABLE users (
    id            text COLLATE "C" PRIMARY KEY,
    email         text NOT NULL,
    email_lower   text COLLATE "C" NOT NULL UNIQUE,
    name          text COLLATE "C" NOT NULL,
    password_hash text NOT NULL,
    permissions   text NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE websites (
    id             text COLLATE "C" PRIMARY KEY,
    name           text COLLATE "C" NOT NULL UNIQUE,
    domain         text COLLATE "C" NOT NULL UNIQUE,
    niche          text NOT NULL,
    language       text COLLATE "C" NOT NULL,
    title          text NOT NULL,
    state          text NOT NULL,
    feed_ids       text NOT NULL,
    live_release   text NOT NULL DEFAULT '',
    pointer_seq    bigint NOT NULL DEFAULT 0,
    release_number bigint NOT NULL DEFAULT 0,
    operator       text NOT NULL,
    owner_id       text COLLATE "C" NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);
CREATE INDEX websites_pointer_seq ON websites (pointer_seq);

CREATE TABLE pages (
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    id         text COLLATE "C" NOT NULL,
    position   bigint NOT NULL,
    slug       text COLLATE "C" NOT NULL,
    kind       text NOT NULL,
    title      text NOT NULL,
    indexable  boolean NOT NULL,
    doc        text NOT NULL,
    PRIMARY KEY (website_id, id),
    UNIQUE (website_id, slug)
);

CREATE TABLE evidence (
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    id         text COLLATE "C" NOT NULL,
    kind       text NOT NULL,
    doc        text NOT NULL,
    PRIMARY KEY (website_id, id)
);

CREATE TABLE releases (
    id           text COLLATE "C" PRIMARY KEY,
    website_id   text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    number       bigint NOT NULL,
    manifest     text NOT NULL,
    run_id       text COLLATE "C" NOT NULL,
    draft        text NOT NULL,
    files        bigint NOT NULL,
    pages        bigint NOT NULL,
    bytes        bigint NOT NULL,
    gates        text NOT NULL,
    seo_score    double precision NOT NULL,
    created_at   timestamptz NOT NULL,
    published_at timestamptz,
    UNIQUE (website_id, number)
);

CREATE TABLE feeds (
    id         text COLLATE "C" PRIMARY KEY,
    name       text COLLATE "C" NOT NULL UNIQUE,
    source     text NOT NULL,
    language   text COLLATE "C" NOT NULL,
    row_count  bigint NOT NULL,
    read_at    timestamptz,
    last_state text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE products (
    feed_id       text COLLATE "C" NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    key           text COLLATE "C" NOT NULL,
    hash          text NOT NULL,
    merchant_key  text NOT NULL,
    merchant_id   text COLLATE "C" NOT NULL,
    merchant_name text NOT NULL,
    name          text COLLATE "C" NOT NULL,
    brand         text NOT NULL,
    category      text NOT NULL,
    category_path text NOT NULL,
    search_text   text NOT NULL,
    price_minor   bigint,
    currency      text NOT NULL,
    in_stock      boolean,
    ean           text NOT NULL,
    parent_key    text NOT NULL,
    language      text COLLATE "C" NOT NULL,
    read_at       timestamptz NOT NULL,
    doc           text NOT NULL,
    PRIMARY KEY (feed_id, key)
);

CREATE TABLE programs (
    id                        text COLLATE "C" PRIMARY KEY,
    network                   text COLLATE "C" NOT NULL,
    advertiser_id             text COLLATE "C" NOT NULL,
    name                      text COLLATE "C" NOT NULL,
    joined                    boolean NOT NULL,
    open                      boolean NOT NULL,
    commission_basis_points   bigint,
    commission_fixed_minor    bigint,
    commission_fixed_currency text,
    cookie_days               bigint,
    deep_links                boolean NOT NULL,
    domains                   text NOT NULL,
    source                    text NOT NULL,
    created_at                timestamptz NOT NULL,
    updated_at                timestamptz NOT NULL,
    UNIQUE (network, advertiser_id)
);
CREATE INDEX programs_advertiser ON programs (advertiser_id);

CREATE TABLE keywords (
    language         text COLLATE "C" NOT NULL,
    phrase_lower     text COLLATE "C" NOT NULL,
    phrase           text NOT NULL,
    monthly_searches bigint,
    source           text NOT NULL,
    PRIMARY KEY (language, phrase_lower)
);

CREATE TABLE runs (
    id          text COLLATE "C" PRIMARY KEY,
    pipeline    text NOT NULL,
    version     bigint NOT NULL,
    state       text NOT NULL,
    params      text,
    website_id  text COLLATE "C" REFERENCES websites (id) ON DELETE SET NULL,
    owner_id    text COLLATE "C" NOT NULL,
    stages      text NOT NULL,
    error       text,
    event_seq   bigint NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL,
    started_at  timestamptz,
    finished_at timestamptz
);
CREATE INDEX runs_created ON runs (created_at, id);
CREATE INDEX runs_website ON runs (website_id, created_at, id);
CREATE INDEX runs_state ON runs (state, created_at, id);

CREATE TABLE steps (
    id          text COLLATE "C" PRIMARY KEY,
    run_id      text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name        text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    agent       text COLLATE "C" NOT NULL,
    task        text NOT NULL,
    state       text NOT NULL,
    attempt     bigint NOT NULL,
    error       text,
    done        bigint NOT NULL,
    total       bigint NOT NULL,
    message     text NOT NULL,
    started_at  timestamptz,
    finished_at timestamptz,
    result      text,
    UNIQUE (run_id, position)
);
CREATE INDEX steps_running ON steps (agent) WHERE state = 'running';

CREATE TABLE attempts (
    step_id     text COLLATE "C" NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
    number      bigint NOT NULL,
    worker      text NOT NULL,
    state       text NOT NULL,
    error       text NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (step_id, number)
);

CREATE TABLE run_events (
    run_id text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq    bigint NOT NULL,
    type   text NOT NULL,
    step   text NOT NULL,
    data   text,
    at     timestamptz NOT NULL,
    PRIMARY KEY (run_id, seq)
);

CREATE TABLE tasks (
    id              text COLLATE "C" PRIMARY KEY,
    agent_id        text COLLATE "C" NOT NULL,
    type            text NOT NULL,
    params          text,
    state           text NOT NULL,
    result          text,
    error           text,
    owner_id        text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL,
    request_hash    text NOT NULL,
    created_at      timestamptz NOT NULL,
    started_at      timestamptz,
    finished_at     timestamptz
);
CREATE UNIQUE INDEX tasks_idempotency ON tasks (owner_id, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX tasks_created ON tasks (created_at, id);
CREATE INDEX tasks_agent ON tasks (agent_id, created_at, id);
CREATE INDEX tasks_running ON tasks (agent_id) WHERE state = 'running';

CREATE TABLE agents (
    id                text COLLATE "C" PRIMARY KEY,
    completed          bigint NOT NULL,
    failed             bigint NOT NULL,
    total_microseconds bigint NOT NULL,
    last_activity      timestamptz,
    last_failed        boolean NOT NULL
);

-- The log of decisions outlives websites; a run with approvals is never deleted.
CREATE TABLE approvals (
    id           text COLLATE "C" PRIMARY KEY,
    run_id       text COLLATE "C" NOT NULL REFERENCES runs (id),
    step         text NOT NULL,
    website_id   text COLLATE "C" NOT NULL,
    kind         text NOT NULL,
    title        text NOT NULL,
    payload      text,
    payload_hash text NOT NULL,
    state        text NOT NULL,
    actor_id     text COLLATE "C" NOT NULL,
    reason       text NOT NULL,
    created_at   timestamptz NOT NULL,
    decided_at   timestamptz,
    hash         text NOT NULL,
    chain_seq    bigint UNIQUE
);
CREATE INDEX approvals_run ON approvals (run_id);
CREATE INDEX approvals_state ON approvals (state, created_at, id);

CREATE TABLE audit (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor_id   text COLLATE "C" NOT NULL,
    action     text NOT NULL,
    object     text NOT NULL,
    detail     text NOT NULL,
    request_id text COLLATE "C" NOT NULL
);

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
