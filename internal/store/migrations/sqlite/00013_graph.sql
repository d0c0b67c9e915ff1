-- The knowledge graph: everything in it is the sum of what sources say, so that one
-- can be taken back. Weights are millionths. The tenant '' stands for what all share.

-- +goose Up
CREATE TABLE graph_sources (
    tenant       TEXT NOT NULL,
    id           TEXT NOT NULL,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    said_at      INTEGER NOT NULL,
    row_count    INTEGER NOT NULL,
    meta         TEXT,
    withdrawn_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- A part is one document of a source; hash is of what it says.
CREATE TABLE graph_parts (
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    part   TEXT NOT NULL,
    hash   TEXT NOT NULL,
    PRIMARY KEY (tenant, source, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE graph_contributions (
    tenant      TEXT NOT NULL,
    source      TEXT NOT NULL,
    part        TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    said_at     INTEGER NOT NULL,
    node_type   TEXT NOT NULL,
    node_id     TEXT NOT NULL,
    relation    TEXT NOT NULL,
    to_type     TEXT NOT NULL,
    to_id       TEXT NOT NULL,
    attribute   TEXT NOT NULL,
    value       TEXT NOT NULL,
    weight      INTEGER NOT NULL,
    valid_from  INTEGER,
    valid_until INTEGER,
    PRIMARY KEY (tenant, source, part, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX graph_contributions_node ON graph_contributions (node_id, node_type);
CREATE INDEX graph_contributions_to ON graph_contributions (to_id, to_type) WHERE relation <> '';

-- Counts the changes of a tenant's graph, so that what is kept in memory can tell
-- whether it is still true.
CREATE TABLE graph_versions (
    tenant TEXT PRIMARY KEY,
    value  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which pages, as they are published, rest on which source.
CREATE TABLE graph_rests (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    page_id    TEXT NOT NULL,
    source     TEXT NOT NULL,
    evidence   INTEGER NOT NULL,
    tenant     TEXT NOT NULL,
    PRIMARY KEY (website_id, page_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX graph_rests_source ON graph_rests (source, tenant, website_id, page_id);

-- Which of those changed since.
CREATE TABLE graph_stale (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    page_id    TEXT NOT NULL,
    source     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    tenant     TEXT NOT NULL,
    PRIMARY KEY (website_id, page_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX graph_stale_tenant ON graph_stale (tenant, website_id, page_id, source);

-- +goose Down
DROP TABLE graph_stale;
DROP TABLE graph_rests;
DROP TABLE graph_versions;
DROP TABLE graph_contributions;
DROP TABLE graph_parts;
DROP TABLE graph_sources;
