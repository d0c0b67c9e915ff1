-- Pages as servers counted them, whether or not a script reported that they were shown,
-- and the access logs that were read, each by what was in it.

-- +goose Up
CREATE TABLE traffic_served (
    website_id TEXT NOT NULL,
    hour       INTEGER NOT NULL,
    path       TEXT NOT NULL,
    class      TEXT NOT NULL,
    source     TEXT NOT NULL,
    views      INTEGER NOT NULL,
    PRIMARY KEY (website_id, hour, path, class, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX traffic_served_hour ON traffic_served (hour);

CREATE TABLE traffic_imports (
    website_id  TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    name        TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (website_id, sha256)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE traffic_imports;
DROP TABLE traffic_served;
