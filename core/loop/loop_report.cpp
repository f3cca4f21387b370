#include "core/loop/loop_report.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/text.h"
#include "core/decide/line_texts.h"
#include "core/loop/step_body.h"

namespace autopilot::loop {
namespace {

using render::Line;
using render::Table;
using render::Tone;

std::string text_in(const Value& entry, std::string_view field) {
  const Value* found = entry.get(field);
  return found != nullptr && found->is_string() ? found->as_string() : "";
}

double number_in(const Value& entry, std::string_view field) {
  const Value* found = entry.get(field);
  return found != nullptr && found->is_number() ? found->as_double() : 0;
}

std::string share_text(const Value& entry, std::string_view field) {
  const Value* found = entry.get(field);
  if (found == nullptr || !found->is_number()) return "-";
  return fmt::format("{:.2f} %", found->as_double() * 100);
}

Table step_table(const Step& step) {
  Table table{{"ARM", "TRIALS", "MEAN", "P(BEST)", "BEFORE", "WANTED", "RESULT", "AFTER", "WHY"},
              {},
              {false, true, true, true, true, true, false, true}};
  const Value* arms = step.body.find("arms");
  if (arms == nullptr) return table;
  for (const Value& entry : arms->as_list()) {
    const std::string result = text_in(entry, "result");
    table.rows.push_back({text_in(entry, "arm"), fmt::format("{:.0f}", number_in(entry, "trials")),
                          fmt::format("{:.4g}", number_in(entry, "mean")),
                          fmt::format("{:.2f} %", number_in(entry, "p_best") * 100),
                          share_text(entry, "before"), share_text(entry, "wanted"),
                          result.empty() ? Line("-") : Line({{result, decide::tone_of(result)}}),
                          Line({{share_text(entry, "after"), Tone::strong}}),
                          text_in(entry, "why")});
  }
  return table;
}

void add_count(std::string& out, std::int64_t count, std::string_view one, std::string_view many) {
  if (count == 0) return;
  out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, count == 1 ? one : many);
}

std::string read_sentence(const EventBatch& batch) {
  std::string parts;
  add_count(parts, batch.events, "event", "events");
  add_count(parts, batch.joined, "reward joined", "rewards joined");
  add_count(parts, batch.waiting, "waits for its rewards", "wait for their rewards");
  add_count(parts, batch.repeated, "seen before", "seen before");
  add_count(parts, batch.foreign, "of an arm that is not ours", "of arms that are not ours");
  add_count(parts, batch.bad, "bad line", "bad lines");
  return parts.empty() ? "Nothing is new." : "Read: " + parts + ".";
}

std::string served_text(const Served& one) {
  return fmt::format("generation {}: {} had {:.1f} % of {:.0f} events, its weight was {:.1f} %",
                     one.generation, one.arm, 100 * one.events / one.of, one.of,
                     100 * one.propensity);
}

void add_remarks(const LoopResult& result, const Algorithm& algorithm, render::Report& report) {
  const EventBatch& batch = *result.read;
  render::Lines remarks;
  if (!batch.has_logs) {
    remarks.lines.push_back(
        Line({{"no log    ", Tone::warn}, {join(algorithm.files, ", ") + " is not there", {}}}));
  }
  for (const Served& one : result.served) {
    if (!one.is_odd) continue;
    remarks.lines.push_back(Line({{"odd       ", Tone::warn}, {served_text(one), {}}}));
  }
  for (const BadLine& bad : batch.examples) {
    remarks.lines.push_back(Line({{"bad line  ", Tone::warn}, {bad.place + ": " + bad.why, {}}}));
  }
  if (!batch.foreign_arms.empty()) {
    remarks.lines.push_back(
        Line({{"not ours  ", Tone::warn}, {join(batch.foreign_arms, ", "), {}}}));
  }
  for (const std::string& path : batch.cut) {
    remarks.lines.push_back(Line({{"cut       ", Tone::warn}, {path + " was begun anew", {}}}));
  }
  if (!remarks.lines.empty()) report.text.emplace_back(std::move(remarks));
}

Value step_data(const Step& step) {
  Map out{{"generation", step.generation},
          {"stage", std::string(to_string(step.stage))},
          {"time", format_rfc3339(step.time)}};
  for (const auto& [name, value] : step.body) {
    if (name != "actions" && name != "acted_at") out.append(name, value);
  }
  return out;
}

Value read_data(const LoopResult& result) {
  const EventBatch& batch = *result.read;
  List bad, foreign, cut, served;
  for (const Served& one : result.served) {
    served.emplace_back(Map{{"generation", one.generation},
                            {"arm", one.arm},
                            {"events", one.events},
                            {"share", one.events / one.of},
                            {"propensity", one.propensity},
                            {"odd", one.is_odd}});
  }
  for (const BadLine& one : batch.examples) {
    bad.emplace_back(Map{{"place", one.place}, {"why", one.why}});
  }
  for (const std::string& arm : batch.foreign_arms) foreign.emplace_back(arm);
  for (const std::string& path : batch.cut) cut.emplace_back(path);
  return Map{{"lines", batch.lines},
             {"events", batch.events},
             {"joined", batch.joined},
             {"waiting", batch.waiting},
             {"repeated", batch.repeated},
             {"bad", batch.bad},
             {"foreign", batch.foreign},
             {"bad_examples", std::move(bad)},
             {"foreign_arms", std::move(foreign)},
             {"begun_anew", std::move(cut)},
             {"served", std::move(served)}};
}

void add_step(const Step& step, std::string_view introduction, render::Report& report) {
  report.text.emplace_back(render::Paragraph{std::string(introduction)});
  report.text.emplace_back(step_table(step));
  const Value* acted = step.body.find("acted");
  if (acted != nullptr) {
    const Value* moved = acted->get("moved");
    const bool did = moved != nullptr && moved->is_bool() && moved->as_bool();
    report.text.emplace_back(render::Paragraph{
        fmt::format("{}: {}.", did ? "Moved" : "Not moved", text_in(*acted, "why"))});
  }
}

std::string mode_words(Mode mode) {
  if (mode == Mode::shadow) return ", in shadow";
  return mode == Mode::dry_run ? ", as a trial: nothing is kept or moved" : "";
}

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

// What a round earns with these shares, by what the step had learnt.
double value_of(const Step& step, const ArmShares& shares) {
  double sum = 0;
  for (const Value& entry : step.body.find("arms")->as_list()) {
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

std::string shares_text(const ArmShares& shares) {
  std::string out;
  for (const auto& [arm, share] : shares) {
    out += fmt::format("{}{} {:.1f} %", out.empty() ? "" : ", ", arm, share / 100.0);
  }
  return out.empty() ? "-" : out;
}

Map shares_map(const ArmShares& shares) {
  Map out;
  for (const auto& [arm, share] : shares) out.append(arm, share / 1e4);
  return out;
}

}  // namespace

render::Report describe(const LoopResult& result, const Algorithm& algorithm, Mode mode) {
  render::Report report{"autopilot.run/v1", {}, {}};
  report.data = Map{{"algorithm", algorithm.id}, {"mode", std::string(to_string(mode))}};
  report.data.append("resumed", result.resumed ? step_data(*result.resumed) : Value());
  report.data.append("read", result.read ? read_data(result) : Value());
  report.data.append("step", result.step ? step_data(*result.step) : Value());
  report.data.append("waits", result.waits);
  if (result.resumed) {
    add_step(*result.resumed,
             fmt::format("{}: generation {} was open and is now done{}.", algorithm.id,
                         result.resumed->generation, mode_words(mode)),
             report);
  }
  if (result.read) {
    report.text.emplace_back(render::Paragraph{read_sentence(*result.read)});
    add_remarks(result, algorithm, report);
  }
  if (result.step) {
    add_step(*result.step,
             fmt::format("{}: generation {}{}.", algorithm.id, result.step->generation,
                         mode_words(mode)),
             report);
  } else {
    report.text.emplace_back(
        render::Paragraph{fmt::format("{}: no step: {}.", algorithm.id, result.waits)});
  }
  return report;
}

render::Report describe_shadow(const std::string& algorithm, const std::vector<Step>& shadow,
                               const std::vector<Step>& live) {
  render::Report report{"autopilot.shadow_run/v1", {}, {}};
  Table table{{"TIME", "SHADOW", "LIVE", "ELSEWHERE", "EARNS", "LIVE EARNS"},
              {},
              {false, false, false, true, true, true}};
  List steps;
  for (const Step& step : shadow) {
    if (step.stage != Stage::done) continue;
    const Step* beside = in_force(live, step.time);
    const ArmShares ours = shares_of(step.body, "after");
    const ArmShares theirs = beside == nullptr ? ArmShares() : shares_of(beside->body, "after");
    const bool known = beside != nullptr;
    const double earns = value_of(step, ours), live_earns = value_of(step, theirs);
    table.rows.push_back({second_text(step.time), shares_text(ours), shares_text(theirs),
                          known ? fmt::format("{:.1f} %", distance(ours, theirs) * 100) : "-",
                          fmt::format("{:.4g}", earns),
                          known ? fmt::format("{:.4g}", live_earns) : "-"});
    steps.emplace_back(Map{{"time", format_rfc3339(step.time)},
                           {"generation", step.generation},
                           {"live_generation", if_known(known, known ? beside->generation : 0)},
                           {"weights", shares_map(ours)},
                           {"live_weights", shares_map(theirs)},
                           {"elsewhere", if_known(known, distance(ours, theirs))},
                           {"value", earns},
                           {"live_value", if_known(known, live_earns)}});
  }
  report.data = Map{{"algorithm", algorithm}, {"steps", std::move(steps)}};
  report.text.emplace_back(std::move(table));
  return report;
}

}  // namespace autopilot::loop
