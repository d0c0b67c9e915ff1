-- Where visitors came from, on what they read, their sessions, sums of whole websites by
-- hour and by day, and what is measured on websites.

-- +goose Up
ALTER TABLE traffic_events ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN utm_source TEXT NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN utm_medium TEXT NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN utm_campaign TEXT NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN program TEXT NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN session INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traffic_events ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;
DROP INDEX traffic_events_at;
CREATE INDEX traffic_events_website ON traffic_events (website_id, at);

ALTER TABLE traffic_hours ADD COLUMN sessions INTEGER NOT NULL DEFAULT 0;

ALTER TABLE traffic_visitors ADD COLUMN session INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traffic_visitors ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traffic_visitors ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traffic_visitors ADD COLUMN sessions INTEGER NOT NULL DEFAULT 1;

-- grain is how many hours a row sums: 1, for a few days, or 24. start is its first hour.
CREATE TABLE traffic_sums (
    website_id TEXT NOT NULL,
    grain      INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    class      TEXT NOT NULL,
    views      INTEGER NOT NULL,
    visitors   INTEGER NOT NULL,
    sessions   INTEGER NOT NULL,
    clicks     INTEGER NOT NULL,
    PRIMARY KEY (website_id, grain, start, class)
) STRICT, WITHOUT ROWID;
INSERT INTO traffic_sums (website_id, grain, start, class, views, visitors, sessions, clicks)
    SELECT website_id, 24, hour / 24 * 24, class, sum(views), sum(visitors), 0, sum(clicks) FROM traffic_hours GROUP BY website_id, hour / 24 * 24, class;
INSERT INTO traffic_sums (website_id, grain, start, class, views, visitors, sessions, clicks)
    SELECT website_id, 1, hour, class, sum(views), sum(visitors), 0, sum(clicks) FROM traffic_hours
    WHERE hour >= (SELECT max(hour) FROM traffic_hours) - 168 GROUP BY website_id, hour, class;

-- Of people alone, by where they came from, device and program.
CREATE TABLE traffic_facets (
    website_id TEXT NOT NULL,
    kind       TEXT NOT NULL,
    grain      INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    value      TEXT NOT NULL,
    views      INTEGER NOT NULL,
    visitors   INTEGER NOT NULL,
    sessions   INTEGER NOT NULL,
    clicks     INTEGER NOT NULL,
    PRIMARY KEY (website_id, kind, grain, start, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE traffic_goals (
    website_id TEXT PRIMARY KEY REFERENCES websites (id) ON DELETE CASCADE,
    doc        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE traffic_goals;
DROP TABLE traffic_facets;
DROP TABLE traffic_sums;
ALTER TABLE traffic_visitors DROP COLUMN sessions;
ALTER TABLE traffic_visitors DROP COLUMN last;
ALTER TABLE traffic_visitors DROP COLUMN since;
ALTER TABLE traffic_visitors DROP COLUMN session;
ALTER TABLE traffic_hours DROP COLUMN sessions;
DROP INDEX traffic_events_website;
CREATE INDEX traffic_events_at ON traffic_events (at);
ALTER TABLE traffic_events DROP COLUMN entry;
ALTER TABLE traffic_events DROP COLUMN session;
ALTER TABLE traffic_events DROP COLUMN program;
ALTER TABLE traffic_events DROP COLUMN device;
ALTER TABLE traffic_events DROP COLUMN utm_campaign;
ALTER TABLE traffic_events DROP COLUMN utm_medium;
ALTER TABLE traffic_events DROP COLUMN utm_source;
ALTER TABLE traffic_events DROP COLUMN channel;
