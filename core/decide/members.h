#pragma once
// The parts of a recorded line, without building a tree.

#include <string_view>
#include <vector>

#include "core/decide/ingest.h"

namespace autopilot::decide {

// One top-level member of a JSON object: its key and the text of its value, as written.
struct Member {
  std::string_view key;
  std::string_view value;
};

// The top-level members of a JSON object, for records; keys without escapes only. Not thread-safe.
class MemberReader {
 public:
  // Valid until the text changes. False with `fault` when it is no JSON object. REQUIRES kPadding
  // readable bytes after it.
  bool read(std::string_view text, std::vector<Member>& members, InputFault& fault);
  // The members of each object in a JSON array of objects, one after the other with an empty member
  // behind each object.
  bool read_list(std::string_view text, std::vector<Member>& members, InputFault& fault);

 private:
  JsonIndex index_;
};

}  // namespace autopilot::decide
