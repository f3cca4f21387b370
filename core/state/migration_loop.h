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

// Version 7: counts by segment, cursors that know a log by what is in it, and when steps acted
// without reading their bodies.
inline constexpr const char* kLoopSegmentsSql = R"sql(
ALTER TABLE loop_count RENAME TO loop_count_5;
-- `segment` is a JSON object of its keys and values, or empty.
CREATE TABLE loop_count (
  algorithm TEXT NOT NULL,
  generation INTEGER NOT NULL,
  segment TEXT NOT NULL,
  arm TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  trials REAL NOT NULL,
  sum REAL NOT NULL,
  square_sum REAL NOT NULL,
  PRIMARY KEY (algorithm, generation, segment, arm, bucket)
) STRICT, WITHOUT ROWID;
INSERT INTO loop_count SELECT algorithm, generation, '', arm, bucket, trials, sum, square_sum FROM loop_count_5;
DROP TABLE loop_count_5;

ALTER TABLE loop_cursor RENAME TO loop_cursor_5;
-- How far each log of an algorithm was read: `head` and `tail` are hashes of its first bytes and of those before
-- `position`, unpacked; `stamp` tells a packed file that was read to its end; `seen` is when it was last there; `copy`
-- is 1 for a file that held no more than another one and was not read.
CREATE TABLE loop_cursor (
  algorithm TEXT NOT NULL,
  path TEXT NOT NULL,
  inode INTEGER NOT NULL,
  head TEXT NOT NULL,
  head_bytes INTEGER NOT NULL,
  position INTEGER NOT NULL,
  tail TEXT NOT NULL,
  stamp TEXT NOT NULL,
  seen INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  PRIMARY KEY (algorithm, path, inode, head, position)
) STRICT, WITHOUT ROWID;
INSERT INTO loop_cursor SELECT algorithm, path, inode, head, head_bytes, position, '', '', 0, 0 FROM loop_cursor_5;
DROP TABLE loop_cursor_5;

-- Microseconds since 1970 when the step had acted.
ALTER TABLE loop_step ADD COLUMN acted INTEGER;
UPDATE loop_step SET acted = json_extract(body, '$.acted_at');
)sql";

}  // namespace autopilot::state
