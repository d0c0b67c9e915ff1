-- Kept pages, what rests on them, and research reports.

-- +goose Up
CREATE TABLE snapshots (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    final_url  text COLLATE "C" NOT NULL,
    sha256     text COLLATE "C" NOT NULL,
    fetched_at timestamptz NOT NULL,
    doc        text NOT NULL
);
CREATE INDEX snapshots_tenant ON snapshots (tenant, id);

-- Evidence of a report or of a website that is a span of a snapshot.
CREATE TABLE snapshot_evidence (
    snapshot_id text COLLATE "C" NOT NULL,
    owner       text COLLATE "C" NOT NULL, -- rsch_… or site_…
    evidence_id text COLLATE "C" NOT NULL,
    doc         text NOT NULL,
    PRIMARY KEY (snapshot_id, owner, evidence_id)
);
CREATE INDEX snapshot_evidence_owner ON snapshot_evidence (owner);

CREATE TABLE research_reports (
    id         text COLLATE "C" PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    topic      text NOT NULL,
    created_at timestamptz NOT NULL,
    doc        text NOT NULL
);
CREATE INDEX research_reports_tenant ON research_reports (tenant, state, id);

-- +goose Down
DROP TABLE research_reports;
DROP TABLE snapshot_evidence;
DROP TABLE snapshots;
