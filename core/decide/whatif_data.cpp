// The JSON contract of `autopilot whatif`: autopilot.whatif/v1.
#include "core/decide/whatif_data.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/decide/line_texts.h"

namespace autopilot::decide {
namespace {

constexpr std::size_t kMostListed = 2000;  // decisions that come out differently somewhere
constexpr std::size_t kMostRuns = 200'000;

constexpr Result kResults[] = {Result::allowed, Result::modified, Result::pending, Result::blocked};

Map counts_of(const std::array<std::size_t, 4>& counts) {
  Map out;
  for (const Result r : kResults)
    out.append(std::string(to_string(r)), counts[static_cast<std::size_t>(r)]);
  return out;
}

// Gives rules their numbers anew, by name: which thread met one first must not show.
class Numbering {
 public:
  explicit Numbering(const std::vector<RuleName>& rules) : names_(rules) {
    std::sort(names_.begin(), names_.end());
    for (const RuleName& rule : rules) {
      numbers_.push_back(static_cast<std::size_t>(
          std::lower_bound(names_.begin(), names_.end(), rule) - names_.begin()));
    }
  }
  std::size_t operator[](std::uint32_t rule) const { return numbers_[rule]; }
  List names() const {
    List out;
    for (const auto& [policy, rule] : names_)
      out.push_back(Map{{"policy", policy}, {"rule", rule}});
    return out;
  }

 private:
  std::vector<RuleName> names_;
  std::vector<std::size_t> numbers_;
};

List parameters_of(const WhatIfPlan& plan) {
  List out;
  for (const Sweep& sweep : plan.sweeps()) {
    List values;
    for (const std::string& value : sweep.values) values.push_back(value_of(value));
    out.push_back(Map{{"name", sweep.what.name()},
                      {"path", sweep.what.path},
                      {"change", sweep.what.sign},
                      {"numeric", sweep.numeric},
                      {"values", std::move(values)}});
  }
  return out;
}

List groups_of(const Flips& flips, const Chosen& chosen, const WhatIf& found, bool with_actions) {
  List out;
  for (const NamedFlip& f : sorted_flips(flips, found)) {
    Map group{{"policy", f.rule.first},
              {"rule", f.rule.second},
              {"before", to_string(f.flip.before)},
              {"after", to_string(f.flip.after)},
              {"count", f.group.count},
              {"example", chosen.all()[f.group.example].record.id}};
    if (with_actions) {
      group.append("message", f.group.message);
      group.append("action_before", parse_json(f.group.action_before).value);
      group.append("action_after", parse_json(f.group.action_after).value);
    }
    out.push_back(std::move(group));
  }
  return out;
}

List points_of(const WhatIfPlan& plan, const Chosen& chosen, const WhatIf& found) {
  List out;
  for (std::size_t p = 0; p < found.points.size(); ++p) {
    const PointOutcome& point = found.points[p];
    List values;
    for (const std::string& value : plan.values(p)) values.push_back(value_of(value));
    Map entry{{"values", std::move(values)}};
    for (auto& [name, count] : counts_of(point.counts)) entry.append(name, count);
    entry.append("differing", point.differing);
    entry.append("groups", groups_of(point.flips, chosen, found, plan.sweeps().empty()));
    out.push_back(std::move(entry));
  }
  return out;
}

Map frontier_of(const Chosen& chosen, const WhatIf& found, double tolerance) {
  List changes;
  for (const Boundary& b : found.frontier) {
    changes.push_back(Map{{"low", value_of(b.low)},
                          {"high", value_of(b.high)},
                          {"fine", b.fine},
                          {"groups", groups_of(b.flips, chosen, found, false)}});
  }
  return Map{
      {"searched", found.has_frontier}, {"tolerance", tolerance}, {"changes", std::move(changes)}};
}

bool ever_differs(const std::vector<Run>& runs, Cell before) {
  return std::any_of(runs.begin(), runs.end(),
                     [&](const Run& r) { return r.cell.result() != before.result(); });
}

Map decision_of(const ChosenDecision& d, Cell before, const std::vector<Run>& runs,
                const Numbering& numbers) {
  const Value action = parse_json(d.record.proposed).value;
  List list;
  for (const Run& run : runs) {
    list.push_back(
        List{run.point, static_cast<unsigned>(run.cell.result()), numbers[run.cell.rule()]});
  }
  return Map{{"id", d.record.id},
             {"action", text_at(action, "id")},
             {"type", text_at(action, "type")},
             {"algorithm", first_of(action, {"algorithm", "algo_key"})},
             {"target", target_of(action)},
             {"before", static_cast<unsigned>(before.result())},
             {"rule", numbers[before.rule()]},
             {"runs", std::move(list)}};
}

}  // namespace

std::vector<NamedFlip> sorted_flips(const Flips& flips, const WhatIf& found) {
  std::vector<NamedFlip> out;
  for (const auto& [flip, group] : flips) out.push_back({found.rules[flip.rule], flip, group});
  std::sort(out.begin(), out.end(), [](const NamedFlip& a, const NamedFlip& b) {
    return std::tie(a.rule, a.flip.before, a.flip.after) <
           std::tie(b.rule, b.flip.before, b.flip.after);
  });
  return out;
}

Map what_if_data(const WhatIfPlan& plan, const Chosen& chosen, const WhatIf& found,
                 const WhatIfStory& story) {
  const Numbering numbers(found.rules);
  List settings, unread, left_alone, decisions, results;
  for (const Assignment& a : plan.settings()) settings.push_back(a.path + a.sign + a.text);
  for (const std::string& path : found.unread) unread.push_back(path);
  for (const Left& l : found.left_alone)
    left_alone.push_back(Map{{"path", l.path}, {"count", l.count}});
  std::array<std::size_t, 4> before{};
  std::size_t left_out = 0, runs = 0;
  for (std::size_t i = 0; i < found.runs.size(); ++i) {
    ++before[static_cast<std::size_t>(found.before[i].result())];
    if (!ever_differs(found.runs[i], found.before[i])) continue;
    runs += found.runs[i].size();
    if (decisions.size() == kMostListed || runs > kMostRuns) {
      ++left_out;
      continue;
    }
    decisions.push_back(decision_of(chosen.all()[i], found.before[i], found.runs[i], numbers));
  }
  for (const Result r : kResults) results.push_back(to_string(r));
  return Map{{"policies", story.policies},
             {"base", story.base},
             {"checked", chosen.size()},
             {"settings", std::move(settings)},
             {"parameters", parameters_of(plan)},
             {"before", counts_of(before)},
             {"unchanged_differing", found.unchanged_differing},
             {"unread", std::move(unread)},
             {"left_alone", std::move(left_alone)},
             {"points", points_of(plan, chosen, found)},
             {"frontier", frontier_of(chosen, found, story.tolerance)},
             {"results", std::move(results)},
             {"rules", numbers.names()},
             {"decisions", std::move(decisions)},
             {"decisions_left_out", left_out}};
}

}  // namespace autopilot::decide
