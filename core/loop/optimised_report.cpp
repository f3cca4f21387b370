#include "core/loop/optimised_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/units.h"
#include "core/loop/shares.h"

namespace autopilot::loop {
namespace {

using render::Line;
using render::Table;
using render::Tone;

constexpr int kWhole = 10000;

std::string number_text(double value) { return fmt::format("{:.4g}", value); }
std::string count_text(double count) {
  return count == std::floor(count) ? fmt::format("{:.0f}", count) : fmt::format("{:.1f}", count);
}
std::string share_text(double share) { return fmt::format("{:.2f} %", share * 100); }
// A probability that is not 0 must not look like it.
std::string chance_text(double p) {
  if (p > 0 && p < 1e-4) return "< 0.01 %";
  if (p < 1 && p > 1 - 1e-4) return "> 99.99 %";
  return share_text(p);
}

int before_bp(const OptimisedArm& arm) {
  return arm.before ? static_cast<int>(std::lround(*arm.before * kWhole)) : -1;
}

Line change_line(const OptimisedArm& arm) {
  if (!arm.before) return "";
  const double change = arm.after_bp / 100.0 - *arm.before * 100;
  if (std::abs(change) < 0.005) return Line({{"0", Tone::dim}});
  return Line({{fmt::format("{:+.2f}", change), change > 0 ? Tone::good : Tone::warn}});
}

Table table_of(const OptimisedSegment& segment) {
  Table table{{"ARM", "TRIALS", "MEAN", "95 % WITHIN", "P(BEST)", "LOSS", "BEFORE", "AFTER", "+/-"},
              {},
              {false, true, true, true, true, true, true, true, true}};
  for (const OptimisedArm& arm : segment.arms) {
    table.rows.push_back(
        {arm.arm, count_text(arm.count), number_text(arm.mean),
         fmt::format("{} to {}", number_text(arm.low), number_text(arm.high)),
         chance_text(arm.best), number_text(arm.loss), arm.before ? share_text(*arm.before) : "-",
         Line({{share_text(arm.after_bp / 1e4), Tone::strong}}), change_line(arm)});
  }
  return table;
}

Map arm_data(const OptimisedArm& arm) {
  Map out{{"arm", arm.arm},
          {"trials", arm.count},
          {"mean", arm.mean},
          {"low", arm.low},
          {"high", arm.high},
          {"p_best", arm.best},
          {"expected_loss", arm.loss},
          {"weight_before", arm.before ? Value(*arm.before) : Value()},
          {"weight_wanted", arm.wanted},
          {"weight", arm.after_bp / 1e4}};
  if (arm.ranks.empty()) return out;
  List ranks;
  for (const double p : arm.ranks) ranks.emplace_back(p);
  out.append("p_rank", std::move(ranks));
  return out;
}

std::string value_sentence(const OptimisedSegment& segment) {
  if (!segment.value_before) {
    return fmt::format("A round earns {} with these shares, {} with the best arm.",
                       number_text(segment.value_after), number_text(segment.expected_best));
  }
  return fmt::format("A round earns {} with the shares before, {} after, {} with the best arm.",
                     number_text(*segment.value_before), number_text(segment.value_after),
                     number_text(segment.expected_best));
}

std::string explanation(const OptimisedArm& arm) {
  return fmt::format("best with probability {:.4f}, mean {} of {} trials", arm.best,
                     number_text(arm.mean), count_text(arm.count));
}

// Values may hold what keeps the parts of a key apart.
std::string in_key(std::string_view value) {
  std::string out;
  for (const char c : value) out += c == '/' ? "%2F" : c == '%' ? "%25" : std::string(1, c);
  return out;
}

Value action_of(const OptimisedArm& arm, const Map& segment, const Naming& naming,
                const std::string& key) {
  Map data{{"destination_id", arm.arm}, {"weight", arm.after_bp / 1e4}};
  if (arm.before) data.append("old_weight", *arm.before);
  data.append("explain", explanation(arm));
  Map action{{"type", "route.update_weight"},
             {"algorithm", naming.algorithm},
             {"target", arm.arm},
             {"data", std::move(data)}};
  if (!key.empty()) {
    std::string whole = key + "/" + arm.arm;
    for (const auto& [name, value] : segment) whole += "/" + in_key(value.as_string());
    action.append("idempotency_key", std::move(whole));
  }
  Map metrics{{"trials", arm.count},   {"mean", arm.mean},   {"mean_low", arm.low},
              {"mean_high", arm.high}, {"p_best", arm.best}, {"expected_loss", arm.loss}};
  return Map{{"action", std::move(action)},
             {"context", Map{{"metrics", std::move(metrics)}, {"segment", segment}}}};
}

}  // namespace

render::Report describe(const std::vector<OptimisedSegment>& segments, const OptimiserSpec& spec,
                        const Naming& naming) {
  render::Report report{"autopilot.optimize_traffic/v1", {}, {}};
  List all;
  for (const OptimisedSegment& segment : segments) {
    List arms;
    for (const OptimisedArm& arm : segment.arms) arms.emplace_back(arm_data(arm));
    all.emplace_back(
        Map{{"segment", segment_map(naming.keys, segment.values)},
            {"arms", std::move(arms)},
            {"expected_best", segment.expected_best},
            {"value_before", segment.value_before ? Value(*segment.value_before) : Value()},
            {"value_after", segment.value_after}});
    if (!naming.keys.empty()) {
      report.text.emplace_back(render::Heading{segment_name(naming.keys, segment.values)});
    }
    report.text.emplace_back(table_of(segment));
    report.text.emplace_back(render::Paragraph{value_sentence(segment)});
  }
  report.data = Map{{"method", spec.method}, {"segments", std::move(all)}};
  return report;
}

std::vector<Value> weight_actions(const std::vector<OptimisedSegment>& segments,
                                  const Naming& naming, const std::string& key) {
  std::vector<Value> out;
  for (const OptimisedSegment& segment : segments) {
    std::vector<const OptimisedArm*> changed;
    for (const OptimisedArm& arm : segment.arms) {
      if (before_bp(arm) != arm.after_bp) changed.push_back(&arm);
    }
    std::stable_sort(changed.begin(), changed.end(), [](const auto* a, const auto* b) {
      return a->after_bp - before_bp(*a) < b->after_bp - before_bp(*b);
    });
    const Map where = segment_map(naming.keys, segment.values);
    for (const OptimisedArm* arm : changed) out.push_back(action_of(*arm, where, naming, key));
  }
  return out;
}

}  // namespace autopilot::loop
