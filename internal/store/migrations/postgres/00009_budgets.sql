-- Model calls, what they cost, and the budgets that limit it. Money is in
-- millionths of the currency's major unit.

-- +goose Up
-- Prices are never changed: a correction is another row with the same time.
CREATE TABLE prices (
    id             text COLLATE "C" PRIMARY KEY,
    provider       text COLLATE "C" NOT NULL,
    model          text COLLATE "C" NOT NULL,
    currency       text COLLATE "C" NOT NULL,
    effective_from timestamptz NOT NULL,
    input          bigint NOT NULL,
    cached_input   bigint NOT NULL,
    cache_write    bigint NOT NULL,
    output         bigint NOT NULL,
    bands          text NOT NULL,
    recorded_at    timestamptz NOT NULL,
    recorded_by    text COLLATE "C" NOT NULL
);
CREATE INDEX prices_effective ON prices (provider, model, effective_from, id);

CREATE TABLE budgets (
    id           text COLLATE "C" PRIMARY KEY,
    tenant       text COLLATE "C" NOT NULL,
    name         text COLLATE "C" NOT NULL,
    website_id   text COLLATE "C" NOT NULL,
    pipeline     text COLLATE "C" NOT NULL,
    agent_id     text COLLATE "C" NOT NULL,
    model        text COLLATE "C" NOT NULL,
    period       text COLLATE "C" NOT NULL,
    time_zone    text COLLATE "C" NOT NULL,
    limit_minor  bigint NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    degrade_at   integer NOT NULL,
    on_limit     text COLLATE "C" NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    UNIQUE (tenant, name)
);

CREATE TABLE budget_periods (
    budget_id    text COLLATE "C" NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    period_end   timestamptz,
    raised       bigint NOT NULL DEFAULT 0,
    reserved     bigint NOT NULL DEFAULT 0,
    spent        bigint NOT NULL DEFAULT 0,
    degraded_at  timestamptz,
    exhausted_at timestamptz,
    PRIMARY KEY (budget_id, period_start)
);

-- One row for each call that money was set aside for. Names of runs and websites
-- stay when those are gone: what was paid was paid.
CREATE TABLE model_calls (
    id           text COLLATE "C" PRIMARY KEY,
    tenant       text COLLATE "C" NOT NULL,
    owner        text COLLATE "C" NOT NULL,
    number       integer NOT NULL,
    hash         text COLLATE "C" NOT NULL,
    pipeline     text COLLATE "C" NOT NULL,
    run_id       text COLLATE "C" NOT NULL,
    step_id      text COLLATE "C" NOT NULL,
    step         text COLLATE "C" NOT NULL,
    attempt      integer NOT NULL,
    task_id      text COLLATE "C" NOT NULL,
    agent_id     text COLLATE "C" NOT NULL,
    website_id   text COLLATE "C" NOT NULL,
    name         text COLLATE "C" NOT NULL,
    provider     text COLLATE "C" NOT NULL,
    model        text COLLATE "C" NOT NULL,
    degraded     text COLLATE "C" NOT NULL,
    state        text COLLATE "C" NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    input_bound  bigint NOT NULL,
    max_output   bigint NOT NULL,
    reserved     bigint NOT NULL,
    cost         bigint NOT NULL,
    adjusted     bigint NOT NULL,
    usage_known  boolean NOT NULL,
    usage        text NOT NULL,
    input        bigint NOT NULL,
    output       bigint NOT NULL,
    finish       text COLLATE "C" NOT NULL,
    request_id   text COLLATE "C" NOT NULL,
    error        text COLLATE "C" NOT NULL,
    answer_hash  text COLLATE "C" NOT NULL,
    day          text COLLATE "C" NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    settled_at   timestamptz,
    answer       text
);
CREATE INDEX model_calls_key ON model_calls (owner, number, hash);
CREATE INDEX model_calls_tenant ON model_calls (tenant, created_at, id);
CREATE INDEX model_calls_run ON model_calls (run_id, created_at, id) WHERE run_id <> '';
CREATE INDEX model_calls_open ON model_calls (expires_at) WHERE state = 'reserved';
CREATE INDEX model_calls_price ON model_calls (provider, model, id);

-- The periods that a call was reserved in; it is settled there, however late.
CREATE TABLE model_call_periods (
    call_id      text COLLATE "C" NOT NULL REFERENCES model_calls (id) ON DELETE CASCADE,
    budget_id    text COLLATE "C" NOT NULL,
    period_start timestamptz NOT NULL,
    PRIMARY KEY (call_id, budget_id),
    FOREIGN KEY (budget_id, period_start) REFERENCES budget_periods (budget_id, period_start) ON DELETE CASCADE
);
CREATE INDEX model_call_periods_budget ON model_call_periods (budget_id, period_start);

CREATE TABLE model_call_adjustments (
    call_id  text COLLATE "C" NOT NULL REFERENCES model_calls (id) ON DELETE CASCADE,
    seq      integer NOT NULL,
    at       timestamptz NOT NULL,
    delta    bigint NOT NULL,
    price_id text COLLATE "C" NOT NULL REFERENCES prices (id),
    actor_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (call_id, seq)
);
CREATE INDEX model_call_adjustments_price ON model_call_adjustments (price_id);

CREATE TABLE budget_waits (
    run_id    text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step      text COLLATE "C" NOT NULL,
    budget_id text COLLATE "C" NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    until     timestamptz,
    PRIMARY KEY (run_id, step)
);
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
