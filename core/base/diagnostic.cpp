#include "core/base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace autopilot {

std::uint32_t SourceMap::add(std::string name, std::string text, std::uint32_t first_line) {
  Source source{std::move(name), std::move(text), {0}, first_line};
  for (std::size_t at = source.text.find('\n'); at != std::string::npos;
       at = source.text.find('\n', at + 1))
    source.line_starts.push_back(static_cast<std::uint32_t>(at + 1));
  sources_.push_back(std::move(source));
  return static_cast<std::uint32_t>(sources_.size() - 1);
}

namespace {
std::size_t line_index(const std::vector<std::uint32_t>& starts, std::uint32_t offset) {
  const auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  return static_cast<std::size_t>(after - starts.begin()) - 1;
}
}  // namespace

Position SourceMap::position(std::uint32_t source, std::uint32_t offset) const {
  const Source& s = sources_.at(source);
  offset = std::min(offset, static_cast<std::uint32_t>(s.text.size()));
  const std::size_t line = line_index(s.line_starts, offset);
  std::uint32_t column = 1;
  for (std::uint32_t i = s.line_starts[line]; i < offset; ++i) {
    if ((static_cast<unsigned char>(s.text[i]) & 0xC0) != 0x80) ++column;
  }
  return {s.first_line + static_cast<std::uint32_t>(line), column};
}

std::string_view SourceMap::line_at(std::uint32_t source, std::uint32_t offset) const {
  const Source& s = sources_.at(source);
  offset = std::min(offset, static_cast<std::uint32_t>(s.text.size()));
  const std::size_t begin = s.line_starts[line_index(s.line_starts, offset)];
  std::size_t end = s.text.find('\n', begin);
  if (end == std::string::npos) end = s.text.size();
  if (end > begin && s.text[end - 1] == '\r') --end;
  return std::string_view(s.text).substr(begin, end - begin);
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

Diagnostic& Diagnostics::error(std::string code, Span span, std::string message) {
  add({Severity::error, std::move(code), std::move(message), {}, span, {}, {}});
  return dropped_ == 0 ? items_.back() : overflow_;
}

Diagnostic& Diagnostics::warning(std::string code, Span span, std::string message) {
  add({Severity::warning, std::move(code), std::move(message), {}, span, {}, {}});
  return dropped_ == 0 ? items_.back() : overflow_;
}

Diagnostic& Diagnostics::note(std::string code, Span span, std::string message) {
  add({Severity::note, std::move(code), std::move(message), {}, span, {}, {}});
  return dropped_ == 0 ? items_.back() : overflow_;
}

// A message may quote what the user wrote, however long that is.
static void shorten(std::string& message) {
  if (message.size() <= Diagnostics::kLongestMessage) return;
  std::size_t end = Diagnostics::kLongestMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  message.resize(end);
  message += "…";
}

void Diagnostics::add(Diagnostic diagnostic) {
  shorten(diagnostic.message);
  if (diagnostic.severity == Severity::error) ++errors_;
  if (diagnostic.severity == Severity::warning) ++warnings_;
  if (items_.size() < kLimit) {
    items_.push_back(std::move(diagnostic));
  } else {
    ++dropped_;
    overflow_ = {};
  }
}

void Diagnostics::label_from(std::size_t first, const std::string& document) {
  for (std::size_t i = first; i < items_.size(); ++i) {
    if (items_[i].document.empty()) items_[i].document = document;
  }
}

void Diagnostics::sort() {
  std::stable_sort(items_.begin(), items_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.span.source, a.span.begin) < std::tie(b.span.source, b.span.begin);
  });
}

void Diagnostics::turn_warnings_into_errors() {
  for (Diagnostic& d : items_) {
    if (d.severity == Severity::warning) d.severity = Severity::error;
  }
  errors_ += warnings_;
  warnings_ = 0;
}

void Diagnostics::drop_warnings(const std::function<bool(const Diagnostic&)>& unwanted) {
  warnings_ -= std::erase_if(
      items_, [&](const Diagnostic& d) { return d.severity == Severity::warning && unwanted(d); });
}

std::string place(const SourceMap& sources, const Span& span) {
  if (!span.known()) return {};
  const Position p = sources.position(span.source, span.begin);
  return fmt::format("{}:{}:{}", sources.name(span.source), p.line, p.column);
}

}  // namespace autopilot
