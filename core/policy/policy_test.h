#pragma once
// A PolicyTest with nothing left implicit: rows of tables have become cases, defaults are filled
// in, and what is expected keeps its places. Nothing here decides anything.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/base/yaml.h"
#include "core/policy/model.h"
#include "core/policy/shape.h"

namespace autopilot::policy {

extern const ValueShape kPolicyTestCase;

struct NamedPlace {
  std::string text;
  Span span;
};

// What one account held before the case.
struct UsedBefore {
  NamedPlace policy;
  NamedPlace limit;
  std::optional<std::string> key;  // absent: whatever the key is
  std::int64_t micros = 0;
};

struct TestOverride {
  std::string actor;
  Role role = Role::viewer;
  std::string reason;
};

struct TestCase {
  std::string name;
  Span span;            // of the name, or of the row
  std::string action;   // JSON
  std::string context;  // JSON
  std::vector<UsedBefore> ledger;
  Instant time;
  std::string run;
  std::string actor;
  std::string role;
  std::optional<TestOverride> override_by;
  YamlNode expect;  // a map that fits the schema; its nodes have places
};

struct PolicyTest {
  std::string id;
  std::string file;
  std::vector<NamedPlace> policies;  // under test; empty: all
  std::vector<TestCase> cases;
};

// REQUIRES a validated document with its tree (Trees::keep).
PolicyTest policy_test_from(const Document& document);

// The cases of a spec as maps that hold everything, those of `cases` first, each with a name.
// Reports rows and columns that cannot be read. REQUIRES a spec that fits its schema.
std::vector<YamlNode> expanded_cases(const YamlNode& spec, Diagnostics& diagnostics);

}  // namespace autopilot::policy
