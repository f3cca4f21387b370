#include "core/loop/loop_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/text.h"
#include "core/decide/line_texts.h"
#include "core/loop/step_body.h"

namespace autopilot::loop {
namespace {

using render::Line;
using render::Table;
using render::Tone;

std::string share_text(const Value& entry, std::string_view field) {
  const Value* found = entry.get(field);
  if (found == nullptr || !found->is_number()) return "-";
  return fmt::format("{:.2f} %", found->as_double() * 100);
}

std::string segment_text(const Value& entry, const std::vector<std::string>& keys) {
  const Value* segment = entry.get("segment");
  return segment == nullptr ? std::string() : segment_name(keys, segment_in(keys, *segment));
}

Table step_table(const Step& step) {
  Table table{{"ARM", "TRIALS", "MEAN", "P(BEST)", "BEFORE", "WANTED", "RESULT", "AFTER"},
              {},
              {false, true, true, true, true, true, false, true}};
  const std::vector<std::string> keys = keys_of(step.body);
  if (!keys.empty()) {
    table.columns.insert(table.columns.begin(), "SEGMENT");
    table.right.insert(table.right.begin(), false);
  }
  const Value* arms = step.body.find("arms");
  if (arms == nullptr) return table;
  for (const Value& entry : arms->as_list()) {
    const std::string result = text_in(entry, "result");
    table.rows.push_back({text_in(entry, "arm"), fmt::format("{:.0f}", number_in(entry, "trials")),
                          fmt::format("{:.4g}", number_in(entry, "mean")),
                          fmt::format("{:.2f} %", number_in(entry, "p_best") * 100),
                          share_text(entry, "before"), share_text(entry, "wanted"),
                          result.empty() ? Line("-") : Line({{result, decide::tone_of(result)}}),
                          Line({{share_text(entry, "after"), Tone::strong}})});
    if (!keys.empty()) {
      table.rows.back().insert(table.rows.back().begin(), segment_text(entry, keys));
    }
  }
  return table;
}

// Why arms do not get what the method wanted, below the table: it is as long as policies make it.
std::optional<Table> reasons_table(const Step& step) {
  Table table;
  const std::vector<std::string> keys = keys_of(step.body);
  const Value* arms = step.body.find("arms");
  if (arms == nullptr) return std::nullopt;
  for (const Value& entry : arms->as_list()) {
    const std::string why = text_in(entry, "why"), segment = segment_text(entry, keys);
    if (why.empty()) continue;
    table.rows.push_back(
        {fmt::format("{}{}{}", segment, segment.empty() ? "" : ": ", text_in(entry, "arm")), why});
  }
  return table.rows.empty() ? std::nullopt : std::optional(std::move(table));
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
  add_count(parts, batch.crowded, "of a segment beyond those that are kept",
            "of segments beyond those that are kept");
  add_count(parts, batch.bad, "bad line", "bad lines");
  return parts.empty() ? "Nothing is new." : "Read: " + parts + ".";
}

std::string served_text(const Served& one, const Algorithm& algorithm) {
  const std::string segment = segment_name(algorithm.segment, one.segment);
  return fmt::format("generation {}{}{}: {} had {:.1f} % of {:.0f} events, its weight was {:.1f} %",
                     one.generation, segment.empty() ? "" : ", ", segment, one.arm,
                     100 * one.events / one.of, one.of, 100 * one.propensity);
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
    remarks.lines.push_back(Line({{"odd       ", Tone::warn}, {served_text(one, algorithm), {}}}));
  }
  for (const BadLine& bad : batch.examples) {
    remarks.lines.push_back(Line({{"bad line  ", Tone::warn}, {bad.place + ": " + bad.why, {}}}));
  }
  if (batch.lone > 0) {
    remarks.lines.push_back(Line(
        {{"no play   ", Tone::warn},
         {fmt::format("{} rewards belong to no play: {} is not the same in all logs, or they come "
                      "later than events.attribution",
                      batch.lone, algorithm.columns.id),
          {}}}));
  }
  if (!batch.foreign_arms.empty()) {
    remarks.lines.push_back(
        Line({{"not ours  ", Tone::warn}, {join(batch.foreign_arms, ", "), {}}}));
  }
  for (const std::string& path : batch.copies) {
    remarks.lines.push_back(Line({{"same      ", Tone::warn},
                                  {path + " holds no more than another log: it is not read", {}}}));
  }
  for (const BadLine& damaged : batch.damaged) {
    remarks.lines.push_back(Line({{"damaged   ", Tone::warn}, {damaged.why, {}}}));
  }
  for (const std::string& path : batch.cut) {
    remarks.lines.push_back(Line({{"cut       ", Tone::warn}, {path + " was begun anew", {}}}));
  }
  if (!remarks.lines.empty()) report.text.emplace_back(std::move(remarks));
}

List pending_data(const std::vector<Pending>& pending, const std::vector<std::string>& keys) {
  List out;
  for (const Pending& one : pending) {
    Map entry{{"arm", one.arm},     {"decision", one.decision},   {"generation", one.generation},
              {"since", one.since}, {"before", one.before / 1e4}, {"asked", one.asked},
              {"why", one.why}};
    if (!keys.empty()) entry.append("segment", segment_map(keys, one.segment));
    out.emplace_back(std::move(entry));
  }
  return out;
}

Line pending_line(const Pending& one, const std::vector<std::string>& keys, std::string_view word) {
  const std::string segment = segment_name(keys, one.segment);
  return Line({{fmt::format("{:<10}", word), Tone::warn},
               {fmt::format("{}{}{} {:.2f} % -> {:.2f} %, since {}: {}", segment,
                            segment.empty() ? "" : ": ", one.arm, one.before / 100.0,
                            one.asked * 100, one.since, one.why),
                {}}});
}

// What waits for people, and what waited and does no longer.
void add_pending(const LoopResult& result, const Algorithm& algorithm, render::Report& report) {
  render::Lines lines;
  if (result.step) {
    for (const Pending& one : pending_in(result.step->body, "dropped")) {
      lines.lines.push_back(pending_line(one, keys_of(result.step->body), "dropped"));
    }
  }
  for (const Pending& one : result.waiting) {
    lines.lines.push_back(pending_line(one, algorithm.segment, "waits"));
  }
  if (!lines.lines.empty()) report.text.emplace_back(std::move(lines));
}

Value step_data(const Step& step) {
  Map out{{"generation", step.generation},
          {"stage", std::string(to_string(step.stage))},
          {"time", format_rfc3339(step.time)}};
  for (const auto& [name, value] : step.body) {
    const bool is_pending = name == "held" || name == "waiting" || name == "dropped";
    if (is_pending) {
      out.append(name, pending_data(pending_in(step.body, name), keys_of(step.body)));
    } else if (name != "actions" && name != "acted_at") {
      out.append(name, value);
    }
  }
  return out;
}

Value read_data(const LoopResult& result, const std::vector<std::string>& keys) {
  const EventBatch& batch = *result.read;
  List bad, foreign, cut, served, copies, damaged;
  double known = 0, all = 0;
  for (const Served& one : result.served) {
    Map entry{{"generation", one.generation}, {"arm", one.arm},
              {"events", one.events},         {"share", one.events / one.of},
              {"propensity", one.propensity}, {"odd", one.is_odd}};
    if (!keys.empty()) entry.append("segment", segment_map(keys, one.segment));
    served.emplace_back(std::move(entry));
    known += one.events;
  }
  for (const auto& [key, rewards] : batch.counts) all += rewards.count;
  for (const std::string& path : batch.copies) copies.emplace_back(path);
  for (const BadLine& one : batch.damaged) {
    damaged.emplace_back(Map{{"file", one.place}, {"why", one.why}});
  }
  for (const BadLine& one : batch.examples) {
    bad.emplace_back(Map{{"place", one.place}, {"why", one.why}});
  }
  for (const std::string& arm : batch.foreign_arms) foreign.emplace_back(arm);
  for (const std::string& path : batch.cut) cut.emplace_back(path);
  return Map{{"lines", batch.lines},
             {"events", batch.events},
             {"joined", batch.joined},
             {"rewards_without_play", batch.lone},
             {"waiting", batch.waiting},
             {"repeated", batch.repeated},
             {"bad", batch.bad},
             {"foreign", batch.foreign},
             {"bad_examples", std::move(bad)},
             {"foreign_arms", std::move(foreign)},
             {"crowded", batch.crowded},
             {"begun_anew", std::move(cut)},
             {"copies", std::move(copies)},
             {"damaged", std::move(damaged)},
             {"without_propensity", std::max(0.0, all - known)},
             {"served", std::move(served)}};
}

void add_step(const Step& step, std::string_view introduction, render::Report& report) {
  report.text.emplace_back(render::Paragraph{std::string(introduction)});
  report.text.emplace_back(step_table(step));
  if (auto reasons = reasons_table(step)) report.text.emplace_back(std::move(*reasons));
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

}  // namespace

render::Report describe(const LoopResult& result, const Algorithm& algorithm, Mode mode) {
  render::Report report{"autopilot.run/v1", {}, {}};
  report.data = Map{{"algorithm", algorithm.id}, {"mode", std::string(to_string(mode))}};
  report.data.append("resumed", result.resumed ? step_data(*result.resumed) : Value());
  report.data.append("read", result.read ? read_data(result, algorithm.segment) : Value());
  report.data.append("step", result.step ? step_data(*result.step) : Value());
  report.data.append("waits", result.waits);
  report.data.append("waiting", pending_data(result.waiting, algorithm.segment));
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
  add_pending(result, algorithm, report);
  return report;
}

}  // namespace autopilot::loop
