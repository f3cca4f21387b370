// What would flip under other policies, for people and as data.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/decide/line_texts.h"
#include "core/decide/summary.h"
#include "core/render/markdown.h"

namespace autopilot::decide {
namespace {

using render::Line;
using render::Tone;
using render::Tree;

constexpr std::size_t kShownFields = 6;

// Sums to six decimals, as limits count: what adding leaves behind them means nothing.
double rounded(double value) {
  return std::fabs(value) < 1e9 ? std::round(value * 1e6) / 1e6 : value;
}

std::string pair_text(double before, double after) {
  const std::string one = double_text(rounded(before)), other = double_text(rounded(after));
  return one == other ? one : fmt::format("{} -> {}", one, other);
}

Map pair_data(double before, double after) {
  return {{"before", rounded(before)}, {"after", rounded(after)}};
}

std::string rule_text(const Impact::Key& key) {
  if (key.rule.empty()) return "-";
  return key.policy.empty() ? key.rule : key.policy + "/" + key.rule;
}

std::string change_text(Result before, Result after) {
  if (before == after) return fmt::format("{}, other values", to_string(after));
  return fmt::format("{} -> {}", to_string(before), to_string(after));
}

std::string amounts_text(const Impact::Group& group) {
  std::vector<std::string> parts;
  for (const auto& [field, sum] : group.data)
    parts.push_back(fmt::format("{} {}", field, pair_text(sum.before, sum.after)));
  return join(parts, ", ");
}

// "weight 0.9 -> 0.8": the fields of data that differ; all of them when none does.
std::string values_text(const Impact::Example& example) {
  const Value before = parse_json(example.action_before).value;
  const Value after = parse_json(example.action_after).value;
  const Value* from = before.get("data");
  const Value* to = after.get("data");
  std::vector<std::string> differing, all;
  const auto look_at = [&](const std::string& field) {
    const Value* one = from == nullptr ? nullptr : from->get(field);
    const Value* other = to == nullptr ? nullptr : to->get(field);
    if (one != nullptr && other != nullptr && *one == *other) {
      all.push_back(fmt::format("{} {}", field, to_json(*one)));
    } else {
      differing.push_back(fmt::format("{} {} -> {}", field,
                                      one == nullptr ? "(none)" : to_json(*one),
                                      other == nullptr ? "(none)" : to_json(*other)));
    }
  };
  if (from != nullptr && from->is_map()) {
    for (const auto& [field, value] : from->as_map()) look_at(field);
  }
  if (to != nullptr && to->is_map()) {
    for (const auto& [field, value] : to->as_map()) {
      if (from == nullptr || from->get(field) == nullptr) look_at(field);
    }
  }
  std::vector<std::string>& shown = differing.empty() ? all : differing;
  if (shown.size() > kShownFields) {
    shown.resize(kShownFields);
    shown.emplace_back("…");
  }
  return join(shown, ", ");
}

Value data_of(const Impact::Example& example) {
  return Map{{"id", example.id},
             {"time", format_rfc3339(example.time)},
             {"type", example.type},
             {"target", example.target},
             {"message", example.message},
             {"risk", pair_data(example.risk_before, example.risk_after)},
             {"action_before", parse_json(example.action_before).value},
             {"action_after", parse_json(example.action_after).value}};
}

Value data_of(const Impact::Key& key, const Impact::Group& group) {
  Map data;
  for (const auto& [field, sum] : group.data) data[field] = pair_data(sum.before, sum.after);
  List examples;
  for (const Impact::Example& example : group.examples) examples.push_back(data_of(example));
  const Impact::Example& first = group.examples.front();
  return Map{{"policy", key.policy},
             {"rule", key.rule},
             {"before", to_string(key.before)},
             {"after", to_string(key.after)},
             {"count", group.count},
             {"risk", pair_data(group.risk.before, group.risk.after)},
             {"data", std::move(data)},
             {"example", first.id},
             {"message", first.message},
             {"action_before", parse_json(first.action_before).value},
             {"action_after", parse_json(first.action_after).value},
             {"examples", std::move(examples)}};
}

std::string title(const Impact::Example& example) {
  return fmt::format("{}  {} {}", example.id, example.type, example.target);
}

Tree tree_of(const Impact::Key& key, const Impact::Group& group) {
  const std::string amounts = amounts_text(group);
  Tree tree{Line({{fmt::format("{} ", group.count), Tone::strong},
                  {change_text(key.before, key.after), tone_of(to_string(key.after))},
                  {fmt::format(" by {}: risk {}{}{}", rule_text(key),
                               pair_text(group.risk.before, group.risk.after),
                               amounts.empty() ? "" : "; ", amounts),
                   Tone::plain}}),
            {}};
  for (const Impact::Example& example : group.examples) {
    Tree one{Line(title(example)), {}};
    if (!example.message.empty()) one.children.push_back({Line(example.message), {}});
    const std::string values = values_text(example);
    if (!values.empty()) one.children.push_back({Line({{values, Tone::dim}}), {}});
    tree.children.push_back(std::move(one));
  }
  return tree;
}

render::Table table_of(const Impact& impact) {
  render::Table table{
      {"decisions", "before", "after", "policy/rule", "risk", "action.data"}, {}, {true}};
  for (const auto* entry : by_count(impact)) {
    const auto& [key, group] = *entry;
    table.rows.push_back(
        {Line(fmt::format("{}", group.count)),
         Line({{std::string(to_string(key.before)), tone_of(to_string(key.before))}}),
         Line({{std::string(to_string(key.after)), tone_of(to_string(key.after))}}),
         Line(rule_text(key)), Line(pair_text(group.risk.before, group.risk.after)),
         Line(amounts_text(group))});
  }
  return table;
}

}  // namespace

std::string impact_headline(const Impact& impact) {
  if (impact.checked() == 0) return "Impact: no decisions are recorded to try this on.";
  std::string out = fmt::format("Impact: {} of {} recorded decision{} since {} would flip",
                                impact.flips(), impact.checked(), impact.checked() == 1 ? "" : "s",
                                format_rfc3339(*impact.first()));
  std::vector<std::string> parts;
  for (const auto& [results, count] : impact.by_result())
    parts.push_back(fmt::format("{} {}", count, change_text(results.first, results.second)));
  if (!parts.empty()) out += ": " + join(parts, "; ");
  out += '.';
  if (impact.counts_limits())
    out += " Limits are counted from then on, as if nothing was used before.";
  return out;
}

Map impact_data(const Impact& impact) {
  List groups;
  for (const auto* entry : by_count(impact)) groups.push_back(data_of(entry->first, entry->second));
  return {
      {"checked", impact.checked()},
      {"differing", impact.flips()},
      {"since", impact.first() ? Value(format_rfc3339(*impact.first())) : Value()},
      {"limits_from",
       impact.counts_limits() && impact.first() ? Value(format_rfc3339(*impact.first())) : Value()},
      {"groups", std::move(groups)}};
}

std::vector<render::Block> impact_blocks(const Impact& impact, bool brief) {
  std::vector<render::Block> out;
  if (impact.flips() == 0) return out;
  if (brief) {
    out.emplace_back(table_of(impact));
    return out;
  }
  for (const auto* entry : by_count(impact)) out.emplace_back(tree_of(entry->first, entry->second));
  return out;
}

std::vector<std::string> impact_markdown(const Impact& impact, bool brief) {
  std::vector<std::string> out;
  for (const auto* entry : by_count(impact)) {
    Tree tree = tree_of(entry->first, entry->second);
    if (brief) tree.children.clear();
    out.push_back(render::report_markdown({"", {}, {std::move(tree)}}));
  }
  return out;
}

render::Report describe(const Impact& impact, std::string_view against) {
  render::Report report{"autopilot.replay_against/v1", impact_data(impact),
                        impact_blocks(impact, false)};
  report.data["against"] = against;
  report.text.emplace_back(render::Lines{{Line(fmt::format(
      "{} of {} decisions would differ under {}", impact.flips(), impact.checked(), against))}});
  return report;
}

}  // namespace autopilot::decide
