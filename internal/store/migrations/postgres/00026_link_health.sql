-- What looks at the merchants' pages found, and other offers in the place of dead ones.

-- +goose Up
CREATE TABLE link_health (
    link_id text COLLATE "C" PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    tenant  text COLLATE "C" NOT NULL,
    state   text COLLATE "C" NOT NULL,
    dead    boolean NOT NULL,
    next_at timestamptz NOT NULL,
    doc     text NOT NULL
);
CREATE INDEX link_health_next ON link_health (next_at);
CREATE INDEX link_health_tenant ON link_health (tenant, state);

CREATE TABLE link_swaps (
    id      text COLLATE "C" PRIMARY KEY,
    tenant  text COLLATE "C" NOT NULL,
    link_id text COLLATE "C" NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    state   text COLLATE "C" NOT NULL,
    doc     text NOT NULL
);
CREATE INDEX link_swaps_tenant ON link_swaps (tenant, id);
CREATE INDEX link_swaps_link ON link_swaps (link_id);
CREATE UNIQUE INDEX link_swaps_open ON link_swaps (link_id) WHERE state IN ('proposed', 'applied');

-- +goose Down
DROP TABLE link_swaps;
DROP TABLE link_health;
