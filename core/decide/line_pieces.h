#pragma once
// The pieces of a decision line as JSON, for whatever takes them: a string (LineWriter) or the
// comparison with a line that is there already (LineMatcher).

#include <charconv>
#include <string_view>

#include "core/base/json.h"
#include "core/base/micros.h"
#include "core/base/time.h"

namespace autopilot::decide {

// `Line` has put(piece), which takes a piece as it is, literal(piece) for one of known size, and
// escaped(content), which takes a string that needs escapes. room(bytes) gives a place for a
// number, wrote(behind) takes what was put there.
template <class Line>
class LinePieces {
 public:
  void text(std::string_view content) {  // a JSON string
    if (!is_plain_json(content)) return line().escaped(content);
    line().literal("\"");
    line().put(content);
    line().literal("\"");
  }
  void integer(std::int64_t value) {
    char* const to = line().room(kNumber);
    line().wrote(std::to_chars(to, to + kNumber, value).ptr);
  }
  void duration(Duration d) { text(format_duration(d)); }
  void real(double value) { line().wrote(write_double(line().room(kNumber), value)); }
  void micros(std::int64_t value) {
    if (value % 1'000'000 != 0) return line().put(micros_text(value));
    integer(value / 1'000'000);
  }

 protected:
  static constexpr std::size_t kNumber = 32;  // bytes; no number or time is longer

 private:
  Line& line() { return static_cast<Line&>(*this); }
};

}  // namespace autopilot::decide
