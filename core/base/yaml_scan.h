#pragma once
// Looks at raw YAML text around yaml-cpp: odd bytes before parsing, ends of nodes while parsing,
// positions inside scalars after. Internal to core/base/yaml*.cpp.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"

namespace autopilot::yaml_scan {

struct Fault {
  std::size_t offset = 0;
  std::size_t length = 1;
  std::string_view code;
  std::string_view message;
  std::string_view help;
};

// UTF-16, NUL, control characters, invalid UTF-8; what makes the whole text unreadable.
std::optional<Fault> find_bad_bytes(std::string_view text);

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Parts that start at each "---" line: YAML forbids such a line inside any document, so they can be
// read one by one.
std::vector<Range> split_documents(std::string_view text);

// First byte at or after `at` that is not a tag, an anchor, white space or (when those came first)
// a comment.
std::size_t skip_properties(std::string_view text, std::size_t at);

// End of a scalar that starts at `at` and decodes to `value`; npos when its closing quote is
// missing. `indent` is the column of the collection it stands in (for block scalars).
std::size_t scalar_end(std::string_view text, std::size_t at, std::string_view value,
                       std::size_t indent);

// End of a flow collection: just past the closing bracket that follows `at`, the end of its last
// child.
std::size_t flow_end(std::string_view text, std::size_t at);

// Source offset of each byte of a scalar's decoded text and of its end; as many as could be
// followed.
std::vector<std::size_t> scalar_offsets(std::string_view text, std::size_t at, std::size_t end,
                                        std::string_view value);

// The most brackets that are open at once from `at` on, quotes and comments not looked at.
std::size_t bracket_depth(std::string_view text, std::size_t at);

std::size_t column_of(std::string_view text, std::size_t at);  // 0-based, in bytes

// Says what yaml-cpp's `message` about the byte `where.begin` means.
void report_syntax(std::string_view message, Span where, Diagnostics& diagnostics);

}  // namespace autopilot::yaml_scan
