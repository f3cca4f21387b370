#include "core/state/plan_contents.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/policy/loader.h"

namespace autopilot::state {
namespace {

constexpr std::string_view kProject = "Project";

// The project as it will be when the plan is applied.
policy::Project project_after(const Plan& plan, Store* store) {
  for (const Change& change : plan.changes) {
    if (change.kind != kProject) continue;
    return change.after ? policy::project_from(*change.after) : policy::Project();
  }
  const auto present = store == nullptr ? std::nullopt : store->document(kProject, "autopilot");
  return present ? policy::project_from(*present) : policy::Project();
}

// JSON is YAML, so the loader judges it as it judges files.
void check_one(const Change& change, const policy::Project& project) {
  Diagnostics diagnostics;
  const std::vector<policy::Document> loaded =
      policy::load_text(change.name(), to_json(change.after->content), project, diagnostics);
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity != Severity::error) continue;
    throw Error(ErrorKind::invalid,
                fmt::format("the plan holds {}, which is not valid: {}", change.name(), d.message),
                d.help.empty() ? "plan again from the files" : d.help);
  }
  if (loaded.size() == 1 && loaded[0].hash == change.after->hash) return;
  throw Error(ErrorKind::invalid,
              fmt::format("the plan holds {} in a form that is not the applied one", change.name()),
              "plan again from the files");
}

}  // namespace

void check_contents(const Plan& plan, Store* store) {
  const policy::Project project = project_after(plan, store);
  for (const Change& change : plan.changes) {
    if (change.after && change.kind != kProject) check_one(change, project);
  }
}

}  // namespace autopilot::state
