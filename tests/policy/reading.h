#pragma once
// Loads text as documents and tells the faults in a short form.

#include <string>
#include <vector>

#include "core/policy/loader.h"

namespace autopilot::policy::testing {

struct Loaded {
  Diagnostics diagnostics;
  std::vector<Document> documents;

  // "code@line:col" of everything reported, in order.
  std::vector<std::string> faults() const {
    std::vector<std::string> out;
    for (const Diagnostic& d : diagnostics.all()) {
      const std::string where = place(diagnostics.sources(), d.span);
      out.push_back(d.code + "@" + (where.empty() ? "?" : where.substr(where.find(':') + 1)));
    }
    return out;
  }
  // The first message and its help.
  std::string message() const {
    return diagnostics.all().empty() ? "" : diagnostics.all()[0].message;
  }
  std::string help() const { return diagnostics.all().empty() ? "" : diagnostics.all()[0].help; }
};

inline Loaded load(const std::string& text, const Project& project = {}) {
  Loaded out;
  out.documents = load_text("p.yaml", text, project, out.diagnostics);
  return out;
}

// A Policy called p whose spec is `spec`, lines at indentation 2, starting at line 5.
inline Loaded load_policy(const std::string& spec, const Project& project = {}) {
  return load("apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p}\nspec:\n" + spec, project);
}

}  // namespace autopilot::policy::testing
