#include "core/decide/shadow.h"

#include <algorithm>
#include <cmath>

#include "core/base/json.h"

namespace autopilot::decide {
namespace {

std::size_t index(Result result) { return static_cast<std::size_t>(result); }

std::int64_t micros(double risk) { return std::llround(std::min(risk, 1e9) * 1e6); }

std::string unquoted(std::string_view json) {
  const JsonResult parsed = parse_json(json);
  return parsed.ok && parsed.value.is_string() ? parsed.value.as_string() : std::string(json);
}

}  // namespace

bool would_change(Result enforced, Result would) {
  if (would == Result::modified) return enforced < Result::pending;
  return would > enforced;
}

std::int64_t ShadowCounts::would(Result result) const {
  std::int64_t sum = 0;
  for (const auto& row : results) sum += row[index(result)];
  return sum;
}

std::int64_t ShadowCounts::changes(Result result) const {
  std::int64_t sum = 0;
  for (const Result enforced :
       {Result::allowed, Result::modified, Result::pending, Result::blocked}) {
    if (would_change(enforced, result)) sum += results[index(enforced)][index(result)];
  }
  return sum;
}

std::int64_t ShadowCounts::changes() const {
  return changes(Result::modified) + changes(Result::pending) + changes(Result::blocked);
}

bool Shadow::wants(std::string_view policy) const {
  return only_.empty() || std::find(only_.begin(), only_.end(), policy) != only_.end();
}

void Shadow::add(std::string_view line) {
  ++read_;
  reader_.read(line, record_);
  if (record_.monitor == "[]") return;
  const Result enforced = parse_result(record_.result).value_or(Result::blocked);
  for (const RecordedMonitor& m : reader_.monitor(record_)) {
    if (wants(m.policy))
      count(m.policy, enforced, parse_result(m.result).value_or(Result::blocked));
  }
}

void Shadow::count(std::string_view policy, Result enforced, Result would) {
  ShadowPolicy& p = policies_[std::string(policy)];
  const auto add_to = [&](ShadowCounts& counts) {
    ++counts.decisions;
    ++counts.results[index(enforced)][index(would)];
    counts.risk_micros[index(would)] += micros(risk_of(record_));
  };
  add_to(p.all);
  add_to(p.days[format_rfc3339({record_.time.seconds, 0}).substr(0, 10)]);
  count_rules(policy, p, would_change(enforced, would));
}

void Shadow::count_rules(std::string_view policy, ShadowPolicy& into, bool changes) {
  std::vector<const ShadowRule*> done;  // a rule counts once for each decision
  for (const RecordedReason& r : reader_.reasons(record_)) {
    if (!r.monitor || r.policy != policy) continue;
    ShadowRule& rule = into.rules[{std::string(r.rule), std::string(r.effect)}];
    if (std::find(done.begin(), done.end(), &rule) != done.end()) continue;
    done.push_back(&rule);
    if (rule.decisions++ == 0) rule.message = unquoted(r.message);
    rule.risk_micros += micros(risk_of(record_));
    // Those that change something are the better examples: they stand first and push others out.
    const bool first_change = changes && rule.changed < static_cast<std::int64_t>(kShadowExamples);
    if (first_change) {
      rule.examples.insert(rule.examples.begin() + rule.changed, std::string(record_.id));
    } else if (!changes) {
      rule.examples.emplace_back(record_.id);
    }
    if (rule.examples.size() > kShadowExamples) rule.examples.pop_back();
    if (changes) ++rule.changed;
  }
}

}  // namespace autopilot::decide
