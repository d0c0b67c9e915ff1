-- With what releases were built, tags, batches over many websites, pages and websites
-- that were retired, and releases that go live later.

-- +goose Up
ALTER TABLE releases ADD COLUMN built_with TEXT NOT NULL DEFAULT '{}';

CREATE TABLE website_tags (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    tag        TEXT NOT NULL,
    PRIMARY KEY (website_id, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX batches_tenant ON batches (tenant, id);

CREATE TABLE batch_sites (
    batch_id   TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    website_id TEXT NOT NULL,
    state      TEXT NOT NULL,
    release_id TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    code       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    PRIMARY KEY (batch_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_sites_state ON batch_sites (batch_id, state, position);

-- An empty path is the website as a whole.
CREATE TABLE retirements (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    target     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    actor_id   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (website_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE planned_releases (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    state      TEXT NOT NULL,
    due_at     INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX planned_releases_tenant ON planned_releases (tenant, id);
CREATE INDEX planned_releases_due ON planned_releases (state, due_at);

-- +goose Down
DROP TABLE planned_releases;
DROP TABLE retirements;
DROP TABLE batch_sites;
DROP TABLE batches;
DROP TABLE website_tags;
ALTER TABLE releases DROP COLUMN built_with;
