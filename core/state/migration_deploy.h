#pragma once
// The tables of rollouts of deployments (core/deploy/journal.h writes them).

namespace autopilot::state {

inline constexpr const char* kDeploySql = R"sql(
-- One row per rollout of a Deployment; body is its whole record as JSON, finished is null while it goes on.
CREATE TABLE deploy_rollout (
  id TEXT NOT NULL PRIMARY KEY,
  deployment TEXT NOT NULL,
  environment TEXT NOT NULL,
  version TEXT NOT NULL,
  previous TEXT NOT NULL,
  created INTEGER NOT NULL,
  finished INTEGER,
  outcome TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX deploy_rollout_by_place ON deploy_rollout (deployment, environment, created);

-- What was done to the world: written before it is done, confirmed after.
CREATE TABLE deploy_effect (
  rollout TEXT NOT NULL REFERENCES deploy_rollout (id),
  id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  args TEXT NOT NULL,
  intended INTEGER NOT NULL,
  confirmed INTEGER,
  ok INTEGER,
  result TEXT,
  PRIMARY KEY (rollout, id)
) STRICT, WITHOUT ROWID;

-- What was measured, over (since, until].
CREATE TABLE deploy_sample (
  rollout TEXT NOT NULL REFERENCES deploy_rollout (id),
  until INTEGER NOT NULL,
  metric TEXT NOT NULL,
  arm TEXT NOT NULL,
  since INTEGER NOT NULL,
  bad INTEGER NOT NULL,
  total INTEGER NOT NULL,
  value REAL,
  no_data TEXT NOT NULL,
  PRIMARY KEY (rollout, until, metric, arm)
) STRICT, WITHOUT ROWID;

-- What there is to tell; written with what it tells of.
CREATE TABLE deploy_event (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  rollout TEXT NOT NULL REFERENCES deploy_rollout (id),
  time INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;

-- What people ask of a rollout; whoever holds its lease answers.
CREATE TABLE deploy_request (
  id INTEGER PRIMARY KEY,
  rollout TEXT NOT NULL REFERENCES deploy_rollout (id),
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  role TEXT NOT NULL,
  reason TEXT NOT NULL,
  args TEXT NOT NULL,
  time INTEGER NOT NULL,
  done INTEGER,
  ok INTEGER,
  answer TEXT
) STRICT;

-- Who acts on a deployment in an environment.
CREATE TABLE deploy_lease (
  place TEXT NOT NULL PRIMARY KEY,
  actor TEXT NOT NULL,
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  token TEXT NOT NULL,
  started INTEGER NOT NULL,
  heartbeat INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace autopilot::state
