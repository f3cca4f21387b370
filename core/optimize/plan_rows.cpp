// Channels and curves of documents.
#include <fmt/format.h>

#include <algorithm>

#include "core/optimize/fields.h"
#include "core/optimize/plan.h"

namespace autopilot::optimize {
namespace {

constexpr std::pair<std::string_view, Family> kFamilies[] = {
    {"linear", Family::linear},  {"log", Family::logarithm},
    {"power", Family::power},    {"exp", Family::exponential},
    {"hill", Family::hill},      {"mm", Family::michaelis_menten},
    {"quad", Family::quadratic}, {"piecewise", Family::piecewise},
};

}  // namespace

std::optional<Family> parse_family(std::string_view name) {
  for (const auto& [known, family] : kFamilies) {
    if (known == name) return family;
  }
  return std::nullopt;
}

std::vector<std::string> family_names() {
  std::vector<std::string> out;
  for (const auto& [name, family] : kFamilies) out.emplace_back(name);
  return out;
}

Curve curve_from(const Value& from, std::string& fault) {
  Curve curve;
  const std::string type = text_of(from.get("type"));
  curve.family = parse_family(type).value_or(Family::linear);
  struct Wanted {
    Family family;
    const char *b, *s;
  };
  static constexpr Wanted wanted[] = {
      {Family::linear, "", ""},     {Family::logarithm, "b", ""},
      {Family::power, "", "p"},     {Family::exponential, "b", ""},
      {Family::hill, "k", "s"},     {Family::michaelis_menten, "k", ""},
      {Family::quadratic, "c", ""}, {Family::piecewise, "", ""},
  };
  const auto need = [&](const char* name, double& to) {
    if (name[0] == 0) return;
    const std::optional<double> value = number_of(from.get(name));
    if (!value)
      fault = fmt::format("a curve of type {} needs {}", type, name);
    else
      to = *value;
  };
  const Wanted& names = wanted[static_cast<std::size_t>(curve.family)];
  if (curve.family != Family::piecewise) need("a", curve.a);
  need(names.b, curve.b);
  need(names.s, curve.s);
  curve.carry = number_of(from.get("carry_over")).value_or(0);
  if (curve.family == Family::piecewise) {
    const Value *x = from.get("x"), *y = from.get("y");
    if (x == nullptr || y == nullptr || x->as_list().size() != y->as_list().size()) {
      fault = "a piecewise curve needs x and y, as many of one as of the other";
      return curve;
    }
    for (std::size_t k = 0; k < x->as_list().size(); ++k)
      curve.points.push_back({x->as_list()[k].as_double(), y->as_list()[k].as_double()});
  }
  if (const std::string_view odd = fault_of(curve); fault.empty() && !odd.empty())
    fault = fmt::format("the curve {}", odd);
  return curve;
}

ChannelRow row_from(const Value& from, std::string& fault) {
  ChannelRow row;
  row.id = text_of(from.get("id"));
  row.group = text_of(from.get("group"));
  row.current = number_of(from.get("current")).value_or(0);
  row.min = number_of(from.get("min"));
  row.max = number_of(from.get("max"));
  row.active_min = number_of(from.get("min_if_active"));
  row.fixed_cost = number_of(from.get("fixed_cost"));
  row.max_shift = share_of(from.get("max_shift"));
  row.frozen = flag_of(from.get("frozen"));
  row.tier = static_cast<std::size_t>(number_of(from.get("tier")).value_or(1));
  if (const Value* curve = from.get("curve"); curve != nullptr && curve->is_map()) {
    row.curve = curve_from(*curve, fault);
    if (!fault.empty()) fault = fmt::format("{}: {}", row.id, fault);
  }
  return row;
}

std::string fault_of(const ChannelRow& row) {
  if (row.min && row.max && *row.min > *row.max)
    return fmt::format("{}: min {} is above max {}", row.id, amount(*row.min), amount(*row.max));
  if (row.active_min && row.max && *row.active_min > *row.max)
    return fmt::format("{}: min_if_active is above max, so that it can never be on", row.id);
  if (row.frozen && row.max_shift)
    return fmt::format("{} is frozen, so max_shift says nothing", row.id);
  return "";
}

}  // namespace autopilot::optimize
