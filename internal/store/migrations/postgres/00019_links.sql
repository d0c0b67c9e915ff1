-- Targets of affiliate links, which pages refer to. They are never removed, because old
-- pages hold their slugs; scope is the website, or empty for all of the tenant.

-- +goose Up
CREATE TABLE links (
    id          text COLLATE "C" PRIMARY KEY,
    tenant      text COLLATE "C" NOT NULL,
    website_id  text COLLATE "C" REFERENCES websites (id) ON DELETE CASCADE,
    scope       text COLLATE "C" NOT NULL,
    slug        text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL,
    network     text COLLATE "C" NOT NULL,
    program_id  text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    doc         text NOT NULL,
    UNIQUE (tenant, scope, slug)
);
CREATE INDEX links_seq ON links (seq);
CREATE INDEX links_program ON links (program_id);
CREATE INDEX links_website ON links (website_id);

CREATE TABLE link_history (
    link_id text COLLATE "C" NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    seq     bigint NOT NULL,
    field   text COLLATE "C" NOT NULL,
    doc     text NOT NULL,
    PRIMARY KEY (link_id, seq, field)
);

INSERT INTO counters (name, value) VALUES ('links', 0);

ALTER TABLE programs ADD COLUMN epc_minor bigint;
ALTER TABLE programs ADD COLUMN epc_currency text COLLATE "C";
ALTER TABLE programs ADD COLUMN link_way text COLLATE "C" NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE programs DROP COLUMN link_way;
ALTER TABLE programs DROP COLUMN epc_currency;
ALTER TABLE programs DROP COLUMN epc_minor;
DELETE FROM counters WHERE name = 'links';
DROP TABLE link_history;
DROP TABLE links;
