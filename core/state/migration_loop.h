#pragma once
// The tables of algorithms (core/loop/loop_store.h writes them).

namespace autopilot::state {

inline constexpr const char* kLoopSql = R"sql(
-- How far each log of an algorithm was read: the file is known by its inode and its first bytes, whatever its name.
-- `algorithm` is a name, or NAME~shadow.
CREATE TABLE loop_cursor (
  algorithm TEXT NOT NULL,
  inode INTEGER NOT NULL,
  head TEXT NOT NULL,
  head_bytes INTEGER NOT NULL,
  path TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (algorithm, inode, head)
) STRICT, WITHOUT ROWID;

-- What each arm earned under each generation of weights, in pieces of time where older rewards count less.
CREATE TABLE loop_count (
  algorithm TEXT NOT NULL,
  generation INTEGER NOT NULL,
  arm TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  trials REAL NOT NULL,
  sum REAL NOT NULL,
  square_sum REAL NOT NULL,
  PRIMARY KEY (algorithm, generation, arm, bucket)
) STRICT, WITHOUT ROWID;

-- The steps: read, proposed, decided, acted, done. At most the last one of an algorithm is not done.
CREATE TABLE loop_step (
  algorithm TEXT NOT NULL,
  generation INTEGER NOT NULL,
  stage TEXT NOT NULL,
  time INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (algorithm, generation)
) STRICT;
)sql";

}  // namespace autopilot::state
