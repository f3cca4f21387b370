#include "core/decide/line_texts.h"

#include <fmt/format.h>

#include "core/base/json.h"

namespace autopilot::decide {

render::Tone tone_of(std::string_view result) {
  if (result == "allowed") return render::Tone::good;
  if (result == "modified") return render::Tone::changed;
  return result == "pending" ? render::Tone::warn : render::Tone::bad;
}

std::string text_at(const Value& value, std::string_view key) {
  const Value* v = value.get(key);
  if (v == nullptr || v->is_null()) return {};
  return v->is_string() ? v->as_string() : to_json(*v);
}

std::string first_of(const Value& value, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    std::string text = text_at(value, key);
    if (!text.empty()) return text;
  }
  return {};
}

std::string target_of(const Value& action) {
  std::string target = text_at(action, "target");
  const Value* data = action.get("data");
  if (target.empty() && data != nullptr) target = first_of(*data, {"destination_id", "channel"});
  return target.empty() ? text_at(action, "id") : target;
}

std::string why_text(const Value& reason) {
  const std::string policy = text_at(reason, "policy");
  return fmt::format("{}{}{}: {}", policy, policy.empty() ? "" : "/", text_at(reason, "rule"),
                     text_at(reason, "message"));
}

}  // namespace autopilot::decide
