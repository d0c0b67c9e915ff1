-- totp holds the sealed secret of the second factor, totp_pending one that waits
-- for its first code, totp_step the last time step whose code was used.

-- +goose Up
ALTER TABLE users ADD COLUMN tenant TEXT NOT NULL DEFAULT 'main';
ALTER TABLE users ADD COLUMN totp BLOB NOT NULL DEFAULT x'';
ALTER TABLE users ADD COLUMN totp_pending BLOB NOT NULL DEFAULT x'';
ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_tenant ON users (tenant, id);

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    client     TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id, id);

-- hash is the SHA-256 of the secret, which is stored nowhere.
CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    scope        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    replaced_by  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX api_keys_user ON api_keys (user_id, id);

-- +goose Down
DROP TABLE api_keys;
DROP TABLE sessions;
DROP INDEX users_tenant;
ALTER TABLE users DROP COLUMN totp_step;
ALTER TABLE users DROP COLUMN totp_pending;
ALTER TABLE users DROP COLUMN totp;
ALTER TABLE users DROP COLUMN tenant;
