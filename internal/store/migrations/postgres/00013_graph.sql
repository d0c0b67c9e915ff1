-- The knowledge graph: everything in it is the sum of what sources say, so that one
-- can be taken back. Weights are millionths. The tenant '' stands for what all share.

-- +goose Up
CREATE TABLE graph_sources (
    tenant       text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    name         text NOT NULL,
    said_at      timestamptz NOT NULL,
    row_count    bigint NOT NULL,
    meta         text,
    withdrawn_at timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- A part is one document of a source; hash is of what it says.
CREATE TABLE graph_parts (
    tenant text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    part   text COLLATE "C" NOT NULL,
    hash   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, source, part)
);

CREATE TABLE graph_contributions (
    tenant      text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    part        text COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    said_at     timestamptz NOT NULL,
    node_type   text COLLATE "C" NOT NULL,
    node_id     text COLLATE "C" NOT NULL,
    relation    text COLLATE "C" NOT NULL,
    to_type     text COLLATE "C" NOT NULL,
    to_id       text COLLATE "C" NOT NULL,
    attribute   text COLLATE "C" NOT NULL,
    value       text NOT NULL,
    weight      bigint NOT NULL,
    valid_from  timestamptz,
    valid_until timestamptz,
    PRIMARY KEY (tenant, source, part, seq)
);
CREATE INDEX graph_contributions_node ON graph_contributions (node_id, node_type);
CREATE INDEX graph_contributions_to ON graph_contributions (to_id, to_type) WHERE relation <> '';

-- Counts the changes of a tenant's graph, so that what is kept in memory can tell
-- whether it is still true.
CREATE TABLE graph_versions (
    tenant text COLLATE "C" PRIMARY KEY,
    value  bigint NOT NULL
);

-- Which pages, as they are published, rest on which source.
CREATE TABLE graph_rests (
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    page_id    text COLLATE "C" NOT NULL,
    source     text COLLATE "C" NOT NULL,
    evidence   bigint NOT NULL,
    tenant     text COLLATE "C" NOT NULL,
    PRIMARY KEY (website_id, page_id, source)
);
CREATE INDEX graph_rests_source ON graph_rests (source, tenant, website_id, page_id);

-- Which of those changed since.
CREATE TABLE graph_stale (
    website_id text COLLATE "C" NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    page_id    text COLLATE "C" NOT NULL,
    source     text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    tenant     text COLLATE "C" NOT NULL,
    PRIMARY KEY (website_id, page_id, source)
);
CREATE INDEX graph_stale_tenant ON graph_stale (tenant, website_id, page_id, source);

-- +goose Down
DROP TABLE graph_stale;
DROP TABLE graph_rests;
DROP TABLE graph_versions;
DROP TABLE graph_contributions;
DROP TABLE graph_parts;
DROP TABLE graph_sources;
