-- +goose Up
-- What providers sent. body is NULL once it was swept; nonce is NULL where a
-- provider has none. body comes last: lists never read its overflow pages.
CREATE TABLE webhook_deliveries (
    id          TEXT PRIMARY KEY,
    provider    TEXT NOT NULL,
    method      TEXT NOT NULL,
    header      TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    size        INTEGER NOT NULL,
    nonce       TEXT,
    received_at INTEGER NOT NULL,
    body        BLOB,
    UNIQUE (provider, nonce)
) STRICT;
CREATE INDEX webhook_deliveries_kept ON webhook_deliveries (received_at) WHERE body IS NOT NULL;

CREATE TABLE webhook_events (
    id           TEXT PRIMARY KEY,
    delivery_id  TEXT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    provider     TEXT NOT NULL,
    event_id     TEXT NOT NULL,
    type         TEXT NOT NULL,
    position     INTEGER NOT NULL,
    state        TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    error        TEXT NOT NULL,
    occurred_at  INTEGER,
    received_at  INTEGER NOT NULL,
    processed_at INTEGER,
    UNIQUE (provider, event_id)
) STRICT;
CREATE INDEX webhook_events_delivery ON webhook_events (delivery_id);
CREATE INDEX webhook_events_received ON webhook_events (received_at, id);
CREATE INDEX webhook_events_state ON webhook_events (state, received_at, id);
CREATE INDEX webhook_events_provider ON webhook_events (provider, state, received_at, id);

-- +goose Down
DROP TABLE webhook_events;
DROP TABLE webhook_deliveries;
