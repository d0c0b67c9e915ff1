-- +goose Up
-- Answers that an Idempotency-Key repeats. A row without status is a claim: its
-- request is under way until lease_until.
CREATE TABLE idempotency (
    owner        text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    request_hash text COLLATE "C" NOT NULL,
    status       integer,
    header       text,
    body         bytea,
    created_at   timestamptz NOT NULL,
    lease_until  timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);

-- +goose Down
DROP TABLE idempotency;
