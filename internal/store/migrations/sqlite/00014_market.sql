-- Market data: demand over time, changes of products between imports, what scans
-- found, estimates as they were when something was decided, and learned models.

-- +goose Up
ALTER TABLE programs ADD COLUMN traffic TEXT NOT NULL DEFAULT '';
ALTER TABLE programs ADD COLUMN sectors TEXT NOT NULL DEFAULT '[]';

CREATE TABLE market_series (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,
    keyword_lower TEXT NOT NULL,
    region        TEXT NOT NULL,
    language      TEXT NOT NULL,
    imported_at   INTEGER NOT NULL,
    doc           TEXT NOT NULL,
    UNIQUE (kind, keyword_lower, region, language)
) STRICT;

CREATE TABLE market_points (
    series_id TEXT NOT NULL REFERENCES market_series (id) ON DELETE CASCADE,
    at        INTEGER NOT NULL,
    value     REAL,
    PRIMARY KEY (series_id, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_changes (
    feed_id  TEXT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    key      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    category TEXT NOT NULL,
    doc      TEXT NOT NULL,
    PRIMARY KEY (feed_id, key, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_changes_at ON product_changes (at);

CREATE TABLE opportunities (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    topic      TEXT NOT NULL,
    score      REAL NOT NULL,
    confidence REAL NOT NULL,
    decision   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX opportunities_tenant ON opportunities (tenant, id);

CREATE TABLE estimates (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    website_id TEXT NOT NULL,
    topic      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    doc        TEXT NOT NULL,
    UNIQUE (kind, subject)
) STRICT;
CREATE INDEX estimates_tenant ON estimates (tenant, id);
CREATE INDEX estimates_website ON estimates (website_id);

-- +goose StatementBegin
CREATE TRIGGER estimates_frozen BEFORE UPDATE ON estimates BEGIN
    SELECT RAISE(ABORT, 'estimates are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER estimates_kept BEFORE DELETE ON estimates BEGIN
    SELECT RAISE(ABORT, 'estimates are never deleted');
END;
-- +goose StatementEnd

CREATE TABLE learned_models (
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    info       TEXT NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (tenant, name, version)
) STRICT;

-- +goose Down
DROP TABLE learned_models;
DROP TABLE estimates;
DROP TABLE opportunities;
DROP TABLE product_changes;
DROP TABLE market_points;
DROP TABLE market_series;
ALTER TABLE programs DROP COLUMN sectors;
ALTER TABLE programs DROP COLUMN traffic;
