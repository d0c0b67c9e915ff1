-- Search: audits of releases, what pages are for, and what search engines were told.

-- +goose Up
CREATE TABLE seo_audits (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    release_id TEXT NOT NULL,
    version    TEXT NOT NULL,
    number     INTEGER NOT NULL,
    score      DOUBLE PRECISION NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    line       TEXT NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (website_id, release_id, version)
);
CREATE INDEX seo_audits_number ON seo_audits (website_id, number);

-- The websites whose pages are in seo_keywords, with the release that they are of.
CREATE TABLE seo_sites (
    website_id TEXT PRIMARY KEY REFERENCES websites (id) ON DELETE CASCADE,
    release_id TEXT NOT NULL
);

CREATE TABLE seo_keywords (
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    page_id    TEXT NOT NULL,
    tenant     TEXT NOT NULL,
    language   TEXT NOT NULL,
    key        TEXT NOT NULL COLLATE "C",
    since      TIMESTAMPTZ NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (website_id, page_id)
);
CREATE INDEX seo_keywords_key ON seo_keywords (tenant, language, key);

CREATE TABLE seo_submissions (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    website_id TEXT NOT NULL REFERENCES websites (id) ON DELETE CASCADE,
    release_id TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    doc        TEXT NOT NULL
);
CREATE INDEX seo_submissions_tenant ON seo_submissions (tenant, id);
CREATE INDEX seo_submissions_website ON seo_submissions (website_id, id);

-- +goose Down
DROP TABLE seo_submissions;
DROP TABLE seo_keywords;
DROP TABLE seo_sites;
DROP TABLE seo_audits;
