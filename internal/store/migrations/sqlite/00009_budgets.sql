-- Model calls, what they cost, and the budgets that limit it. Money is in
-- millionths of the currency's major unit.

-- +goose Up
-- Prices are never changed: a correction is another row with the same time.
CREATE TABLE prices (
    id             TEXT PRIMARY KEY,
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    currency       TEXT NOT NULL,
    effective_from INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    cached_input   INTEGER NOT NULL,
    cache_write    INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    bands          TEXT NOT NULL,
    recorded_at    INTEGER NOT NULL,
    recorded_by    TEXT NOT NULL
) STRICT;
CREATE INDEX prices_effective ON prices (provider, model, effective_from, id);

CREATE TABLE budgets (
    id           TEXT PRIMARY KEY,
    tenant       TEXT NOT NULL,
    name         TEXT NOT NULL,
    website_id   TEXT NOT NULL,
    pipeline     TEXT NOT NULL,
    agent_id     TEXT NOT NULL,
    model        TEXT NOT NULL,
    period       TEXT NOT NULL,
    time_zone    TEXT NOT NULL,
    limit_minor  INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    degrade_at   INTEGER NOT NULL,
    on_limit     TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE budget_periods (
    budget_id    TEXT NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    period_start INTEGER NOT NULL,
    period_end   INTEGER,
    raised       INTEGER NOT NULL DEFAULT 0,
    reserved     INTEGER NOT NULL DEFAULT 0,
    spent        INTEGER NOT NULL DEFAULT 0,
    degraded_at  INTEGER,
    exhausted_at INTEGER,
    PRIMARY KEY (budget_id, period_start)
) STRICT, WITHOUT ROWID;

-- One row for each call that money was set aside for. Names of runs and websites
-- stay when those are gone: what was paid was paid. answer comes last: lists never
-- read its overflow pages.
CREATE TABLE model_calls (
    id           TEXT PRIMARY KEY,
    tenant       TEXT NOT NULL,
    owner        TEXT NOT NULL,
    number       INTEGER NOT NULL,
    hash         TEXT NOT NULL,
    pipeline     TEXT NOT NULL,
    run_id       TEXT NOT NULL,
    step_id      TEXT NOT NULL,
    step         TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    task_id      TEXT NOT NULL,
    agent_id     TEXT NOT NULL,
    website_id   TEXT NOT NULL,
    name         TEXT NOT NULL,
    provider     TEXT NOT NULL,
    model        TEXT NOT NULL,
    degraded     TEXT NOT NULL,
    state        TEXT NOT NULL,
    currency     TEXT NOT NULL,
    input_bound  INTEGER NOT NULL,
    max_output   INTEGER NOT NULL,
    reserved     INTEGER NOT NULL,
    cost         INTEGER NOT NULL,
    adjusted     INTEGER NOT NULL,
    usage_known  INTEGER NOT NULL,
    usage        TEXT NOT NULL,
    input        INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    finish       TEXT NOT NULL,
    request_id   TEXT NOT NULL,
    error        TEXT NOT NULL,
    answer_hash  TEXT NOT NULL,
    day          TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    settled_at   INTEGER,
    answer       TEXT
) STRICT;
CREATE INDEX model_calls_key ON model_calls (owner, number, hash);
CREATE INDEX model_calls_tenant ON model_calls (tenant, created_at, id);
CREATE INDEX model_calls_run ON model_calls (run_id, created_at, id) WHERE run_id <> '';
CREATE INDEX model_calls_open ON model_calls (expires_at) WHERE state = 'reserved';
CREATE INDEX model_calls_price ON model_calls (provider, model, id);

-- The periods that a call was reserved in; it is settled there, however late.
CREATE TABLE model_call_periods (
    call_id      TEXT NOT NULL REFERENCES model_calls (id) ON DELETE CASCADE,
    budget_id    TEXT NOT NULL,
    period_start INTEGER NOT NULL,
    PRIMARY KEY (call_id, budget_id),
    FOREIGN KEY (budget_id, period_start) REFERENCES budget_periods (budget_id, period_start) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX model_call_periods_budget ON model_call_periods (budget_id, period_start);

CREATE TABLE model_call_adjustments (
    call_id  TEXT NOT NULL REFERENCES model_calls (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    delta    INTEGER NOT NULL,
    price_id TEXT NOT NULL REFERENCES prices (id),
    actor_id TEXT NOT NULL,
    PRIMARY KEY (call_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_call_adjustments_price ON model_call_adjustments (price_id);

CREATE TABLE budget_waits (
    run_id    TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step      TEXT NOT NULL,
    budget_id TEXT NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    until     INTEGER,
    PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX budget_waits_until ON budget_waits (until) WHERE until IS NOT NULL;
CREATE INDEX budget_waits_budget ON budget_waits (budget_id);

-- +goose Down
DROP TABLE budget_waits;
DROP TABLE model_call_adjustments;
DROP TABLE model_call_periods;
DROP TABLE model_calls;
DROP TABLE budget_periods;
DROP TABLE budgets;
DROP TABLE prices;
