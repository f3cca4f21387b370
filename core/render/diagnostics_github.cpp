// Workflow commands (docs.github.com, "Workflow commands for GitHub Actions"). An annotation shows
// beside the changed line only when `line` is given.
#include <fmt/format.h>

#include <algorithm>

#include "core/render/diagnostics.h"

namespace autopilot::render {
namespace {

// Percent-escapes as the runner undoes them; properties escape their separators too.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (special) {
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view command_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "notice";
  }
  return "error";
}

std::string properties_of(const Diagnostic& d, const SourceMap& sources) {
  std::string out;
  if (d.span.known()) {
    const Position begin = sources.position(d.span.source, d.span.begin);
    const Position end = sources.position(d.span.source, std::max(d.span.begin, d.span.end));
    out = fmt::format("file={},line={},endLine={}", escaped(sources.name(d.span.source), true),
                      begin.line, end.line);
    // Columns are valid only within one line.
    if (begin.line == end.line)
      out += fmt::format(",col={},endColumn={}", begin.column, end.column);
    out += ',';
  }
  return out + "title=" + escaped(d.code, true);
}

}  // namespace

std::string diagnostics_github(const Diagnostics& diagnostics) {
  const SourceMap& sources = diagnostics.sources();
  std::string out;
  for (const Diagnostic& d : diagnostics.all()) {
    std::string message = d.message;
    for (const Related& r : d.related)
      message += fmt::format("\n{}: {}", place(sources, r.span), r.message);
    if (!d.help.empty()) message += "\nhelp: " + d.help;
    out += fmt::format("::{} {}::{}\n", command_of(d.severity), properties_of(d, sources),
                       escaped(message, false));
  }
  return out;
}

}  // namespace autopilot::render
