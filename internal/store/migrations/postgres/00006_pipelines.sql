-- Pipelines as graphs: what a step waits for, sub-runs, compensation, limits, and
-- the operator's own pipelines and schedules.

-- +goose Up
ALTER TABLE runs ADD COLUMN priority text NOT NULL DEFAULT 'normal';
ALTER TABLE runs ADD COLUMN parent_run text COLLATE "C";
ALTER TABLE runs ADD COLUMN parent_step text COLLATE "C";
ALTER TABLE runs ADD COLUMN depth bigint NOT NULL DEFAULT 0;
CREATE INDEX runs_parent ON runs (parent_run) WHERE parent_run IS NOT NULL;

-- A queued step with ready_at has a job, or a slot that waits for one.
ALTER TABLE steps ADD COLUMN ready_at timestamptz;
ALTER TABLE steps ADD COLUMN undo text NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN undo_attempt bigint NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN undo_error text;
ALTER TABLE attempts ADD COLUMN code text NOT NULL DEFAULT '';

-- The places of ready steps behind their limits. What is held is counted from here
-- and from the states of the steps; who decides holds the counter.
CREATE TABLE step_slots (
    id          text COLLATE "C" PRIMARY KEY,
    step_id     text COLLATE "C" NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
    run_id      text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    limits      text NOT NULL,
    ready_at    timestamptz NOT NULL,
    order_at    timestamptz NOT NULL,
    admitted_at timestamptz,
    wake_at     timestamptz,
    blocked_on  text NOT NULL
);
CREATE INDEX step_slots_run ON step_slots (run_id);
CREATE INDEX step_slots_step ON step_slots (step_id);
INSERT INTO counters (name, value) VALUES ('step_slots', 0);

CREATE TABLE pipelines (
    tenant     text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    source     text NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (tenant, name, version)
);

CREATE TABLE schedules (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    pipeline   text NOT NULL,
    params     text,
    cron       text NOT NULL,
    every_us   bigint NOT NULL,
    time_zone  text NOT NULL,
    overlap    text NOT NULL,
    priority   text NOT NULL,
    enabled    boolean NOT NULL,
    owner_id   text COLLATE "C" NOT NULL,
    next_at    timestamptz,
    pending    boolean NOT NULL DEFAULT false,
    last_at    timestamptz,
    last_run   text COLLATE "C",
    last_error text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (tenant, name)
);
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
