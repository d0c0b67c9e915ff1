-- Everything that happens to an approval becomes an entry of one log, in which each
-- entry begins with the hash of the one before. Decisions from before have theirs in
-- approvals.chain_seq and approvals.hash; the log goes on after them.

-- +goose Up
ALTER TABLE approvals ADD COLUMN requester_id TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN four_eyes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN expires_at INTEGER;
-- Number of the entry that opened it; 0: it is older than the log.
ALTER TABLE approvals ADD COLUMN opened_seq INTEGER NOT NULL DEFAULT 0;
UPDATE approvals SET requester_id = coalesce((SELECT owner_id FROM runs WHERE runs.id = approvals.run_id), '');
CREATE INDEX approvals_due ON approvals (expires_at) WHERE state = 'pending' AND expires_at IS NOT NULL;

CREATE TABLE approval_log (
    seq         INTEGER PRIMARY KEY,
    approval_id TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    entry       TEXT NOT NULL,
    hash        TEXT NOT NULL
) STRICT;
CREATE INDEX approval_log_approval ON approval_log (approval_id);

-- How many decisions and approvals there were before the log.
INSERT INTO counters (name, value) SELECT 'approval_v1', value FROM counters WHERE name = 'approval';
INSERT INTO counters (name, value) SELECT 'approval_legacy', count(*) FROM approvals;

-- +goose Down
DELETE FROM counters WHERE name IN ('approval_v1', 'approval_legacy');
DROP TABLE approval_log;
DROP INDEX approvals_due;
ALTER TABLE approvals DROP COLUMN opened_seq;
ALTER TABLE approvals DROP COLUMN expires_at;
ALTER TABLE approvals DROP COLUMN four_eyes;
ALTER TABLE approvals DROP COLUMN requester_id;
