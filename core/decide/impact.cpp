#include "core/decide/impact.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/decide/line_texts.h"

namespace autopilot::decide {
namespace {

// What the rule says, now or, when it is silent now, in the record.
std::string message_of(const Impact::Key& key, const Outcome& outcome, std::string_view line) {
  for (const Reason& r : outcome.reasons) {
    if (!r.monitor && r.policy == key.policy && r.rule == key.rule) return r.message;
  }
  const JsonResult recorded = parse_json(line);
  const Value* reasons = recorded.ok ? recorded.value.get("reasons") : nullptr;
  if (reasons == nullptr || !reasons->is_list()) return {};
  for (const Value& r : reasons->as_list()) {
    if (r.get("monitor") == nullptr && text_at(r, "policy") == key.policy &&
        text_at(r, "rule") == key.rule) {
      return text_at(r, "message");
    }
  }
  return {};
}

}  // namespace

void Impact::take(const Retaken& decision, const std::vector<Use>& uses) {
  ++checked_;
  if (!first_) first_ = decision.time;
  if (!decision.flipped) return;
  ++flips_;
  Group& group = groups_[{decision.policy, decision.rule, decision.before, decision.after}];
  ++group.count;
  group.risk.before += decision.risk_before;
  group.risk.after += decision.risk_after;
  for (const Amount& amount : decision.amounts) {
    Sum& sum = group.data[amount.field];
    sum.before += amount.before;
    sum.after += amount.after;
  }
  if (group.examples.size() >= most_examples_) return;
  Example& example = group.examples.emplace_back();
  example.seq = decision.seq;
  example.uses = uses;
  example.after = decision.after;
  example.risk_before = decision.risk_before;
  example.risk_after = decision.risk_after;
}

bool Impact::tell(const CompiledSet& set, RecordedLines& lines) {
  counts_limits_ = std::any_of(set.policies().begin(), set.policies().end(),
                               [](const CompiledPolicy& p) { return !p.limits.empty(); });
  Retelling retelling(set);
  for (auto& [key, group] : groups_) {
    for (Example& example : group.examples) {
      const std::string_view line = lines.line(example.seq);
      retelling.tell(line, example.uses);
      const Record& record = retelling.record();
      if (retelling.outcome().result != example.after || record.result != to_string(key.before))
        return false;
      const Value proposed = parse_json(record.proposed).value;
      example.id = record.id;
      example.time = record.time;
      example.type = text_at(proposed, "type");
      example.target = target_of(proposed);
      example.message = message_of(key, retelling.outcome(), line);
      example.action_before = record.action;
      example.action_after = retelling.final_action();
    }
  }
  return true;
}

std::map<std::pair<Result, Result>, std::int64_t> Impact::by_result() const {
  std::map<std::pair<Result, Result>, std::int64_t> out;
  for (const auto& [key, group] : groups_) out[{key.before, key.after}] += group.count;
  return out;
}

std::vector<const std::pair<const Impact::Key, Impact::Group>*> by_count(const Impact& impact) {
  std::vector<const std::pair<const Impact::Key, Impact::Group>*> out;
  for (const auto& entry : impact.groups()) out.push_back(&entry);
  std::stable_sort(out.begin(), out.end(),
                   [](const auto* a, const auto* b) { return a->second.count > b->second.count; });
  return out;
}

}  // namespace autopilot::decide
