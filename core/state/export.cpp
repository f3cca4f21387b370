#include "core/state/export.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/yaml.h"

namespace autopilot::state {
namespace {

// Names come from the state, which somebody may have written by hand: they must not lead out of the
// folder.
bool is_safe_name(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.find('/') == std::string::npos;
}

ExportedFile file_of(const policy::Document& document) {
  if (document.kind == "Project") {
    const Value* spec = document.content.get("spec");
    return {"autopilot.yaml", spec == nullptr ? std::string() : to_yaml(*spec)};
  }
  if (!is_safe_name(document.kind) || !is_safe_name(document.id)) {
    throw Error(ErrorKind::storage,
                fmt::format("{}/{} in the state is no name for a file", document.kind, document.id),
                "`autopilot state check` tells whether the state is damaged");
  }
  return {fmt::format("{}/{}.yaml", document.kind, document.id), to_yaml(document.content)};
}

}  // namespace

std::vector<ExportedFile> export_files(const std::vector<policy::Document>& documents) {
  std::vector<ExportedFile> files;
  files.reserve(documents.size());
  for (const policy::Document& document : documents) files.push_back(file_of(document));
  return files;
}

}  // namespace autopilot::state
