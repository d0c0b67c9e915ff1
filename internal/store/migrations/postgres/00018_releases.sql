-- With what releases were built, tags, batches over many websites, pages and websites
-- that were retired, and releases that go live later.

-- +goose Up
ALTER TABLE releases ADD COLUMN built_with text NOT NULL DEFAULT '{}';

CREATE TABLE website_tags (
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    tag        text COLLATE "C" NOT NULL,
    PRIMARY KEY (website_id, tag)
);

CREATE TABLE batches (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    doc        text COLLATE "C" NOT NULL
);
CREATE INDEX batches_tenant ON batches (tenant, id);

CREATE TABLE batch_sites (
    batch_id   text COLLATE "C" NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    position   integer NOT NULL,
    website_id text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    release_id text COLLATE "C" NOT NULL,
    run_id     text COLLATE "C" NOT NULL,
    code       text COLLATE "C" NOT NULL,
    detail     text COLLATE "C" NOT NULL,
    PRIMARY KEY (batch_id, position)
);
CREATE INDEX batch_sites_state ON batch_sites (batch_id, state, position);

-- An empty path is the website as a whole.
CREATE TABLE retirements (
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    path       text COLLATE "C" NOT NULL,
    target     text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    actor_id   text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (website_id, path)
);

CREATE TABLE planned_releases (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    state      text COLLATE "C" NOT NULL,
    due_at     timestamptz NOT NULL,
    doc        text COLLATE "C" NOT NULL
);
CREATE INDEX planned_releases_tenant ON planned_releases (tenant, id);
CREATE INDEX planned_releases_due ON planned_releases (state, due_at);

-- +goose Down
DROP TABLE planned_releases;
DROP TABLE retirements;
DROP TABLE batch_sites;
DROP TABLE batches;
DROP TABLE website_tags;
ALTER TABLE releases DROP COLUMN built_with;
