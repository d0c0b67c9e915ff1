-- Views and clicks of websites: sums by hour, single events for a while, and the
-- visitors of the present day, who are forgotten with its salt.

-- +goose Up
ALTER TABLE websites ADD COLUMN no_analytics boolean NOT NULL DEFAULT false;

CREATE TABLE traffic_events (
    website_id text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    class      text COLLATE "C" NOT NULL,
    source     text COLLATE "C" NOT NULL,
    path       text COLLATE "C" NOT NULL,
    referrer   text COLLATE "C" NOT NULL,
    slot       text COLLATE "C" NOT NULL,
    sub_id     text COLLATE "C" NOT NULL
);
CREATE INDEX traffic_events_at ON traffic_events (at);

-- Hours are numbered from 1970. Of old ones the sums of a day stand at its first hour.
CREATE TABLE traffic_hours (
    website_id text COLLATE "C" NOT NULL,
    hour       bigint NOT NULL,
    path       text COLLATE "C" NOT NULL,
    slot       text COLLATE "C" NOT NULL,
    sub_id     text COLLATE "C" NOT NULL,
    class      text COLLATE "C" NOT NULL,
    views      bigint NOT NULL,
    visitors   bigint NOT NULL,
    clicks     bigint NOT NULL,
    PRIMARY KEY (website_id, hour, path, slot, sub_id, class)
);
CREATE INDEX traffic_hours_hour ON traffic_hours (hour);

CREATE TABLE traffic_salts (
    day  bigint PRIMARY KEY,
    salt bytea NOT NULL
);

CREATE TABLE traffic_visitors (
    day        bigint NOT NULL,
    website_id text COLLATE "C" NOT NULL,
    visitor    bigint NOT NULL,
    PRIMARY KEY (day, website_id, visitor)
);

-- +goose Down
DROP TABLE traffic_visitors;
DROP TABLE traffic_salts;
DROP TABLE traffic_hours;
DROP TABLE traffic_events;
ALTER TABLE websites DROP COLUMN no_analytics;
