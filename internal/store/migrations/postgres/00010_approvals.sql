-- Everything that happens to an approval becomes an entry of one log, in which each
-- entry begins with the hash of the one before. Decisions from before have theirs in
-- approvals.chain_seq and approvals.hash; the log goes on after them.

-- +goose Up
ALTER TABLE approvals ADD COLUMN requester_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN four_eyes boolean NOT NULL DEFAULT false;
ALTER TABLE approvals ADD COLUMN expires_at timestamptz;
-- Number of the entry that opened it; 0: it is older than the log.
ALTER TABLE approvals ADD COLUMN opened_seq bigint NOT NULL DEFAULT 0;
UPDATE approvals SET requester_id = coalesce((SELECT owner_id FROM runs WHERE runs.id = approvals.run_id), '');
CREATE INDEX approvals_due ON approvals (expires_at) WHERE state = 'pending' AND expires_at IS NOT NULL;

CREATE TABLE approval_log (
    seq         bigint PRIMARY KEY,
    approval_id text COLLATE "C" NOT NULL,
    tenant      text COLLATE "C" NOT NULL,
    entry       text NOT NULL,
    hash        text NOT NULL
);
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
