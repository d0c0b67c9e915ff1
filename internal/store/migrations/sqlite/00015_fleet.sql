-- The portfolio as a whole: signatures of live pages, what brakes publishing, and
-- changes that begin with a few websites.

-- +goose Up
CREATE TABLE page_signatures (
    num        INTEGER PRIMARY KEY,
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    page_id    TEXT NOT NULL,
    path       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    title      TEXT NOT NULL,
    evidence   INTEGER NOT NULL,
    cut        INTEGER NOT NULL,
    hashes     BLOB NOT NULL,
    first_at   INTEGER NOT NULL,
    UNIQUE (website_id, page_id)
) STRICT;

CREATE TABLE page_bands (
    band INTEGER NOT NULL,
    num  INTEGER NOT NULL REFERENCES page_signatures (num) ON DELETE CASCADE,
    PRIMARY KEY (band, num)
) STRICT, WITHOUT ROWID;
CREATE INDEX page_bands_num ON page_bands (num);

CREATE TABLE site_profiles (
    website_id TEXT PRIMARY KEY REFERENCES websites (id) ON DELETE CASCADE,
    tenant     TEXT NOT NULL,
    release_id TEXT NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX site_profiles_tenant ON site_profiles (tenant, website_id);

CREATE TABLE fleet_moves (
    release_id TEXT NOT NULL,
    at         INTEGER NOT NULL,
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    tenant     TEXT NOT NULL,
    new_pages  INTEGER NOT NULL,
    PRIMARY KEY (release_id, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX fleet_moves_website ON fleet_moves (website_id, at);
CREATE INDEX fleet_moves_tenant ON fleet_moves (tenant, at);

CREATE TABLE fleet_freezes (
    tenant     TEXT NOT NULL,
    website_id TEXT NOT NULL,
    reason     TEXT NOT NULL,
    actor_id   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (tenant, website_id)
) STRICT;

CREATE TABLE fleet_changes (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX fleet_changes_tenant ON fleet_changes (tenant, id);
CREATE INDEX fleet_changes_state ON fleet_changes (state);

CREATE TABLE fleet_change_sites (
    change_id  TEXT NOT NULL REFERENCES fleet_changes (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    website_id TEXT NOT NULL,
    canary     INTEGER NOT NULL,
    state      TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    detail     TEXT NOT NULL,
    PRIMARY KEY (change_id, website_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX fleet_change_sites_order ON fleet_change_sites (change_id, position);
CREATE INDEX fleet_change_sites_run ON fleet_change_sites (run_id);

-- +goose Down
DROP TABLE fleet_change_sites;
DROP TABLE fleet_changes;
DROP TABLE fleet_freezes;
DROP TABLE fleet_moves;
DROP TABLE site_profiles;
DROP TABLE page_bands;
DROP TABLE page_signatures;
