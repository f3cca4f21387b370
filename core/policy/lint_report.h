#pragma once
// Lint of documents: findings get the places where they stand, and silences are respected.

#include <set>
#include <string>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/policy/lint.h"
#include "core/policy/model.h"

namespace autopilot::policy {

// The policies among documents, and which document each one is.
struct PolicySet {
  std::vector<Policy> policies;
  std::vector<std::size_t> documents;  // indices
};
PolicySet policies_of(const std::vector<Document>& documents);

struct LintScope {
  bool whole = true;     // all documents were looked at
  bool history = false;  // recorded decisions were looked at
};

// Adds the findings to `diagnostics`, which knows the documents' sources, drops what is silenced
// there, and warns of silences that silence nothing.
void report_findings(const PolicySet& set, const std::vector<Document>& documents,
                     const std::vector<Finding>& findings, const LintScope& scope,
                     Diagnostics& diagnostics);

}  // namespace autopilot::policy
