#pragma once
// YAML read for a test: the documents, and what was wrong with them.

#include <gtest/gtest.h>

#include "core/base/yaml.h"

namespace autopilot::testing {

struct Read {
  Diagnostics diagnostics;
  std::vector<YamlDocument> documents;
  std::uint32_t source = 0;

  std::string text_of(const Span& span) const {
    return diagnostics.sources().text(source).substr(span.begin, span.end - span.begin);
  }
};

inline Read read(std::string text) {
  Read out;
  out.source = out.diagnostics.sources().add("f.yaml", std::move(text));
  YamlBudget budget;
  out.documents = parse_yaml(out.source, budget, out.diagnostics);
  return out;
}

// "code at line:col" of every fault.
inline std::vector<std::string> faults(const Read& read) {
  std::vector<std::string> out;
  for (const Diagnostic& d : read.diagnostics.all()) {
    const std::string where = place(read.diagnostics.sources(), d.span);
    out.push_back(d.code + " at " + (where.empty() ? "?" : where.substr(where.find(':') + 1)));
  }
  return out;
}

inline Value value_of(const std::string& text) {
  Read r = read(text);
  EXPECT_TRUE(r.diagnostics.ok()) << text;
  if (r.documents.size() != 1) return {};
  return to_value(r.documents[0].root, r.diagnostics);
}

}  // namespace autopilot::testing
