-- What people changed in texts of candidates that wait for approval.

-- +goose Up
CREATE TABLE text_edits (
    run_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    id     text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    state  text COLLATE "C" NOT NULL,
    doc    text NOT NULL,
    PRIMARY KEY (run_id, number)
);

-- +goose Down
DROP TABLE text_edits;
