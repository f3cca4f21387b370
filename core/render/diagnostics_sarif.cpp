// SARIF 2.1.0, as GitHub code scanning and other readers accept it: no empty snippets, no line
// below 1, no locations without a file.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/diagnostic_codes.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/render/diagnostics.h"

namespace autopilot::render {
namespace {

// A path as a URI reference (RFC 3986): relative paths stay relative.
std::string uri_of(const std::string& path) {
  std::string out = !path.empty() && path[0] == '/' ? "file://" : "";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c)
                 : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

Value region_of(const SourceMap& sources, const Span& span) {
  const Position begin = sources.position(span.source, span.begin);
  const Position end = sources.position(span.source, std::max(span.begin, span.end));
  Map region{{"startLine", Value(begin.line)},
             {"startColumn", Value(begin.column)},
             {"endLine", Value(end.line)},
             {"endColumn", Value(end.column)}};
  const std::string_view text =
      std::string_view(sources.text(span.source)).substr(span.begin, span.end - span.begin);
  if (!trim(text).empty() && text.size() < 1000 &&
      find_invalid_utf8(text) == std::string_view::npos) {
    region.append("snippet", Map{{"text", text}});
  }
  return region;
}

Value location_of(const SourceMap& sources, const Span& span) {
  return Map{{"physicalLocation",
              Map{{"artifactLocation", Map{{"uri", uri_of(sources.name(span.source))}}},
                  {"region", region_of(sources, span)}}}};
}

Value rule_of(const std::string& code) {
  Map rule{{"id", code}};
  if (const DiagnosticCode* known = find_diagnostic_code(code)) {
    rule.append("shortDescription", Map{{"text", known->meaning}});
    rule.append("help", Map{{"text", known->cure}});
  }
  return rule;
}

Value result_of(const Diagnostic& d, std::size_t rule, const SourceMap& sources) {
  const std::string text = d.help.empty() ? d.message : d.message + " (" + d.help + ")";
  Map result{{"ruleId", d.code},
             {"ruleIndex", Value(rule)},
             {"level", to_string(d.severity)},
             {"message", Map{{"text", text}}}};
  if (d.span.known()) result.append("locations", List{location_of(sources, d.span)});
  List related;
  for (const Related& r : d.related) {
    if (!r.span.known()) continue;
    Value location = location_of(sources, r.span);
    location.as_map().append("id", Value(related.size() + 1));
    location.as_map().append("message", Map{{"text", r.message}});
    related.push_back(std::move(location));
  }
  if (!related.empty()) result.append("relatedLocations", std::move(related));
  return result;
}

}  // namespace

std::string diagnostics_sarif(const Diagnostics& diagnostics, std::string_view version) {
  std::vector<std::string> codes;
  for (const Diagnostic& d : diagnostics.all()) codes.push_back(d.code);
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  List rules, results;
  for (const std::string& code : codes) rules.push_back(rule_of(code));
  for (const Diagnostic& d : diagnostics.all()) {
    const auto rule = std::lower_bound(codes.begin(), codes.end(), d.code) - codes.begin();
    results.push_back(result_of(d, static_cast<std::size_t>(rule), diagnostics.sources()));
  }
  const Value log = Map{
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs",
       List{Map{{"tool", Map{{"driver",
                              Map{{"name", "autopilot"}, {"version", version}, {"rules", rules}}}}},
                {"columnKind", "unicodeCodePoints"},
                {"results", std::move(results)}}}}};
  return to_pretty_json(log);
}

}  // namespace autopilot::render
