-- Pipelines as graphs: what a step waits for, sub-runs, compensation, limits, and
-- the operator's own pipelines and schedules.

-- +goose Up
ALTER TABLE runs ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE runs ADD COLUMN parent_run TEXT;
ALTER TABLE runs ADD COLUMN parent_step TEXT;
ALTER TABLE runs ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_parent ON runs (parent_run) WHERE parent_run IS NOT NULL;

-- A queued step with ready_at has a job, or a slot that waits for one.
ALTER TABLE steps ADD COLUMN ready_at INTEGER;
ALTER TABLE steps ADD COLUMN undo TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN undo_attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN undo_error TEXT;
ALTER TABLE attempts ADD COLUMN code TEXT NOT NULL DEFAULT '';

-- The places of ready steps behind their limits. What is held is counted from here
-- and from the states of the steps; who decides holds the counter.
CREATE TABLE step_slots (
    id          TEXT PRIMARY KEY,
    step_id     TEXT NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
    run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    limits      TEXT NOT NULL,
    ready_at    INTEGER NOT NULL,
    order_at    INTEGER NOT NULL,
    admitted_at INTEGER,
    wake_at     INTEGER,
    blocked_on  TEXT NOT NULL
) STRICT;
CREATE INDEX step_slots_run ON step_slots (run_id);
CREATE INDEX step_slots_step ON step_slots (step_id);
INSERT INTO counters (name, value) VALUES ('step_slots', 0);

CREATE TABLE pipelines (
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    source     TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (tenant, name, version)
) STRICT;

CREATE TABLE schedules (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    pipeline   TEXT NOT NULL,
    params     TEXT,
    cron       TEXT NOT NULL,
    every_us   INTEGER NOT NULL,
    time_zone  TEXT NOT NULL,
    overlap    TEXT NOT NULL,
    priority   TEXT NOT NULL,
    enabled    INTEGER NOT NULL,
    owner_id   TEXT NOT NULL,
    next_at    INTEGER,
    pending    INTEGER NOT NULL DEFAULT 0,
    last_at    INTEGER,
    last_run   TEXT,
    last_error TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT;
CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX schedules_pending ON schedules (id) WHERE pending;

-- +goose Down
DROP TABLE schedules;
DROP TABLE pipelines;
DROP TABLE step_slots;
DELETE FROM counters WHERE name = 'step_slots';
ALTER TABLE attempts DROP COLUMN code;
ALTER TABLE steps DROP COLUMN undo_error;
ALTER TABLE steps DROP COLUMN undo_attempt;
ALTER TABLE steps DROP COLUMN undo;
ALTER TABLE steps DROP COLUMN ready_at;
DROP INDEX runs_parent;
ALTER TABLE runs DROP COLUMN depth;
ALTER TABLE runs DROP COLUMN parent_step;
ALTER TABLE runs DROP COLUMN parent_run;
ALTER TABLE runs DROP COLUMN priority;
