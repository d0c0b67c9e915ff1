-- Agents outside this program are registered with what they take and how they are
-- configured, and hold a connection; built-in ones have a row once they were active
-- or configured. Tasks know how often they were begun, to which connection they
-- were handed and until when the answer is waited for, and which step of a run
-- waits for them.

-- +goose Up
ALTER TABLE agents ADD COLUMN kind text NOT NULL DEFAULT 'builtin';
ALTER TABLE agents ADD COLUMN tenant text COLLATE "C" NOT NULL DEFAULT 'main';
ALTER TABLE agents ADD COLUMN owner_id text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN description text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN task_types text NOT NULL DEFAULT '[]';
ALTER TABLE agents ADD COLUMN capabilities text NOT NULL DEFAULT '[]';
ALTER TABLE agents ADD COLUMN config_schema text;
ALTER TABLE agents ADD COLUMN config text;
ALTER TABLE agents ADD COLUMN secrets text NOT NULL DEFAULT '{}';
ALTER TABLE agents ADD COLUMN max_concurrency bigint NOT NULL DEFAULT 1;
ALTER TABLE agents ADD COLUMN state text NOT NULL DEFAULT 'active';
ALTER TABLE agents ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN created_at timestamptz;
ALTER TABLE agents ADD COLUMN updated_at timestamptz;
ALTER TABLE agents ADD COLUMN instance text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN link text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN linked_by text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN process text NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN heartbeat timestamptz;
ALTER TABLE agents ADD COLUMN shown text NOT NULL DEFAULT 'idle';
CREATE INDEX agents_process ON agents (process) WHERE process <> '';

ALTER TABLE tasks ADD COLUMN run_id text NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN step_id text NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN step text NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN context text;
ALTER TABLE tasks ADD COLUMN attempts bigint NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN max_attempts bigint NOT NULL DEFAULT 5;
ALTER TABLE tasks ADD COLUMN timeout_seconds bigint NOT NULL DEFAULT 3600;
ALTER TABLE tasks ADD COLUMN holder text NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN dispatched_at timestamptz;
ALTER TABLE tasks ADD COLUMN deadline timestamptz;
CREATE INDEX tasks_queued ON tasks (agent_id, created_at, id) WHERE state = 'queued';
CREATE INDEX tasks_deadline ON tasks (deadline) WHERE state = 'running';
CREATE INDEX tasks_run ON tasks (run_id) WHERE run_id <> '';

-- +goose Down
DROP INDEX tasks_run;
DROP INDEX tasks_deadline;
DROP INDEX tasks_queued;
ALTER TABLE tasks DROP COLUMN deadline;
ALTER TABLE tasks DROP COLUMN dispatched_at;
ALTER TABLE tasks DROP COLUMN holder;
ALTER TABLE tasks DROP COLUMN timeout_seconds;
ALTER TABLE tasks DROP COLUMN max_attempts;
ALTER TABLE tasks DROP COLUMN attempts;
ALTER TABLE tasks DROP COLUMN context;
ALTER TABLE tasks DROP COLUMN step;
ALTER TABLE tasks DROP COLUMN step_id;
ALTER TABLE tasks DROP COLUMN run_id;

DROP INDEX agents_process;
ALTER TABLE agents DROP COLUMN shown;
ALTER TABLE agents DROP COLUMN heartbeat;
ALTER TABLE agents DROP COLUMN process;
ALTER TABLE agents DROP COLUMN linked_by;
ALTER TABLE agents DROP COLUMN link;
ALTER TABLE agents DROP COLUMN instance;
ALTER TABLE agents DROP COLUMN updated_at;
ALTER TABLE agents DROP COLUMN created_at;
ALTER TABLE agents DROP COLUMN version;
ALTER TABLE agents DROP COLUMN state;
ALTER TABLE agents DROP COLUMN max_concurrency;
ALTER TABLE agents DROP COLUMN secrets;
ALTER TABLE agents DROP COLUMN config;
ALTER TABLE agents DROP COLUMN config_schema;
ALTER TABLE agents DROP COLUMN capabilities;
ALTER TABLE agents DROP COLUMN task_types;
ALTER TABLE agents DROP COLUMN description;
ALTER TABLE agents DROP COLUMN name;
ALTER TABLE agents DROP COLUMN owner_id;
ALTER TABLE agents DROP COLUMN tenant;
ALTER TABLE agents DROP COLUMN kind;
