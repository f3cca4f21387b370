#include "core/render/diagnostics.h"

namespace autopilot::render {
namespace {

Value position_value(const SourceMap& sources, std::uint32_t source, std::uint32_t offset) {
  const Position position = sources.position(source, offset);
  return Map{
      {"line", Value(position.line)}, {"column", Value(position.column)}, {"byte", Value(offset)}};
}

// {file, start, end}: 1-based lines and columns, 0-based bytes; null when there is no place.
Value place_value(const SourceMap& sources, const Span& span) {
  if (!span.known()) return {};
  return Map{{"file", sources.name(span.source)},
             {"start", position_value(sources, span.source, span.begin)},
             {"end", position_value(sources, span.source, span.end)}};
}

Value snippet_value(const SourceMap& sources, const Span& span) {
  if (!span.known()) return {};
  // A line of a megabyte is no help to anybody.
  constexpr std::size_t kMost = 400;
  const std::string_view line = sources.line_at(span.source, span.begin);
  if (line.empty() || line.size() > kMost) return {};
  return Value(line);
}

Value related_value(const SourceMap& sources, const Related& related) {
  return Map{{"message", related.message}, {"place", place_value(sources, related.span)}};
}

}  // namespace

List diagnostics_values(const Diagnostics& diagnostics) {
  const SourceMap& sources = diagnostics.sources();
  List out;
  for (const Diagnostic& d : diagnostics.all()) {
    List related;
    for (const Related& r : d.related) related.push_back(related_value(sources, r));
    out.push_back(Map{{"severity", to_string(d.severity)},
                      {"code", d.code},
                      {"message", d.message},
                      {"help", d.help.empty() ? Value() : Value(d.help)},
                      {"document", d.document.empty() ? Value() : Value(d.document)},
                      {"place", place_value(sources, d.span)},
                      {"snippet", snippet_value(sources, d.span)},
                      {"related", std::move(related)}});
  }
  return out;
}

}  // namespace autopilot::render
