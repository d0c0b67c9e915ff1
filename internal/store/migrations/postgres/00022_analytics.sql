-- Where visitors came from, on what they read, their sessions, sums of whole websites by
-- hour and by day, and what is measured on websites.

-- +goose Up
ALTER TABLE traffic_events ADD COLUMN channel text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN utm_source text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN utm_medium text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN utm_campaign text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN device text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN program text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE traffic_events ADD COLUMN session bigint NOT NULL DEFAULT 0;
ALTER TABLE traffic_events ADD COLUMN entry bigint NOT NULL DEFAULT 0;
DROP INDEX traffic_events_at;
CREATE INDEX traffic_events_website ON traffic_events (website_id, at);

ALTER TABLE traffic_hours ADD COLUMN sessions bigint NOT NULL DEFAULT 0;

ALTER TABLE traffic_visitors ADD COLUMN session bigint NOT NULL DEFAULT 0;
ALTER TABLE traffic_visitors ADD COLUMN since bigint NOT NULL DEFAULT 0;
ALTER TABLE traffic_visitors ADD COLUMN last bigint NOT NULL DEFAULT 0;
ALTER TABLE traffic_visitors ADD COLUMN sessions bigint NOT NULL DEFAULT 1;

-- grain is how many hours a row sums: 1, for a few days, or 24. start is its first hour.
CREATE TABLE traffic_sums (
    website_id text COLLATE "C" NOT NULL,
    grain      bigint NOT NULL,
    start      bigint NOT NULL,
    class      text COLLATE "C" NOT NULL,
    views      bigint NOT NULL,
    visitors   bigint NOT NULL,
    sessions   bigint NOT NULL,
    clicks     bigint NOT NULL,
    PRIMARY KEY (website_id, grain, start, class)
);
INSERT INTO traffic_sums (website_id, grain, start, class, views, visitors, sessions, clicks)
    SELECT website_id, 24, hour / 24 * 24, class, sum(views), sum(visitors), 0, sum(clicks) FROM traffic_hours GROUP BY website_id, hour / 24 * 24, class;
INSERT INTO traffic_sums (website_id, grain, start, class, views, visitors, sessions, clicks)
    SELECT website_id, 1, hour, class, sum(views), sum(visitors), 0, sum(clicks) FROM traffic_hours
    WHERE hour >= (SELECT max(hour) FROM traffic_hours) - 168 GROUP BY website_id, hour, class;

-- Of people alone, by where they came from, device and program.
CREATE TABLE traffic_facets (
    website_id text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    grain      bigint NOT NULL,
    start      bigint NOT NULL,
    value      text COLLATE "C" NOT NULL,
    views      bigint NOT NULL,
    visitors   bigint NOT NULL,
    sessions   bigint NOT NULL,
    clicks     bigint NOT NULL,
    PRIMARY KEY (website_id, kind, grain, start, value)
);

CREATE TABLE traffic_goals (
    website_id text COLLATE "C" PRIMARY KEY REFERENCES websites (id) ON DELETE CASCADE,
    doc        text COLLATE "C" NOT NULL
);

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
