#include "core/optimize/table_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/units.h"

namespace autopilot::optimize {
namespace {

enum class Kind { text, number, amount, share, flag, tier, numbers, curve };
struct Field {
  const char* name;
  Kind kind;
};

constexpr Field kCurveFields[] = {
    {"type", Kind::text}, {"a", Kind::number},          {"b", Kind::number}, {"k", Kind::number},
    {"s", Kind::number},  {"p", Kind::number},          {"c", Kind::number}, {"x", Kind::numbers},
    {"y", Kind::numbers}, {"carry_over", Kind::amount},
};
constexpr Field kChannelFields[] = {
    {"id", Kind::text},         {"current", Kind::amount},       {"min", Kind::amount},
    {"max", Kind::amount},      {"min_if_active", Kind::amount}, {"fixed_cost", Kind::amount},
    {"max_shift", Kind::share}, {"frozen", Kind::flag},          {"group", Kind::text},
    {"tier", Kind::tier},       {"curve", Kind::curve},
};

// What a field has to be, when it is not.
std::string_view wanted(Kind kind, const Value& value) {
  const bool number = value.is_number() && std::isfinite(value.as_double());
  switch (kind) {
    case Kind::text:
      return value.is_string() ? "" : "a text";
    case Kind::number:
      return number ? "" : "a number";
    case Kind::amount:
      return number && value.as_double() >= 0 ? "" : "an amount from 0";
    case Kind::share:
      if (number && value.as_double() >= 0) return "";
      return value.is_string() && parse_share(value.as_string()) ? ""
                                                                 : "a share such as 20% or 0.2";
    case Kind::flag:
      return value.is_bool() ? "" : "true or false";
    case Kind::tier:
      return number && value.as_double() >= 1 && value.as_double() <= 100 &&
                     value.as_double() == std::floor(value.as_double())
                 ? ""
                 : "a whole number from 1 to 100";
    case Kind::numbers:
      return value.is_list() && std::all_of(value.as_list().begin(), value.as_list().end(),
                                            [](const Value& v) { return v.is_number(); })
                 ? ""
                 : "a list of numbers";
    case Kind::curve:
      return value.is_map() ? "" : "{type: …}";
  }
  return "";
}

template <std::size_t N>
void add_names(const Field (&fields)[N], std::vector<std::string>& out) {
  for (const Field& f : fields) out.emplace_back(f.name);
}
template <std::size_t N>
const Field* find(const Field (&fields)[N], const std::string& name) {
  const auto at = std::find_if(std::begin(fields), std::end(fields),
                               [&](const Field& f) { return name == f.name; });
  return at == std::end(fields) ? nullptr : at;
}

// "" or what is wrong with the fields; those of curves are beside the others where `flat`.
std::string odd_field(const Value& object, bool channel, bool flat, const std::string& where) {
  for (const auto& [name, value] : object.as_map()) {
    const Field* field = channel ? find(kChannelFields, name) : nullptr;
    if (field == nullptr && (!channel || flat)) field = find(kCurveFields, name);
    if (field == nullptr) {
      std::vector<std::string> known;
      if (channel) add_names(kChannelFields, known);
      if (!channel || flat) add_names(kCurveFields, known);
      return fmt::format("{}unknown field \"{}\"{}", where, name, suggested(name, known));
    }
    if (value.is_null()) continue;
    if (const std::string_view what = wanted(field->kind, value); !what.empty())
      return fmt::format("{}{}: expected {}, found {}", where, name, what, to_json(value));
  }
  return "";
}

std::string odd_curve(const Value& curve, const std::string& where) {
  const Value* type = curve.get("type");
  if (type == nullptr || !type->is_string()) return where + "the curve has no type";
  if (parse_family(type->as_string())) return "";
  return fmt::format("{}there is no type of curve \"{}\"{}", where, type->as_string(),
                     suggested(type->as_string(), family_names()));
}

std::string fault_in(const Value& object, bool flat) {
  const Value* id = object.get("id");
  if (id == nullptr || !id->is_string() || id->as_string().empty())
    return "a channel without an id";
  const std::string where = id->as_string() + ": ";
  if (std::string odd = odd_field(object, true, flat, where); !odd.empty()) return odd;
  if (flat) return odd_curve(object, where);
  const Value* curve = object.get("curve");
  if (curve == nullptr || curve->is_null()) return "";
  if (std::string odd = odd_field(*curve, false, false, where + "curve: "); !odd.empty())
    return odd;
  return odd_curve(*curve, where);
}

}  // namespace

std::string suggested(const std::string& name, const std::vector<std::string>& known) {
  const std::string meant = did_you_mean(name, known);
  return meant.empty() ? "" : ": " + meant;
}

void read_json_channels(std::string_view text, std::uint32_t source, Diagnostics& diagnostics,
                        const std::function<void(const ChannelRow&)>& visit) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const Span span{source, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)};
    at = end + 1;
    if (line.find_first_not_of(" \r") == std::string_view::npos) continue;
    const JsonResult parsed = parse_json(line);
    if (!parsed.ok || !parsed.value.is_map()) {
      diagnostics.error("wrong-type", span,
                        parsed.ok ? "a line that is no JSON object" : parsed.fault.message);
      continue;
    }
    if (parsed.value.get("schema") != nullptr) continue;
    const bool flat = parsed.value.get("type") != nullptr && parsed.value.get("curve") == nullptr;
    std::string fault = fault_in(parsed.value, flat);
    if (!fault.empty()) {
      diagnostics.error("wrong-value", span, fault);
      continue;
    }
    ChannelRow row = row_from(parsed.value, fault);
    if (flat) row.curve = curve_from(parsed.value, fault);
    if (fault.empty()) fault = fault_of(row);
    if (!fault.empty()) diagnostics.error("wrong-value", span, fault);
    visit(row);
  }
}

}  // namespace autopilot::optimize
