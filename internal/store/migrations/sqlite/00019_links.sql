-- Targets of affiliate links, which pages refer to. They are never removed, because old
-- pages hold their slugs; scope is the website, or empty for all of the tenant.

-- +goose Up
CREATE TABLE links (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    website_id  TEXT REFERENCES websites (id) ON DELETE CASCADE,
    scope       TEXT NOT NULL,
    slug        TEXT NOT NULL,
    state       TEXT NOT NULL,
    network     TEXT NOT NULL,
    program_id  TEXT NOT NULL,
    search_text TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    doc         TEXT NOT NULL,
    UNIQUE (tenant, scope, slug)
) STRICT;
CREATE INDEX links_seq ON links (seq);
CREATE INDEX links_program ON links (program_id);
CREATE INDEX links_website ON links (website_id);

CREATE TABLE link_history (
    link_id TEXT NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    field   TEXT NOT NULL,
    doc     TEXT NOT NULL,
    PRIMARY KEY (link_id, seq, field)
) STRICT, WITHOUT ROWID;

INSERT INTO counters (name, value) VALUES ('links', 0);

ALTER TABLE programs ADD COLUMN epc_minor INTEGER;
ALTER TABLE programs ADD COLUMN epc_currency TEXT;
ALTER TABLE programs ADD COLUMN link_way TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE programs DROP COLUMN link_way;
ALTER TABLE programs DROP COLUMN epc_currency;
ALTER TABLE programs DROP COLUMN epc_minor;
DELETE FROM counters WHERE name = 'links';
DROP TABLE link_history;
DROP TABLE links;
