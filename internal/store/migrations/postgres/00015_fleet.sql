-- The portfolio as a whole: signatures of live pages, what brakes publishing, and
-- changes that begin with a few websites.

-- +goose Up
CREATE TABLE page_signatures (
    num        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    page_id    text COLLATE "C" NOT NULL,
    path       text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    title      text COLLATE "C" NOT NULL,
    evidence   integer NOT NULL,
    cut        bigint NOT NULL,
    hashes     bytea NOT NULL,
    first_at   timestamptz NOT NULL,
    UNIQUE (website_id, page_id)
);

CREATE TABLE page_bands (
    band bigint NOT NULL,
    num  bigint NOT NULL REFERENCES page_signatures (num) ON DELETE CASCADE,
    PRIMARY KEY (band, num)
);
CREATE INDEX page_bands_num ON page_bands (num);

CREATE TABLE site_profiles (
    website_id text COLLATE "C" PRIMARY KEY REFERENCES websites (id) ON DELETE CASCADE,
    tenant     text COLLATE "C" NOT NULL,
    release_id text COLLATE "C" NOT NULL,
    doc        text NOT NULL
);
CREATE INDEX site_profiles_tenant ON site_profiles (tenant, website_id);

CREATE TABLE fleet_moves (
    release_id text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    tenant     text COLLATE "C" NOT NULL,
    new_pages  integer NOT NULL,
    PRIMARY KEY (release_id, at)
);
CREATE INDEX fleet_moves_website ON fleet_moves (website_id, at);
CREATE INDEX fleet_moves_tenant ON fleet_moves (tenant, at);

CREATE TABLE fleet_freezes (
    tenant     text COLLATE "C" NOT NULL,
    website_id text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    actor_id   text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (tenant, website_id)
);

CREATE TABLE fleet_changes (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    doc        text NOT NULL
);
CREATE INDEX fleet_changes_tenant ON fleet_changes (tenant, id);
CREATE INDEX fleet_changes_state ON fleet_changes (state);

CREATE TABLE fleet_change_sites (
    change_id  text COLLATE "C" NOT NULL REFERENCES fleet_changes (id) ON DELETE CASCADE,
    position   integer NOT NULL,
    website_id text COLLATE "C" NOT NULL,
    canary     boolean NOT NULL,
    state      text COLLATE "C" NOT NULL,
    run_id     text COLLATE "C" NOT NULL,
    detail     text COLLATE "C" NOT NULL,
    PRIMARY KEY (change_id, website_id)
);
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
