#include "core/optimize/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/optimize/columns.h"

namespace autopilot::optimize {
namespace {

enum Column {
  kId,
  kCurrent,
  kMin,
  kMax,
  kMinIfActive,
  kFixedCost,
  kMaxShift,
  kFrozen,
  kGroup,
  kTier,
  kType,
  kA,
  kB,
  kK,
  kS,
  kP,
  kC,
  kCarryOver,
};

const std::vector<std::string> kChannelColumns{
    "id",         "current",   "min",       "max",   "min_if_active",
    "fixed_cost", "max_shift", "frozen",    "group", "tier",
    "type",       "a",         "b",         "k",     "s",
    "p",          "c",         "carry_over"};

constexpr std::size_t kLongestMargin = 256;       // before the first row
constexpr std::size_t kMostExpected = 1'000'000;  // rows that room is made for at once

std::optional<Curve> curve_of(const Row& row, const std::string& id) {
  const std::string_view type = row.text(kType);
  if (type.empty()) return std::nullopt;
  const std::optional<Family> family = parse_family(type);
  if (!family || *family == Family::piecewise) {
    row.fault(kType, fmt::format("\"{}\" is no type of curve for a table", type));
    return std::nullopt;
  }
  Curve curve;
  curve.family = *family;
  if (const auto a = row.number(kA)) curve.a = *a;
  for (const std::size_t column : {kB, kK, kC})
    if (const auto b = row.number(column)) curve.b = *b;
  for (const std::size_t column : {kS, kP})
    if (const auto s = row.number(column)) curve.s = *s;
  curve.carry = row.amount(kCarryOver).value_or(0);
  if (const std::string_view odd = fault_of(curve); !odd.empty())
    row.fault(kType, fmt::format("{}: the curve {}", id, odd));
  return curve;
}

ChannelRow channel_of(const Row& row) {
  ChannelRow out;
  out.id = row.text(kId);
  out.group = row.text(kGroup);
  out.current = row.amount(kCurrent).value_or(0);
  out.min = row.amount(kMin);
  out.max = row.amount(kMax);
  out.active_min = row.amount(kMinIfActive);
  out.fixed_cost = row.amount(kFixedCost);
  out.max_shift = row.share(kMaxShift);
  const std::string_view frozen = row.text(kFrozen);
  out.frozen = frozen == "true" || frozen == "1";
  out.tier = static_cast<std::size_t>(row.amount(kTier).value_or(1));
  out.curve = curve_of(row, out.id);
  return out;
}

// Fields of a channel in a document: nested curves, points of piecewise ones.
void read_json_rows(std::string_view text, std::uint32_t source, Diagnostics& diagnostics,
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
    std::string fault;
    const ChannelRow row = row_from(parsed.value, fault);
    if (fault.empty() && row.id.empty()) fault = "a channel without an id";
    if (!fault.empty()) diagnostics.error("wrong-value", span, fault);
    visit(row);
  }
}

}  // namespace

ChannelRows channel_rows(std::string_view text, std::uint32_t source, Diagnostics& diagnostics) {
  const auto each = [text, source, &diagnostics](const auto& visit) {
    bool any = false;
    const std::function<void(const ChannelRow&)> seen = [&](const ChannelRow& row) {
      any = true;
      visit(row);
    };
    const std::size_t first = text.find_first_not_of(" \r\n\t");
    if (first < kLongestMargin && text[first] == '{')
      read_json_rows(text, source, diagnostics, seen);
    else
      read_table(text, source, kChannelColumns, {"id"}, diagnostics,
                 [&](const Row& row) { seen(channel_of(row)); });
    if (!any && diagnostics.ok())
      diagnostics.error("missing-field", {source, 0, 0}, "there is no channel in the table");
  };
  return {std::min(rows_at_most(text), kMostExpected), each};
}

std::vector<Observation> read_observations(std::string_view text, std::uint32_t source,
                                           Diagnostics& diagnostics) {
  static const std::vector<std::string> names{"channel",     "spend",   "return",
                                              "conversions", "revenue", "date"};
  std::vector<Observation> out;
  read_table(text, source, names, {"channel", "spend"}, diagnostics, [&](const Row& row) {
    std::optional<double> returned;
    for (const std::size_t column : {2u, 3u, 4u})
      if (!returned) returned = row.number(column);
    if (!returned) return row.fault(2, "an observation needs return, conversions or revenue");
    out.push_back({std::string(row.text(0)), row.amount(1).value_or(0), *returned});
  });
  return out;
}

}  // namespace autopilot::optimize
