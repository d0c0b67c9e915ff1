-- +goose Up

-- Sets of vectors of one dimension. seq counts the changes of a collection; changes
-- up to floor are not known one by one any more.
CREATE TABLE vector_collections (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    dimension  integer NOT NULL,
    space      text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    floor      bigint NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (tenant, name)
);

-- Their records: text, properties as JSON, and the vector as float32, little-endian;
-- NULL where another program keeps it. A removed record stays for a while as gone, so
-- that every process hears of it.
CREATE TABLE vector_rows (
    collection text COLLATE "C" NOT NULL REFERENCES vector_collections (id) ON DELETE CASCADE,
    id         text COLLATE "C" NOT NULL,
    source     text COLLATE "C" NOT NULL,
    document   text NOT NULL,
    metadata   text NOT NULL,
    vector     bytea,
    seq        bigint NOT NULL,
    gone       boolean NOT NULL,
    PRIMARY KEY (collection, id)
);
CREATE INDEX vector_rows_seq ON vector_rows (collection, seq, id);
CREATE INDEX vector_rows_source ON vector_rows (collection, source) WHERE source <> '';

-- +goose Down
DROP TABLE vector_rows;
DROP TABLE vector_collections;
