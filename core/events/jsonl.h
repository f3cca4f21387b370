#pragma once
// JSON Lines: one object a line. Members within objects have paths ("context.device"). Tokens are
// found for a whole chunk at once (core/base/json_index.h); a chunk with a line that is no JSON is
// gone through line by line.

#include <memory>
#include <string>
#include <string_view>

#include "core/events/row_builder.h"

namespace autopilot::events {

// One for each thread: it remembers in which order the last lines had their members.
class JsonLines {
 public:
  explicit JsonLines(const Schema& schema);
  ~JsonLines();

  // Rows of whole lines. REQUIRES kPadding readable bytes after the text.
  void parse(std::string_view text, Parsed& out);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The paths of all members of an object that are no objects: what a log could be mapped to.
std::vector<std::string> json_paths(std::string_view line);

}  // namespace autopilot::events
