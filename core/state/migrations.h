#pragma once
// The schema of the state file and the way from each older version to the present one: forward
// only, one transaction each, with a backup first. SQL stays in the subset that PostgreSQL
// understands (STRICT and WITHOUT ROWID aside).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/sqlite.h"

namespace autopilot::state {

// From version `to - 1` to `to`.
struct Migration {
  std::int64_t to;
  const char* sql;
};

std::span<const Migration> migrations();
std::int64_t schema_version();  // of this build
std::span<const std::string_view> table_names();

// Brings the file to the last version of `steps`. An older file with content is copied first, to
// "<path>.v<version>.backup". Throws Error(storage) for a file of a newer version and changes
// nothing then.
void migrate(Database& database, std::span<const Migration> steps);

// Where migrate() puts the copy of a file of `version`.
std::string backup_path(const std::string& path, std::int64_t version);

}  // namespace autopilot::state
