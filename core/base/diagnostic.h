#pragma once
// What the user wrote wrong: collected with code, place and help, never thrown. One run shows all
// faults. Rendering (text with caret, JSON, SARIF, GitHub, JUnit) happens elsewhere; this only
// holds the facts.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot {

// A half-open byte range [begin, end) in one source of a SourceMap.
struct Span {
  static constexpr std::uint32_t kNoSource = 0xffffffff;
  std::uint32_t source = kNoSource;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool known() const { return source != kNoSource; }
};

// Where a byte is for a human: line and column are 1-based, the column counts code points.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

// The texts that spans point into. Owns copies; ids are indices and stay valid.
class SourceMap {
 public:
  // `first_line` is the number of the text's first line, for texts that are pieces of something
  // longer.
  std::uint32_t add(std::string name, std::string text, std::uint32_t first_line = 1);
  const std::string& name(std::uint32_t source) const { return sources_.at(source).name; }
  const std::string& text(std::uint32_t source) const { return sources_.at(source).text; }
  Position position(std::uint32_t source, std::uint32_t offset) const;
  // The whole line (without its end) that holds `offset`.
  std::string_view line_at(std::uint32_t source, std::uint32_t offset) const;
  std::size_t size() const { return sources_.size(); }

 private:
  struct Source {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_starts;
    std::uint32_t first_line;
  };
  std::vector<Source> sources_;
};

enum class Severity { note, warning, error };
std::string_view to_string(Severity severity);

struct Related {
  std::string message;
  Span span;
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string
      code;  // stable kebab-case name, e.g. "duplicate-key"; docs/diagnostics.md lists them all
  std::string message;  // lower case, no final period
  std::string help;     // what to do; may be empty
  Span span;            // may be unknown
  std::vector<Related> related;
  std::string document;  // "Policy/traffic-safety" when known
};

// Not thread-safe. Keeps at most kLimit diagnostics and counts the rest.
class Diagnostics {
 public:
  static constexpr std::size_t kLimit = 1000;
  static constexpr std::size_t kLongestMessage = 600;  // bytes; the rest of a message is left out

  SourceMap& sources() { return sources_; }
  const SourceMap& sources() const { return sources_; }

  // The returned reference lives until the next call; use it to add help or related places.
  Diagnostic& error(std::string code, Span span, std::string message);
  Diagnostic& warning(std::string code, Span span, std::string message);
  Diagnostic& note(std::string code, Span span, std::string message);
  void add(Diagnostic diagnostic);
  void turn_warnings_into_errors();
  // Forgets the warnings for which `unwanted` is true.
  void drop_warnings(const std::function<bool(const Diagnostic&)>& unwanted);
  // By source and place; what stands at one place keeps its order, what has none comes last.
  void sort();
  // Names the document of all items from `first` on that name none yet.
  void label_from(std::size_t first, const std::string& document);

  bool ok() const { return errors_ == 0; }
  std::size_t errors() const { return errors_; }
  std::size_t warnings() const { return warnings_; }
  std::size_t dropped() const { return dropped_; }
  const std::vector<Diagnostic>& all() const { return items_; }

 private:
  SourceMap sources_;
  std::vector<Diagnostic> items_;
  Diagnostic overflow_;  // receives what is past kLimit
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::size_t dropped_ = 0;
};

// "file:line:col" of a span, or "" when unknown.
std::string place(const SourceMap& sources, const Span& span);

}  // namespace autopilot
