#include "core/loop/step_body.h"

#include <cmath>

#include "core/base/json.h"
#include "core/decide/summary.h"
#include "core/loop/pairing.h"

namespace autopilot::loop {
namespace {

const Value* text_field(const Value& decision, std::string_view field) {
  const Value* found = decision.get(field);
  return found != nullptr && found->is_string() ? found : nullptr;
}

// The weight that the final action carries, if it may happen.
std::optional<double> weight_in(const Value& decision) {
  const Value* result = text_field(decision, "result");
  if (result == nullptr) return std::nullopt;
  if (result->as_string() != "allowed" && result->as_string() != "modified") return std::nullopt;
  const Value* action = decision.get("action");
  const Value* data = action == nullptr ? nullptr : action->get("data");
  const Value* weight = data == nullptr ? nullptr : data->get("weight");
  if (weight == nullptr || !weight->is_number()) return std::nullopt;
  return weight->as_double();
}

}  // namespace

Value* arm_entry(Map& body, const std::string& arm) {
  for (Value& entry : body["arms"].as_list()) {
    if (entry.get("arm")->as_string() == arm) return &entry;
  }
  return nullptr;
}

ArmShares shares_of(const Map& body, std::string_view field) {
  ArmShares out;
  const Value* arms = body.find("arms");
  if (arms == nullptr) return out;
  for (const Value& entry : arms->as_list()) {
    const Value* share = entry.get(field);
    if (share == nullptr || !share->is_number()) continue;
    out[entry.get("arm")->as_string()] = static_cast<int>(std::lround(share->as_double() * 1e4));
  }
  return out;
}

void set_shares(Map& body, std::string_view field, const ArmShares& shares) {
  Value& arms = body["arms"];
  if (arms.is_null()) arms = List();
  for (const auto& [arm, share] : shares) {
    Value* entry = arm_entry(body, arm);
    if (entry == nullptr) {
      body["arms"].as_list().emplace_back(Map{{"arm", arm}});
      entry = arm_entry(body, arm);
    }
    entry->as_map()[field] = share / 1e4;
  }
}

void put_optimised(Map& body, const OptimisedSegment& optimised) {
  for (const OptimisedArm& arm : optimised.arms) {
    Map& entry = arm_entry(body, arm.arm)->as_map();
    entry["trials"] = arm.count;
    entry["mean"] = arm.mean;
    entry["low"] = arm.low;
    entry["high"] = arm.high;
    entry["p_best"] = arm.best;
    entry["expected_loss"] = arm.loss;
    entry["wanted"] = arm.after_bp / 1e4;
  }
  body["value_before"] = optimised.value_before ? Value(*optimised.value_before) : Value();
  body["value_wanted"] = optimised.value_after;
  body["expected_best"] = optimised.expected_best;
}

void put_decisions(Map& body, std::string_view lines) {
  const ArmShares before = shares_of(body, "before");
  std::vector<int> from, to;
  std::map<std::string, int> decided = before;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const Value decision = parse_json_or_throw(lines.substr(0, end), "a decision");
    lines.remove_prefix(end + 1);
    const std::string arm = decision.get("proposed")->get("target")->as_string();
    Map& entry = arm_entry(body, arm)->as_map();
    entry["result"] = decision.get("result")->as_string();
    entry["decision"] = decision.get("id")->as_string();
    entry["why"] = decide::main_reason(decision);
    if (const auto weight = weight_in(decision)) {
      decided[arm] = decided_bp(*weight, before.at(arm));
    }
  }
  for (const auto& [arm, share] : before) {
    from.push_back(share);
    to.push_back(decided.at(arm));
  }
  const std::vector<int> after = paired_shares(from, to);
  ArmShares shares;
  std::size_t i = 0;
  for (const auto& [arm, share] : before) shares[arm] = after[i++];
  set_shares(body, "decided", decided);
  set_shares(body, "after", shares);
}

}  // namespace autopilot::loop
