#include "core/deploy/log_place.h"

#include <cstdlib>
#include <string>

#include "core/deploy/metric_source.h"

namespace autopilot::deploy {

Value pack_place(const std::vector<events::LogCursor>& cursors) {
  List out;
  for (const events::LogCursor& one : cursors) {
    out.emplace_back(Map{{"path", one.path},
                         {"inode", std::to_string(one.inode)},
                         {"head", one.head},
                         {"head_bytes", static_cast<std::int64_t>(one.head_bytes)},
                         {"offset", static_cast<std::int64_t>(one.offset)},
                         {"tail", one.tail},
                         {"stamp", one.stamp},
                         {"seen", one.seen.micros()},
                         {"copy", one.is_copy}});
  }
  return out;
}

std::vector<events::LogCursor> unpack_place(const Value& place) {
  std::vector<events::LogCursor> out;
  if (!place.is_list()) return out;
  for (const Value& one : place.as_list()) {
    events::LogCursor cursor;
    cursor.path = text_in(one, "path", "");
    cursor.inode = std::strtoull(text_in(one, "inode", "0").c_str(), nullptr, 10);
    cursor.head = text_in(one, "head", "");
    cursor.head_bytes = static_cast<std::uint64_t>(one.get("head_bytes")->as_int());
    cursor.offset = static_cast<std::uint64_t>(one.get("offset")->as_int());
    cursor.tail = text_in(one, "tail", "");
    cursor.stamp = text_in(one, "stamp", "");
    cursor.seen = Instant::from_micros(one.get("seen")->as_int());
    cursor.is_copy = one.get("copy")->as_bool();
    out.push_back(std::move(cursor));
  }
  return out;
}

}  // namespace autopilot::deploy
