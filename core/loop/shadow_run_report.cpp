#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/loop/loop_report.h"
#include "core/loop/step_body.h"

namespace autopilot::loop {
namespace {

using render::Line;
using render::Table;
using render::Tone;

// The live step that was in force at that time, or null.
const Step* in_force(const std::vector<Step>& live, Instant time) {
  for (const Step& step : live) {
    if (step.stage == Stage::done && step.time <= time) return &step;
  }
  return nullptr;
}

// Half the sum of what the shares differ by: how much of the traffic would go elsewhere.
double distance(const ArmShares& a, const ArmShares& b) {
  double sum = 0;
  for (const auto& [arm, share] : a) {
    const auto at = b.find(arm);
    sum += std::abs(share - (at == b.end() ? 0 : at->second)) / 1e4;
  }
  return sum / 2;
}

// What a round in the segment earns with these shares, by what the step had learnt.
double value_of(const Step& step, const Segment& segment, const ArmShares& shares) {
  const std::vector<std::string> keys = keys_of(step.body);
  double sum = 0;
  for (const Value& entry : step.body.find("arms")->as_list()) {
    const Value* where = entry.get("segment");
    if (!keys.empty() && (where == nullptr || segment_in(keys, *where) != segment)) continue;
    const auto at = shares.find(text_in(entry, "arm"));
    if (at != shares.end()) sum += at->second / 1e4 * number_in(entry, "mean");
  }
  return sum;
}

Value if_known(bool known, Value value) {
  if (!known) value = Value();
  return value;
}

std::string second_text(Instant time) { return format_rfc3339({time.seconds, 0}); }

Map shares_map(const ArmShares& shares) {
  Map out;
  for (const auto& [arm, share] : shares) out.append(arm, share / 1e4);
  return out;
}

// One segment of a shadow's step beside what was live.
struct Compared {
  Segment segment;
  ArmShares ours, theirs;
  bool known = false;  // something was live
  double earns = 0, live_earns = 0;
};

std::vector<Compared> compare(const Step& step, const Step* beside) {
  SegmentShares live;
  if (beside != nullptr && keys_of(beside->body) == keys_of(step.body)) {
    live = shares_of(beside->body, "after");
  }
  std::vector<Compared> out;
  for (const auto& [segment, ours] : shares_of(step.body, "after")) {
    Compared one{segment, ours, live[segment], false, value_of(step, segment, ours), 0};
    one.known = !one.theirs.empty();
    one.live_earns = value_of(step, segment, one.theirs);
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<Line> shadow_row(const Step& step, const Compared& one) {
  return {second_text(step.time), fmt::format("{}", step.generation),
          one.known ? fmt::format("{:.1f} %", distance(one.ours, one.theirs) * 100) : "-",
          fmt::format("{:.4g}", one.earns),
          one.known ? fmt::format("{:.4g}", one.live_earns) : "-"};
}

// The shares of one step, arm by arm.
void add_shares(const std::vector<std::string>& keys, const Compared& one, Table& table) {
  for (const auto& [arm, share] : one.ours) {
    const auto at = one.theirs.find(arm);
    const bool is_live = at != one.theirs.end();
    table.rows.push_back({arm, fmt::format("{:.2f} %", share / 100.0),
                          is_live ? fmt::format("{:.2f} %", at->second / 100.0) : "-",
                          is_live ? fmt::format("{:+.2f}", (share - at->second) / 100.0) : "-"});
    if (!keys.empty()) {
      table.rows.back().insert(table.rows.back().begin(), segment_name(keys, one.segment));
    }
  }
}

Map shadow_data(const Step& step, const Step* beside, const Compared& one) {
  Map out{{"time", format_rfc3339(step.time)},
          {"generation", step.generation},
          {"live_generation", if_known(one.known, one.known ? beside->generation : 0)},
          {"weights", shares_map(one.ours)},
          {"live_weights", shares_map(one.theirs)},
          {"elsewhere", if_known(one.known, distance(one.ours, one.theirs))},
          {"value", one.earns},
          {"live_value", if_known(one.known, one.live_earns)}};
  const std::vector<std::string> keys = keys_of(step.body);
  if (!keys.empty()) out.append("segment", segment_map(keys, one.segment));
  return out;
}

}  // namespace

render::Report describe_shadow(const std::string& algorithm, const std::vector<Step>& shadow,
                               const std::vector<Step>& live) {
  render::Report report{"autopilot.shadow_run/v1", {}, {}};
  Table table{{"TIME", "GENERATION", "ELSEWHERE", "EARNS", "LIVE EARNS"},
              {},
              {false, true, true, true, true}};
  Table newest{{"ARM", "SHADOW", "LIVE", "+/-"}, {}, {false, true, true, true}};
  const bool has_segments = std::any_of(
      shadow.begin(), shadow.end(), [](const Step& step) { return !keys_of(step.body).empty(); });
  if (has_segments) {
    table.columns.insert(table.columns.begin() + 1, "SEGMENT");
    table.right.insert(table.right.begin() + 1, false);
  }
  List steps;
  for (const Step& step : shadow) {
    if (step.stage != Stage::done) continue;
    const bool is_newest = table.rows.empty();
    const std::vector<std::string> keys = keys_of(step.body);
    if (is_newest && !keys.empty()) {
      newest.columns.insert(newest.columns.begin(), "SEGMENT");
      newest.right.insert(newest.right.begin(), false);
    }
    const Step* beside = in_force(live, step.time);
    for (const Compared& one : compare(step, beside)) {
      table.rows.push_back(shadow_row(step, one));
      if (has_segments) {
        table.rows.back().insert(table.rows.back().begin() + 1, segment_name(keys, one.segment));
      }
      if (is_newest) add_shares(keys, one, newest);
      steps.emplace_back(shadow_data(step, beside, one));
    }
  }
  report.data = Map{{"algorithm", algorithm}, {"steps", std::move(steps)}};
  report.text.emplace_back(std::move(table));
  if (!newest.rows.empty()) {
    report.text.emplace_back(render::Heading{"Shares of the newest step"});
    report.text.emplace_back(std::move(newest));
  }
  return report;
}

}  // namespace autopilot::loop
