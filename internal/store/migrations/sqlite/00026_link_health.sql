-- What looks at the merchants' pages found, and other offers in the place of dead ones.

-- +goose Up
CREATE TABLE link_health (
    link_id TEXT PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    tenant  TEXT NOT NULL,
    state   TEXT NOT NULL,
    dead    INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    doc     TEXT NOT NULL
) STRICT;
CREATE INDEX link_health_next ON link_health (next_at);
CREATE INDEX link_health_tenant ON link_health (tenant, state);

CREATE TABLE link_swaps (
    id      TEXT PRIMARY KEY,
    tenant  TEXT NOT NULL,
    link_id TEXT NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    state   TEXT NOT NULL,
    doc     TEXT NOT NULL
) STRICT;
CREATE INDEX link_swaps_tenant ON link_swaps (tenant, id);
CREATE INDEX link_swaps_link ON link_swaps (link_id);
CREATE UNIQUE INDEX link_swaps_open ON link_swaps (link_id) WHERE state IN ('proposed', 'applied');

-- +goose Down
DROP TABLE link_swaps;
DROP TABLE link_health;
