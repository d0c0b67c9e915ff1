-- What people changed in texts of candidates that wait for approval.

-- +goose Up
CREATE TABLE text_edits (
    run_id  TEXT NOT NULL,
    number  INTEGER NOT NULL,
    id      TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    state   TEXT NOT NULL,
    doc     TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE text_edits;
