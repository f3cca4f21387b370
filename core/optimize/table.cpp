#include "core/optimize/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/optimize/columns.h"
#include "core/optimize/table_json.h"

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

constexpr int kMostTiers = 100;
constexpr std::size_t kLongestMargin = 256;       // before the first row
constexpr std::size_t kMostExpected = 1'000'000;  // rows that room is made for at once

// What a family takes beside `a`: of the columns that hold scales, and of those that hold shapes.
struct Parameters {
  std::size_t scale = 0, shape = 0;  // 0: none
};
Parameters parameters_of(Family family) {
  switch (family) {
    case Family::logarithm:
    case Family::exponential:
      return {kB, 0};
    case Family::michaelis_menten:
      return {kK, 0};
    case Family::hill:
      return {kK, kS};
    case Family::power:
      return {0, kP};
    case Family::quadratic:
      return {kC, 0};
    default:
      return {};
  }
}

std::vector<std::size_t> others(std::size_t column) {
  if (column == kS || column == kP) return {kS, kP};
  return column == kA ? std::vector<std::size_t>{} : std::vector<std::size_t>{kB, kK, kC};
}

std::optional<Curve> curve_of(const Row& row, const std::string& id) {
  const std::string_view type = row.text(kType);
  if (type.empty()) return std::nullopt;
  const std::optional<Family> family = parse_family(type);
  if (!family || *family == Family::piecewise) {
    const std::string name(type);
    row.fault(kType, family ? "a piecewise curve has no room in CSV: write the channels as JSONL"
                            : fmt::format("there is no type of curve \"{}\"{}", name,
                                          suggested(name, family_names())));
    return std::nullopt;
  }
  Curve curve;
  curve.family = *family;
  // In its own column, or in that of another family: tables often have one for all scales.
  const auto need = [&](std::size_t column, double& to) {
    if (column == 0) return;
    const std::size_t own = column;
    for (const std::size_t other : others(own)) {
      if (row.text(column).empty()) column = other;
    }
    if (row.text(column).empty())
      row.fault(kType,
                fmt::format("{}: a curve of type {} needs {}", id, type, kChannelColumns[own]));
    else
      to = row.number(column).value_or(to);
  };
  const Parameters parameters = parameters_of(*family);
  need(kA, curve.a);
  need(parameters.scale, curve.b);
  need(parameters.shape, curve.s);
  curve.carry = row.amount(kCarryOver).value_or(0);
  if (const std::string_view odd = fault_of(curve); !odd.empty())
    row.fault(kType, fmt::format("{}: the curve {}", id, odd));
  return curve;
}

bool flag_of(const Row& row, std::size_t column) {
  const std::string_view cell = row.text(column);
  if (cell.empty() || cell == "false" || cell == "no" || cell == "0") return false;
  if (cell == "true" || cell == "yes" || cell == "1") return true;
  row.fault(column,
            fmt::format("{}: \"{}\" is neither true nor false", kChannelColumns[column], cell));
  return false;
}

std::size_t tier_of(const Row& row) {
  const double tier = row.number(kTier).value_or(1);
  if (tier >= 1 && tier <= kMostTiers && tier == std::floor(tier))
    return static_cast<std::size_t>(tier);
  row.fault(kTier, fmt::format("tier: a whole number from 1 to {}, not {}", kMostTiers, tier));
  return 1;
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
  out.frozen = flag_of(row, kFrozen);
  out.tier = tier_of(row);
  out.curve = curve_of(row, out.id);
  if (const std::string odd = fault_of(out); !odd.empty()) row.fault(kMin, odd);
  return out;
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
      read_json_channels(text, source, diagnostics, seen);
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
    bool is_told = false;
    for (const std::size_t column : {2u, 3u, 4u}) {
      is_told = is_told || !row.text(column).empty();
      if (!returned) returned = row.number(column);
    }
    if (!returned && is_told) return;
    if (!returned) return row.fault(2, "an observation needs return, conversions or revenue");
    out.push_back({std::string(row.text(0)), row.amount(1).value_or(0), *returned});
  });
  return out;
}

}  // namespace autopilot::optimize
