// `autopilot shadow report`: what enforcing the monitor policies would have changed.
#include <fmt/format.h>

#include "core/decide/line_texts.h"
#include "core/decide/shadow.h"

namespace autopilot::decide {
namespace {

using render::Line;
using render::Table;

constexpr Result kResults[] = {Result::allowed, Result::modified, Result::pending, Result::blocked};

double risk_of(std::int64_t micros) { return static_cast<double>(micros) / 1e6; }

std::size_t index(Result result) { return static_cast<std::size_t>(result); }

std::string number(std::int64_t n) { return fmt::format("{}", n); }

Map results_data(const std::array<std::int64_t, 4>& counts) {
  Map out;
  for (const Result r : kResults) out.append(std::string(to_string(r)), counts[index(r)]);
  return out;
}

Map counts_data(const ShadowCounts& c) {
  Map would, changes, risk, agreement;
  for (const Result r : kResults) {
    const std::string name(to_string(r));
    would.append(name, c.would(r));
    if (r != Result::allowed) changes.append(name, c.changes(r));
    risk.append(name, risk_of(c.risk_micros[index(r)]));
    agreement.append(name, results_data(c.results[index(r)]));
  }
  return Map{{"decisions", c.decisions},
             {"would", std::move(would)},
             {"would_change", std::move(changes)},
             {"agrees", c.decisions - c.changes()},
             {"risk", std::move(risk)},
             {"enforced_by_would", std::move(agreement)}};
}

Value policy_data(const std::string& id, const ShadowPolicy& p) {
  List days, rules;
  for (const auto& [day, counts] : p.days) {
    Map one{{"day", day}};
    for (auto& [key, value] : counts_data(counts)) one.append(key, value);
    days.push_back(std::move(one));
  }
  for (const auto& [key, rule] : p.rules) {
    List examples;
    for (const std::string& example : rule.examples) examples.push_back(example);
    rules.push_back(Map{{"rule", key.first},
                        {"effect", key.second},
                        {"decisions", rule.decisions},
                        {"would_change", rule.changed},
                        {"risk", risk_of(rule.risk_micros)},
                        {"message", rule.message},
                        {"examples", std::move(examples)}});
  }
  Map out{{"policy", id}};
  for (auto& [key, value] : counts_data(p.all)) out.append(key, value);
  out.append("days", std::move(days));
  out.append("rules", std::move(rules));
  return out;
}

// "blocked 31 that were allowed and 2 that were modified"
std::string change_text(const ShadowCounts& c, Result would, const char* verb) {
  std::string parts;
  for (const Result enforced : kResults) {
    const std::int64_t n = c.results[index(enforced)][index(would)];
    if (n == 0 || !would_change(enforced, would)) continue;
    parts += fmt::format("{}{} that {} {}", parts.empty() ? "" : " and ", n,
                         n == 1 ? "was" : "were", to_string(enforced));
  }
  return parts.empty() ? "" : fmt::format("{} {}", verb, parts);
}

std::string sentence(const ShadowCounts& c) {
  if (c.decisions == 0) return "No decision concerned it.";
  std::string parts;
  for (const auto& [result, verb] : {std::pair{Result::blocked, "blocked"},
                                     {Result::pending, "held for approval"},
                                     {Result::modified, "modified"}}) {
    const std::string part = change_text(c, result, verb);
    if (!part.empty()) parts += (parts.empty() ? "" : ", ") + part;
  }
  const std::string of =
      fmt::format("Of {} decision{} that concern{} it, enforcing it would have ", c.decisions,
                  c.decisions == 1 ? "" : "s", c.decisions == 1 ? "s" : "");
  return of + (parts.empty() ? "changed none." : parts + ".");
}

Table days_table(const ShadowPolicy& p) {
  Table table{{"day", "decisions", "blocked", "pending", "modified", "changes", "risk blocked"},
              {},
              {false, true, true, true, true, true, true}};
  for (const auto& [day, c] : p.days) {
    table.rows.push_back(
        {Line(day), Line(number(c.decisions)), Line(number(c.would(Result::blocked))),
         Line(number(c.would(Result::pending))), Line(number(c.would(Result::modified))),
         Line(number(c.changes())),
         Line(fmt::format("{:.2f}", risk_of(c.risk_micros[index(Result::blocked)])))});
  }
  return table;
}

Table rules_table(const ShadowPolicy& p) {
  Table table{{"rule", "would", "decisions", "changes", "risk", "for example"},
              {},
              {false, false, true, true, true}};
  for (const auto& [key, rule] : p.rules) {
    const std::string example = rule.examples.empty() ? "" : rule.examples.front();
    table.rows.push_back({Line(key.first), Line(key.second), Line(number(rule.decisions)),
                          Line(number(rule.changed)),
                          Line(fmt::format("{:.2f}", risk_of(rule.risk_micros))),
                          Line(fmt::format("{}  {}", example, rule.message))});
  }
  return table;
}

// Rows: what was decided. Columns: what the policy would have made of it.
Table agreement_table(const ShadowCounts& c) {
  Table table{{"enforced \\ would be"}, {}, {false, true, true, true, true}};
  for (const Result would : kResults) table.columns.emplace_back(to_string(would));
  for (const Result enforced : kResults) {
    std::vector<Line> row{Line({{std::string(to_string(enforced)), tone_of(to_string(enforced))}})};
    for (const Result would : kResults)
      row.emplace_back(number(c.results[index(enforced)][index(would)]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

render::Report describe(const Shadow& shadow) {
  render::Report report{"autopilot.shadow-report/v1", {}, {}};
  List policies;
  for (const auto& [id, p] : shadow.policies()) {
    policies.push_back(policy_data(id, p));
    report.text.emplace_back(render::Heading{"Policy/" + id});
    report.text.emplace_back(render::Paragraph{Line(sentence(p.all))});
    if (p.all.decisions == 0) continue;
    report.text.emplace_back(agreement_table(p.all));
    report.text.emplace_back(days_table(p));
    if (!p.rules.empty()) report.text.emplace_back(rules_table(p));
  }
  report.data = Map{{"decisions", shadow.read()}, {"policies", std::move(policies)}};
  if (shadow.policies().empty()) {
    report.text.emplace_back(render::Lines{
        {fmt::format("No monitor policy concerned any of {} decisions.", shadow.read())}});
  }
  return report;
}

}  // namespace autopilot::decide
