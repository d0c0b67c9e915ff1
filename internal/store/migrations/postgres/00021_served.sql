-- Pages as servers counted them, whether or not a script reported that they were shown,
-- and the access logs that were read, each by what was in it.

-- +goose Up
CREATE TABLE traffic_served (
    website_id text COLLATE "C" NOT NULL,
    hour       bigint NOT NULL,
    path       text COLLATE "C" NOT NULL,
    class      text COLLATE "C" NOT NULL,
    source     text COLLATE "C" NOT NULL,
    views      bigint NOT NULL,
    PRIMARY KEY (website_id, hour, path, class, source)
);
CREATE INDEX traffic_served_hour ON traffic_served (hour);

CREATE TABLE traffic_imports (
    website_id  text COLLATE "C" NOT NULL,
    sha256      text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (website_id, sha256)
);

-- +goose Down
DROP TABLE traffic_imports;
DROP TABLE traffic_served;
