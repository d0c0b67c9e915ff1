-- Alerts, the rules that differ from the built-in ones, messages about alerts, and what
-- processes saw of themselves.

-- +goose Up
CREATE TABLE alert_rules (
    tenant TEXT NOT NULL,
    id     TEXT NOT NULL,
    doc    TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    rule_id    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    website_id TEXT NOT NULL,
    severity   TEXT NOT NULL,
    state      TEXT NOT NULL,
    pending    INTEGER NOT NULL,
    cleared_at INTEGER,
    doc        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (tenant, rule_id, subject) WHERE state <> 'cleared';
CREATE INDEX alerts_pending ON alerts (id) WHERE pending;
CREATE INDEX alerts_tenant ON alerts (tenant, id);
CREATE INDEX alerts_website ON alerts (website_id, id);
CREATE INDEX alerts_cleared ON alerts (cleared_at);

CREATE TABLE alert_deliveries (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    channel    TEXT NOT NULL,
    state      TEXT NOT NULL,
    test       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX alert_deliveries_tenant ON alert_deliveries (tenant, id);
CREATE INDEX alert_deliveries_state ON alert_deliveries (tenant, channel, state, id);
CREATE INDEX alert_deliveries_created ON alert_deliveries (created_at);

-- Which process evaluates: one row.
CREATE TABLE alert_lease (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    holder       TEXT NOT NULL,
    until        INTEGER NOT NULL,
    evaluated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE process_samples (
    instance TEXT NOT NULL,
    at       INTEGER NOT NULL,
    doc      TEXT NOT NULL,
    PRIMARY KEY (at, instance)
) STRICT, WITHOUT ROWID;

CREATE INDEX runs_failed ON runs (finished_at) WHERE state = 'failed';

-- +goose Down
DROP INDEX runs_failed;
DROP TABLE process_samples;
DROP TABLE alert_lease;
DROP TABLE alert_deliveries;
DROP TABLE alerts;
DROP TABLE alert_rules;
