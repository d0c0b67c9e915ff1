-- Views and clicks of websites: sums by hour, single events for a while, and the
-- visitors of the present day, who are forgotten with its salt.

-- +goose Up
ALTER TABLE websites ADD COLUMN no_analytics INTEGER NOT NULL DEFAULT 0;

CREATE TABLE traffic_events (
    website_id TEXT NOT NULL,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    class      TEXT NOT NULL,
    source     TEXT NOT NULL,
    path       TEXT NOT NULL,
    referrer   TEXT NOT NULL,
    slot       TEXT NOT NULL,
    sub_id     TEXT NOT NULL
) STRICT;
CREATE INDEX traffic_events_at ON traffic_events (at);

-- Hours are numbered from 1970. Of old ones the sums of a day stand at its first hour.
CREATE TABLE traffic_hours (
    website_id TEXT NOT NULL,
    hour       INTEGER NOT NULL,
    path       TEXT NOT NULL,
    slot       TEXT NOT NULL,
    sub_id     TEXT NOT NULL,
    class      TEXT NOT NULL,
    views      INTEGER NOT NULL,
    visitors   INTEGER NOT NULL,
    clicks     INTEGER NOT NULL,
    PRIMARY KEY (website_id, hour, path, slot, sub_id, class)
) STRICT, WITHOUT ROWID;
CREATE INDEX traffic_hours_hour ON traffic_hours (hour);

CREATE TABLE traffic_salts (
    day  INTEGER PRIMARY KEY,
    salt BLOB NOT NULL
) STRICT;

CREATE TABLE traffic_visitors (
    day        INTEGER NOT NULL,
    website_id TEXT NOT NULL,
    visitor    INTEGER NOT NULL,
    PRIMARY KEY (day, website_id, visitor)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE traffic_visitors;
DROP TABLE traffic_salts;
DROP TABLE traffic_hours;
DROP TABLE traffic_events;
ALTER TABLE websites DROP COLUMN no_analytics;
