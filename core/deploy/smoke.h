#pragma once
// Assertions about a service over HTTP, from a YAML file: is what was deployed alive, and does it
// answer as it should? Checks run one after another, in the order of the file.
// docs/smoke-and-load.md tells of the file.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/world.h"
#include "core/base/yaml.h"
#include "core/deploy/json_path.h"
#include "core/deploy/placeholders.h"
#include "core/deploy/statistic.h"
#include "core/expr/regex.h"
#include "core/policy/shape.h"
#include "core/render/report.h"

namespace autopilot::deploy {

extern const policy::Schema kSmokeSchema;

// What one value must be. Everything that is given must hold.
struct Expectation {
  std::optional<Value> equals;
  std::optional<std::string> contains;
  std::shared_ptr<const expr::Regex> matches;
  std::string pattern;  // of `matches`
  std::optional<double> min, max;
  std::optional<std::int64_t> length;
  std::optional<bool> exists;

  // Why `found` (null: nothing is there) is not it, or "".
  std::string fault(const Value* found) const;
};

struct SmokeCheck {
  std::string name;
  Span span;
  HttpRequest request;  // placeholders not filled in yet
  std::string status_text;
  StatusSet status;
  std::optional<Duration> within;
  std::vector<std::pair<std::string, Expectation>> headers;  // by name in lower case
  struct AtPath {
    std::string text;
    JsonPath path;
    Expectation expected;
  };
  std::vector<AtPath> json;
  std::vector<std::string> contains, lacks;
  std::vector<std::pair<std::string, std::shared_ptr<const expr::Regex>>> matches;
  int retries = 0;
  Duration wait;
};

struct SmokeFile {
  std::string file;
  std::vector<SmokeCheck> checks;
};

// Faults go to `diagnostics`, with their places. `base` replaces the file's own when not empty;
// without either, paths are under the `port` of `variables` on this machine. Throws Error(storage)
// when the file cannot be read.
SmokeFile load_smoke(const std::string& file, const std::string& base,
                     const Placeholders& variables, Files& files, Diagnostics& diagnostics);

struct SmokeResult {
  const SmokeCheck* check = nullptr;
  std::vector<std::string> faults;  // empty: it passed
  int attempts = 0;
  int status = 0;  // 0: no answer
  Duration took;   // of the last attempt

  bool passed() const { return faults.empty(); }
};

// `file` must outlive the results. Tries again as the checks say.
std::vector<SmokeResult> run_smoke(const SmokeFile& file, World& world);
bool all_passed(const std::vector<SmokeResult>& results);

render::Report describe_smoke(const SmokeFile& file, const std::vector<SmokeResult>& results);
std::string smoke_junit(const SmokeFile& file, const std::vector<SmokeResult>& results,
                        const SourceMap& sources);

}  // namespace autopilot::deploy
