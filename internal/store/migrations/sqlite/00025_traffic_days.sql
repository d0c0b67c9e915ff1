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

-- What was spent is summed from the first of these alone, of one website from the second.
CREATE INDEX model_calls_spending ON model_calls (tenant, created_at, day, currency, state, cost, adjusted, reserved, input, output);
CREATE INDEX model_calls_website ON model_calls (website_id, created_at);

-- +goose Down
DROP INDEX model_calls_website;
DROP INDEX model_calls_spending;
DROP TABLE release_links;
DROP TABLE traffic_days;
