#pragma once
// Reads any bytes as documents and checks what must hold whatever they are. Used by the fuzz target
// and by the test that replays its corpus.

#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/yaml.h"
#include "core/policy/loader.h"

namespace autopilot::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

// Spans lie within the source and begin before they end; every part of a scalar can be located.
inline void check_spans(const YamlNode& node, std::string_view source) {
  require(node.span.begin <= node.span.end && node.span.end <= source.size());
  if (node.is_scalar()) {
    const std::size_t middle = node.text.size() / 2;
    const Span part = yaml_span_within(node, source, middle, node.text.size());
    require(part.begin <= part.end && part.end <= source.size());
  }
  for (const YamlNode& item : node.items) check_spans(item, source);
  for (const YamlEntry& entry : node.entries) check_spans(entry.value, source);
}

// What was read can be written and read again with the same meaning.
inline void check_round_trip(const Value& value) {
  Diagnostics diagnostics;
  YamlBudget budget;
  const std::uint32_t source = diagnostics.sources().add("written", to_yaml(value));
  const std::vector<YamlDocument> documents = parse_yaml(source, budget, diagnostics);
  require(diagnostics.ok());
  const Value back = documents.empty() ? Value() : to_value(documents[0].root, diagnostics);
  require(to_canonical_json(back) == to_canonical_json(value));
}

inline void run_documents(std::string_view bytes) {
  Diagnostics diagnostics;
  YamlBudget budget;
  const std::uint32_t source = diagnostics.sources().add("input", std::string(bytes));
  for (const YamlDocument& document : parse_yaml(source, budget, diagnostics)) {
    check_spans(document.root, diagnostics.sources().text(source));
    Diagnostics numbers;
    const Value value = to_value(document.root, numbers);
    if (document.sound && numbers.ok()) check_round_trip(value);
  }
  Diagnostics loading;
  for (const policy::Document& document :
       policy::load_text("input", std::string(bytes), {}, loading)) {
    require(!document.hash.empty());
    if (document.kind == "Policy") policy::policy_from(document);
  }
}

}  // namespace autopilot::fuzz
