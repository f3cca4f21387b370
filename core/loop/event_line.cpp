#include "core/loop/event_line.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/json.h"
#include "core/loop/time_in.h"

namespace autopilot::loop {
namespace {

constexpr std::size_t kLongestValue = 100;  // bytes: no segment's name

class LineReader {
 public:
  LineReader(const Value& line, const Algorithm& algorithm, std::string& fault)
      : line_(line), algorithm_(algorithm), columns_(algorithm.columns), fault_(fault) {}

  std::optional<Event> read() {
    Event out;
    if (!read_time(out) || !read_names(out) || !read_reward(out) || !read_generation(out)) {
      return std::nullopt;
    }
    for (const std::string& key : algorithm_.segment) out.segment.push_back(segment_value(key));
    return out;
  }

 private:
  const Value* find(const std::string& column) const {
    const Value* found = column.empty() ? nullptr : line_.get(column);
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  bool refuse(std::string why) {
    fault_ = std::move(why);
    return false;
  }
  static std::string text_of(const Value& value) {
    return value.is_string() ? value.as_string() : to_json(value);
  }

  std::string segment_value(const std::string& key) const {
    const Value* value = find(key);
    std::string text = value == nullptr ? std::string() : text_of(*value);
    return text.size() > kLongestValue ? std::string(kOther) : text;
  }

  bool read_time(Event& out) {
    const Value* time = find(columns_.time);
    if (time == nullptr) return refuse(fmt::format("{} is missing", columns_.time));
    const auto at = time_in(*time);
    if (!at) {
      return refuse(fmt::format("{} is {}, not a time such as 2026-11-20T10:01:00Z", columns_.time,
                                to_json(*time)));
    }
    out.time = *at;
    return true;
  }

  bool read_names(Event& out) {
    if (const Value* id = find(columns_.id)) out.id = text_of(*id);
    if (const Value* arm = find(columns_.arm)) out.arm = text_of(*arm);
    if (!columns_.id.empty() && out.id.empty()) {
      return refuse(fmt::format("{} is missing", columns_.id));
    }
    if (out.arm.empty() && out.id.empty()) {
      return refuse(fmt::format("{} is missing", columns_.arm));
    }
    return true;
  }

  bool read_reward(Event& out) {
    const Value* reward = find(columns_.reward);
    if (reward == nullptr) {
      if (!columns_.id.empty() && !out.arm.empty()) return true;
      return refuse(fmt::format("{} is missing", columns_.reward));
    }
    if (reward->is_bool()) {
      out.reward = reward->as_bool() ? 1 : 0;
    } else if (reward->is_number()) {
      out.reward = reward->as_double();
    } else {
      return refuse(fmt::format("{} is {}, not a number", columns_.reward, to_json(*reward)));
    }
    if (std::isfinite(*out.reward)) return true;
    return refuse(fmt::format("{} is not finite", columns_.reward));
  }

  bool read_generation(Event& out) {
    const Value* generation = find(columns_.generation);
    if (generation == nullptr || is_unset(*generation)) return true;
    if (generation->kind() == Value::Kind::integer) {
      out.generation = generation->as_int();
      return true;
    }
    // Proxies write numbers as texts.
    const JsonResult parsed =
        generation->is_string() ? parse_json(generation->as_string()) : JsonResult();
    if (!parsed.ok || parsed.value.kind() != Value::Kind::integer) {
      return refuse(
          fmt::format("{} is {}, not a generation", columns_.generation, to_json(*generation)));
    }
    out.generation = parsed.value.as_int();
    return true;
  }

  // How proxies write a variable that was not set.
  static bool is_unset(const Value& value) {
    return value.is_string() && (value.as_string().empty() || value.as_string() == "-");
  }

  const Value& line_;
  const Algorithm& algorithm_;
  const EventColumns& columns_;
  std::string& fault_;
};

}  // namespace

std::optional<Event> read_event(std::string_view line, const Algorithm& algorithm,
                                std::string& fault) {
  const JsonResult parsed = parse_json(line);
  if (!parsed.ok) {
    fault = parsed.fault.message;
    return std::nullopt;
  }
  if (!parsed.value.is_map()) {
    fault = fmt::format("a line is a JSON object, not {}", to_string(parsed.value.kind()));
    return std::nullopt;
  }
  return LineReader(parsed.value, algorithm, fault).read();
}

}  // namespace autopilot::loop
