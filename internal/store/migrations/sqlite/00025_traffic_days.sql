-- What was done on each website on a day that is over, in one row: reports of all websites
-- read as many rows as they have days. A row goes when a hit of its day comes late.

-- +goose Up
CREATE TABLE traffic_days (
    start INTEGER PRIMARY KEY,
    sheet BLOB NOT NULL
) STRICT;

-- Where the pages of a release lead out of their website. It is read from the pages once:
-- a release does not change.
CREATE TABLE release_links (
    release_id TEXT PRIMARY KEY REFERENCES releases (id) ON DELETE CASCADE,
    doc        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE release_links;
DROP TABLE traffic_days;
