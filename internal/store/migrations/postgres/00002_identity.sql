-- totp holds the sealed secret of the second factor, totp_pending one that waits
-- for its first code, totp_step the last time step whose code was used.

-- +goose Up
ALTER TABLE users ADD COLUMN tenant text COLLATE "C" NOT NULL DEFAULT 'main';
ALTER TABLE users ADD COLUMN totp bytea NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN totp_pending bytea NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN totp_step bigint NOT NULL DEFAULT 0;
CREATE INDEX users_tenant ON users (tenant, id);

CREATE TABLE sessions (
    id         text COLLATE "C" PRIMARY KEY,
    user_id    text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    client     text NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, id);

-- hash is the SHA-256 of the secret, which is stored nowhere.
CREATE TABLE api_keys (
    id           text COLLATE "C" PRIMARY KEY,
    user_id      text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         text NOT NULL,
    prefix       text COLLATE "C" NOT NULL,
    hash         text COLLATE "C" NOT NULL UNIQUE,
    scope        text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    replaced_by  text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX api_keys_user ON api_keys (user_id, id);

-- +goose Down
DROP TABLE api_keys;
DROP TABLE sessions;
DROP INDEX users_tenant;
ALTER TABLE users DROP COLUMN totp_step;
ALTER TABLE users DROP COLUMN totp_pending;
ALTER TABLE users DROP COLUMN totp;
ALTER TABLE users DROP COLUMN tenant;
