-- Everything that belongs to somebody names its tenant; what was there before
-- belongs to main. Lists are read by tenant, so their indexes begin with it.

-- +goose Up
ALTER TABLE websites ADD COLUMN tenant text COLLATE "C" NOT NULL DEFAULT 'main';
CREATE INDEX websites_tenant ON websites (tenant, id);

ALTER TABLE runs ADD COLUMN tenant text COLLATE "C" NOT NULL DEFAULT 'main';
DROP INDEX runs_created;
DROP INDEX runs_state;
CREATE INDEX runs_tenant ON runs (tenant, created_at, id);
CREATE INDEX runs_tenant_state ON runs (tenant, state, created_at, id);
CREATE INDEX runs_unfinished ON runs (created_at, id) WHERE state IN ('queued', 'running', 'waiting');

ALTER TABLE tasks ADD COLUMN tenant text COLLATE "C" NOT NULL DEFAULT 'main';
DROP INDEX tasks_created;
DROP INDEX tasks_agent;
CREATE INDEX tasks_tenant ON tasks (tenant, created_at, id);
CREATE INDEX tasks_tenant_agent ON tasks (tenant, agent_id, created_at, id);

ALTER TABLE approvals ADD COLUMN tenant text COLLATE "C" NOT NULL DEFAULT 'main';
DROP INDEX approvals_state;
CREATE INDEX approvals_tenant ON approvals (tenant, state, created_at, id);

ALTER TABLE audit ADD COLUMN tenant text COLLATE "C" NOT NULL DEFAULT 'main';
ALTER TABLE audit ADD COLUMN before_hash text NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN after_hash text NOT NULL DEFAULT '';
ALTER TABLE audit ALTER COLUMN action TYPE text COLLATE "C";
ALTER TABLE audit ALTER COLUMN object TYPE text COLLATE "C";
CREATE INDEX audit_tenant ON audit (tenant, seq);
CREATE INDEX audit_time ON audit (tenant, at);
CREATE INDEX audit_actor ON audit (tenant, actor_id, seq);
CREATE INDEX audit_object ON audit (tenant, object, seq);
CREATE INDEX audit_action ON audit (tenant, action, seq);

-- Counts the changes of websites, whoever makes them, so that what is kept in
-- memory can tell whether it is still true. release_number is not one of them: it
-- is no part of what a website shows, and counting it would take counters in
-- another order than publishing does. Who changes websites waits here for the
-- others: the values are committed in their order. Every row counts, so that who
-- reads as many changed rows as were counted knows that nothing else changed.
INSERT INTO counters (name, value) VALUES ('websites', 0);
-- +goose StatementBegin
CREATE FUNCTION count_website_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'websites';
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER websites_changed
    AFTER INSERT OR DELETE OR UPDATE OF id, name, domain, niche, language, title, state, feed_ids, live_release, pointer_seq, operator, owner_id,
        created_at, updated_at, tenant ON websites
    FOR EACH ROW EXECUTE FUNCTION count_website_change();
CREATE TRIGGER websites_truncated AFTER TRUNCATE ON websites FOR EACH STATEMENT EXECUTE FUNCTION count_website_change();

-- +goose Down
DROP TRIGGER websites_truncated ON websites;
DROP TRIGGER websites_changed ON websites;
DROP FUNCTION count_website_change();
DELETE FROM counters WHERE name = 'websites';

DROP INDEX audit_action;
DROP INDEX audit_object;
DROP INDEX audit_actor;
DROP INDEX audit_time;
DROP INDEX audit_tenant;
ALTER TABLE audit ALTER COLUMN object TYPE text;
ALTER TABLE audit ALTER COLUMN action TYPE text;
ALTER TABLE audit DROP COLUMN after_hash;
ALTER TABLE audit DROP COLUMN before_hash;
ALTER TABLE audit DROP COLUMN tenant;

DROP INDEX approvals_tenant;
ALTER TABLE approvals DROP COLUMN tenant;
CREATE INDEX approvals_state ON approvals (state, created_at, id);

DROP INDEX tasks_tenant_agent;
DROP INDEX tasks_tenant;
ALTER TABLE tasks DROP COLUMN tenant;
CREATE INDEX tasks_created ON tasks (created_at, id);
CREATE INDEX tasks_agent ON tasks (agent_id, created_at, id);

DROP INDEX runs_unfinished;
DROP INDEX runs_tenant_state;
DROP INDEX runs_tenant;
ALTER TABLE runs DROP COLUMN tenant;
CREATE INDEX runs_created ON runs (created_at, id);
CREATE INDEX runs_state ON runs (state, created_at, id);

DROP INDEX websites_tenant;
ALTER TABLE websites DROP COLUMN tenant;
