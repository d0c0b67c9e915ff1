-- +goose Up
-- Where operators lead visitors of addresses that a website once had.
CREATE TABLE redirects (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    path       TEXT NOT NULL COLLATE "C",
    target     TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (website_id, path)
);

-- +goose Down
DROP TABLE redirects;
