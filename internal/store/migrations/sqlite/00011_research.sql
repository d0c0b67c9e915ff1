-- Kept pages, what rests on them, and research reports.

-- +goose Up
CREATE TABLE snapshots (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    final_url  TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    fetched_at INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX snapshots_tenant ON snapshots (tenant, id);

-- Evidence of a report or of a website that is a span of a snapshot.
CREATE TABLE snapshot_evidence (
    snapshot_id TEXT NOT NULL,
    owner       TEXT NOT NULL, -- rsch_… or site_…
    evidence_id TEXT NOT NULL,
    doc         TEXT NOT NULL,
    PRIMARY KEY (snapshot_id, owner, evidence_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_evidence_owner ON snapshot_evidence (owner);

CREATE TABLE research_reports (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    state      TEXT NOT NULL,
    topic      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX research_reports_tenant ON research_reports (tenant, state, id);

-- +goose Down
DROP TABLE research_reports;
DROP TABLE snapshot_evidence;
DROP TABLE snapshots;
