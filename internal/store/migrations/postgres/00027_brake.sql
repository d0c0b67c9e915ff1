-- Why something is frozen, the figures that a freeze by itself rests on, and at which
-- level of visits such freezes were ended. Of pages, what is left with all names masked.
-- Of websites, what a page that a gate refuses means.

-- +goose Up
ALTER TABLE fleet_freezes ADD COLUMN cause text COLLATE "C" NOT NULL DEFAULT 'person';
ALTER TABLE fleet_freezes ADD COLUMN evidence text NOT NULL DEFAULT 'null';

CREATE TABLE fleet_lifts (
    website_id text COLLATE "C" PRIMARY KEY REFERENCES websites (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    fell_from  text COLLATE "C" NOT NULL,
    share      double precision NOT NULL
);

ALTER TABLE page_signatures ADD COLUMN masked_cut bigint NOT NULL DEFAULT 0;
ALTER TABLE page_signatures ADD COLUMN masked bytea NOT NULL DEFAULT '';

ALTER TABLE websites ADD COLUMN page_policy text COLLATE "C" NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE websites DROP COLUMN page_policy;
ALTER TABLE page_signatures DROP COLUMN masked;
ALTER TABLE page_signatures DROP COLUMN masked_cut;
DROP TABLE fleet_lifts;
ALTER TABLE fleet_freezes DROP COLUMN evidence;
ALTER TABLE fleet_freezes DROP COLUMN cause;
