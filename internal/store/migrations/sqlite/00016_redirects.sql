-- +goose Up
-- Where operators lead visitors of addresses that a website once had.
CREATE TABLE redirects (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    target     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (website_id, path)
) STRICT;

-- +goose Down
DROP TABLE redirects;
