-- +goose Up
-- What providers sent. body is NULL once it was swept; nonce is NULL where a
-- provider has none.
CREATE TABLE webhook_deliveries (
    id          text COLLATE "C" PRIMARY KEY,
    provider    text COLLATE "C" NOT NULL,
    method      text NOT NULL,
    header      text NOT NULL,
    sha256      text COLLATE "C" NOT NULL,
    size        bigint NOT NULL,
    nonce       text COLLATE "C",
    received_at timestamptz NOT NULL,
    body        bytea,
    UNIQUE (provider, nonce)
);
CREATE INDEX webhook_deliveries_kept ON webhook_deliveries (received_at) WHERE body IS NOT NULL;

CREATE TABLE webhook_events (
    id           text COLLATE "C" PRIMARY KEY,
    delivery_id  text COLLATE "C" NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    provider     text COLLATE "C" NOT NULL,
    event_id     text COLLATE "C" NOT NULL,
    type         text NOT NULL,
    position     integer NOT NULL,
    state        text COLLATE "C" NOT NULL,
    attempts     integer NOT NULL,
    error        text NOT NULL,
    occurred_at  timestamptz,
    received_at  timestamptz NOT NULL,
    processed_at timestamptz,
    UNIQUE (provider, event_id)
);
CREATE INDEX webhook_events_delivery ON webhook_events (delivery_id);
CREATE INDEX webhook_events_received ON webhook_events (received_at, id);
CREATE INDEX webhook_events_state ON webhook_events (state, received_at, id);
CREATE INDEX webhook_events_provider ON webhook_events (provider, state, received_at, id);

-- +goose Down
DROP TABLE webhook_events;
DROP TABLE webhook_deliveries;
