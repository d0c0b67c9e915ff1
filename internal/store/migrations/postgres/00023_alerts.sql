-- Alerts, the rules that differ from the built-in ones, messages about alerts, and what
-- processes saw of themselves.

-- +goose Up
CREATE TABLE alert_rules (
    tenant text COLLATE "C" NOT NULL,
    id     text COLLATE "C" NOT NULL,
    doc    text NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE alerts (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    rule_id    text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    website_id text COLLATE "C" NOT NULL,
    severity   text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    pending    boolean NOT NULL,
    cleared_at timestamptz,
    doc        text NOT NULL
);
CREATE UNIQUE INDEX alerts_open ON alerts (tenant, rule_id, subject) WHERE state <> 'cleared';
CREATE INDEX alerts_pending ON alerts (id) WHERE pending;
CREATE INDEX alerts_tenant ON alerts (tenant, id);
CREATE INDEX alerts_website ON alerts (website_id, id);
CREATE INDEX alerts_cleared ON alerts (cleared_at);

CREATE TABLE alert_deliveries (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    channel    text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    test       boolean NOT NULL,
    created_at timestamptz NOT NULL,
    doc        text NOT NULL
);
CREATE INDEX alert_deliveries_tenant ON alert_deliveries (tenant, id);
CREATE INDEX alert_deliveries_state ON alert_deliveries (tenant, channel, state, id);
CREATE INDEX alert_deliveries_created ON alert_deliveries (created_at);

-- Which process evaluates: one row.
CREATE TABLE alert_lease (
    id           integer PRIMARY KEY CHECK (id = 1),
    holder       text COLLATE "C" NOT NULL,
    until        timestamptz NOT NULL,
    evaluated_at timestamptz NOT NULL
);

CREATE TABLE process_samples (
    instance text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    doc      text NOT NULL,
    PRIMARY KEY (at, instance)
);

CREATE INDEX runs_failed ON runs (finished_at) WHERE state = 'failed';

-- +goose Down
DROP INDEX runs_failed;
DROP TABLE process_samples;
DROP TABLE alert_lease;
DROP TABLE alert_deliveries;
DROP TABLE alerts;
DROP TABLE alert_rules;
