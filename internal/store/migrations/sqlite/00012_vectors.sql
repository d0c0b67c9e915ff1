-- +goose Up

-- Sets of vectors of one dimension. seq counts the changes of a collection; changes
-- up to floor are not known one by one any more.
CREATE TABLE vector_collections (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    dimension  INTEGER NOT NULL,
    space      TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    floor      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

-- Their records: text, properties as JSON, and the vector as float32, little-endian;
-- NULL where another program keeps it. A removed record stays for a while as gone, so
-- that every process hears of it.
CREATE TABLE vector_rows (
    collection TEXT NOT NULL REFERENCES vector_collections (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    source     TEXT NOT NULL,
    document   TEXT NOT NULL,
    metadata   TEXT NOT NULL,
    vector     BLOB,
    seq        INTEGER NOT NULL,
    gone       INTEGER NOT NULL,
    PRIMARY KEY (collection, id)
) STRICT;
CREATE INDEX vector_rows_seq ON vector_rows (collection, seq, id);
CREATE INDEX vector_rows_source ON vector_rows (collection, source) WHERE source <> '';

-- +goose Down
DROP TABLE vector_rows;
DROP TABLE vector_collections;
