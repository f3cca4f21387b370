#pragma once
// Files and folders of YAML → documents and policies, all faults collected with their places in one
// run.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/world.h"
#include "core/expr/check.h"
#include "core/policy/model.h"

namespace autopilot::policy {

struct LoadResult {
  std::vector<Document> documents;  // sorted by kind, id; those with faults are left out
  std::size_t files = 0;            // that were read
  std::size_t unreadable = 0;       // files and folders that could not be read
};

// `paths` are files or folders (searched for *.yaml and *.yml in sorted order, hidden entries left
// out); "-" is standard input.
LoadResult load_paths(const std::vector<std::string>& paths, const Project& project, Files& files,
                      Diagnostics& diagnostics);

// One text that may hold several documents. `name` is what messages call it.
std::vector<Document> load_text(std::string name, std::string text, const Project& project,
                                Diagnostics& diagnostics);

// autopilot.yaml. An absent file is no fault: the defaults hold.
Project load_project(const std::string& path, Files& files, Diagnostics& diagnostics);
// The same from the document Project/autopilot of the state.
Project project_from(const Document& document);

// The policy that a validated document of kind Policy says. Throws Error(storage) on content that
// never passed validation.
Policy policy_from(const Document& document);

// The names that expressions may use: action, metrics, segment, features, actor, now, and risk
// where `with_risk`.
expr::Environment environment_for(const Project& project, bool with_risk);

}  // namespace autopilot::policy
