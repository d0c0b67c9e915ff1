-- Market data: demand over time, changes of products between imports, what scans
-- found, estimates as they were when something was decided, and learned models.

-- +goose Up
ALTER TABLE programs ADD COLUMN traffic text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE programs ADD COLUMN sectors text COLLATE "C" NOT NULL DEFAULT '[]';

CREATE TABLE market_series (
    id            text COLLATE "C" PRIMARY KEY,
    kind          text COLLATE "C" NOT NULL,
    keyword_lower text COLLATE "C" NOT NULL,
    region        text COLLATE "C" NOT NULL,
    language      text COLLATE "C" NOT NULL,
    imported_at   timestamptz NOT NULL,
    doc           text NOT NULL,
    UNIQUE (kind, keyword_lower, region, language)
);

CREATE TABLE market_points (
    series_id text COLLATE "C" NOT NULL REFERENCES market_series (id) ON DELETE CASCADE,
    at        timestamptz NOT NULL,
    value     double precision,
    PRIMARY KEY (series_id, at)
);

CREATE TABLE product_changes (
    feed_id  text COLLATE "C" NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    key      text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    category text COLLATE "C" NOT NULL,
    doc      text NOT NULL,
    PRIMARY KEY (feed_id, key, at)
);
CREATE INDEX product_changes_at ON product_changes (at);

CREATE TABLE opportunities (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    topic      text COLLATE "C" NOT NULL,
    score      double precision NOT NULL,
    confidence double precision NOT NULL,
    decision   text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    doc        text NOT NULL
);
CREATE INDEX opportunities_tenant ON opportunities (tenant, id);

CREATE TABLE estimates (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    website_id text COLLATE "C" NOT NULL,
    topic      text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    doc        text NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX estimates_tenant ON estimates (tenant, id);
CREATE INDEX estimates_website ON estimates (website_id);

-- +goose StatementBegin
CREATE FUNCTION estimates_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'estimates are never changed or deleted';
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER estimates_frozen BEFORE UPDATE OR DELETE ON estimates FOR EACH ROW EXECUTE FUNCTION estimates_frozen();

CREATE TABLE learned_models (
    tenant     text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    version    integer NOT NULL,
    created_at timestamptz NOT NULL,
    info       text NOT NULL,
    doc        text NOT NULL,
    PRIMARY KEY (tenant, name, version)
);

-- +goose Down
DROP TABLE learned_models;
DROP TABLE estimates;
DROP FUNCTION estimates_frozen();
DROP TABLE opportunities;
DROP TABLE product_changes;
DROP TABLE market_points;
DROP TABLE market_series;
ALTER TABLE programs DROP COLUMN sectors;
ALTER TABLE programs DROP COLUMN traffic;
