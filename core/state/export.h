#pragma once
// Applied documents as the YAML files that would plan to "no changes".

#include <string>
#include <vector>

#include "core/policy/model.h"

namespace autopilot::state {

struct ExportedFile {
  std::string
      name;  // "Policy/traffic-safety.yaml", or "autopilot.yaml" for the project's own document
  std::string text;
};

// One file per document, sorted by name as the documents are.
std::vector<ExportedFile> export_files(const std::vector<policy::Document>& documents);

}  // namespace autopilot::state
