#include "core/loop/step_body.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/json.h"
#include "core/decide/summary.h"
#include "core/loop/pairing.h"

namespace autopilot::loop {
namespace {

const Value* final_weight(const Value& decision) {
  const Value* action = decision.get("action");
  const Value* data = action == nullptr ? nullptr : action->get("data");
  const Value* weight = data == nullptr ? nullptr : data->get("weight");
  return weight == nullptr || !weight->is_number() ? nullptr : weight;
}

// The weight that the final action carries, if it may happen.
std::optional<double> weight_in(const Value& decision) {
  const Value* result = decision.get("result");
  if (result == nullptr || !result->is_string()) return std::nullopt;
  if (result->as_string() != "allowed" && result->as_string() != "modified") return std::nullopt;
  const Value* weight = final_weight(decision);
  return weight == nullptr ? std::nullopt : std::optional(weight->as_double());
}

Segment segment_of(const Value& entry, const std::vector<std::string>& keys) {
  const Value* segment = entry.get("segment");
  return keys.empty() || segment == nullptr ? Segment() : segment_in(keys, *segment);
}

// The entries by what they are about. Valid until entries are added by others.
class Entries {
 public:
  explicit Entries(Map& body) : keys_(keys_of(body)), body_(body) {
    if (body_["arms"].is_null()) body_["arms"] = List();
    const List& all = body_["arms"].as_list();
    for (std::size_t i = 0; i < all.size(); ++i) {
      at_[{segment_of(all[i], keys_), all[i].get("arm")->as_string()}] = i;
    }
  }
  Map& of(const Segment& segment, const std::string& arm) {
    List& all = body_["arms"].as_list();
    const auto [at, is_new] = at_.try_emplace({segment, arm}, all.size());
    if (is_new) {
      Map entry;
      if (!keys_.empty()) entry.append("segment", segment_map(keys_, segment));
      entry.append("arm", arm);
      all.emplace_back(std::move(entry));
    }
    return all[at->second].as_map();
  }

 private:
  std::vector<std::string> keys_;
  Map& body_;
  std::map<std::pair<Segment, std::string>, std::size_t> at_;
};

Value value_map(const OptimisedSegment& one) {
  return Map{{"value_before", one.value_before ? Value(*one.value_before) : Value()},
             {"value_wanted", one.value_after},
             {"expected_best", one.expected_best}};
}

}  // namespace

std::string text_in(const Value& entry, std::string_view field) {
  const Value* found = entry.get(field);
  return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

double number_in(const Value& entry, std::string_view field) {
  const Value* found = entry.get(field);
  return found != nullptr && found->is_number() ? found->as_double() : 0;
}

std::vector<std::string> keys_of(const Map& body) {
  std::vector<std::string> out;
  const Value* keys = body.find("keys");
  if (keys == nullptr || !keys->is_list()) return out;
  for (const Value& key : keys->as_list()) out.push_back(key.as_string());
  return out;
}

bool has_result(const Map& body, std::string_view result) {
  const Value* arms = body.find("arms");
  if (arms == nullptr) return false;
  const List& all = arms->as_list();
  return std::any_of(all.begin(), all.end(),
                     [&](const Value& entry) { return text_in(entry, "result") == result; });
}

SegmentShares shares_of(const Map& body, std::string_view field) {
  SegmentShares out;
  const std::vector<std::string> keys = keys_of(body);
  const Value* arms = body.find("arms");
  if (arms == nullptr) return out;
  for (const Value& entry : arms->as_list()) {
    const Value* share = entry.get(field);
    if (share == nullptr || !share->is_number()) continue;
    out[segment_of(entry, keys)][entry.get("arm")->as_string()] =
        static_cast<int>(std::lround(share->as_double() * 1e4));
  }
  return out;
}

void set_shares(Map& body, std::string_view field, const SegmentShares& shares) {
  Entries entries(body);
  for (const auto& [segment, arms] : shares) {
    for (const auto& [arm, share] : arms) entries.of(segment, arm)[field] = share / 1e4;
  }
}

void put_optimised(Map& body, const std::vector<OptimisedSegment>& optimised) {
  Entries entries(body);
  const std::vector<std::string> keys = keys_of(body);
  List segments;
  for (const OptimisedSegment& one : optimised) {
    for (const OptimisedArm& arm : one.arms) {
      Map& entry = entries.of(one.values, arm.arm);
      entry["trials"] = arm.count;
      entry["mean"] = arm.mean;
      entry["low"] = arm.low;
      entry["high"] = arm.high;
      entry["p_best"] = arm.best;
      entry["expected_loss"] = arm.loss;
      entry["wanted"] = arm.after_bp / 1e4;
    }
    Value values = value_map(one);
    if (!keys.empty()) {
      values.as_map()["segment"] = segment_map(keys, one.values);
      segments.push_back(std::move(values));
      continue;
    }
    for (auto& [name, value] : values.as_map()) body[name] = value;
  }
  if (!keys.empty()) body["segments"] = std::move(segments);
}

Target target_of(std::string_view action, const std::vector<std::string>& keys) {
  const Value line = parse_json_or_throw(action, "an action");
  const Value* context = line.get("context");
  return {context == nullptr ? Segment() : segment_of(*context, keys),
          line.get("action")->get("target")->as_string()};
}

void put_decisions(Map& body, const std::vector<std::string>& actions,
                   const std::vector<std::string>& lines) {
  Entries entries(body);
  const std::vector<std::string> keys = keys_of(body);
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const Target target = target_of(actions[i], keys);
    const Value decision = parse_json_or_throw(lines[i], "a decision");
    Map& entry = entries.of(target.segment, target.arm);
    entry["result"] = decision.get("result")->as_string();
    entry["decision"] = decision.get("id")->as_string();
    entry["why"] = decide::main_reason(decision);
    const int before = static_cast<int>(std::lround(entry["before"].as_double() * 1e4));
    const auto weight = weight_in(decision);
    entry["decided"] = (weight ? decided_bp(*weight, before) : before) / 1e4;
    const Value* asked = final_weight(decision);
    if (asked != nullptr && entry["result"].as_string() == "pending") entry["asked"] = *asked;
  }
}

void put_held(Map& body, const Pending& pending, std::string_view result,
              std::optional<double> weight) {
  Entries entries(body);
  Map& entry = entries.of(pending.segment, pending.arm);
  entry["result"] = std::string(result);
  entry["decision"] = pending.decision;
  entry["why"] = pending.why;
  const int before = static_cast<int>(std::lround(entry["before"].as_double() * 1e4));
  entry["decided"] = (weight ? decided_bp(*weight, before) : before) / 1e4;
}

void put_after(Map& body) {
  SegmentShares shares = shares_of(body, "before");
  const SegmentShares decided = shares_of(body, "decided");
  SegmentShares all;
  for (auto& [segment, arms] : shares) {
    const auto answered = decided.find(segment);
    std::vector<int> from, to;
    for (const auto& [arm, before] : arms) {
      int wanted = before;
      if (answered != decided.end()) {
        const auto at = answered->second.find(arm);
        if (at != answered->second.end()) wanted = at->second;
      }
      from.push_back(before);
      to.push_back(wanted);
      all[segment][arm] = wanted;
    }
    const std::vector<int> after = paired_shares(from, to);
    std::size_t i = 0;
    for (auto& [arm, share] : arms) share = after[i++];
  }
  set_shares(body, "decided", all);
  set_shares(body, "after", shares);
}

std::vector<Pending> pending_in(const Map& body, std::string_view field) {
  std::vector<Pending> out;
  const std::vector<std::string> keys = keys_of(body);
  const Value* all = body.find(field);
  if (all == nullptr || !all->is_list()) return out;
  for (const Value& entry : all->as_list()) {
    Pending one;
    one.segment = segment_of(entry, keys);
    one.arm = text_in(entry, "arm");
    one.decision = text_in(entry, "decision");
    one.action = text_in(entry, "action");
    one.generation = static_cast<std::int64_t>(number_in(entry, "generation"));
    one.before = static_cast<int>(std::lround(number_in(entry, "before") * 1e4));
    one.asked = number_in(entry, "asked");
    one.since = text_in(entry, "since");
    one.why = text_in(entry, "why");
    out.push_back(std::move(one));
  }
  return out;
}

void put_pending(Map& body, std::string_view field, const std::vector<Pending>& pending) {
  const std::vector<std::string> keys = keys_of(body);
  List all;
  for (const Pending& one : pending) {
    Map entry;
    if (!keys.empty()) entry.append("segment", segment_map(keys, one.segment));
    entry.append("arm", one.arm);
    entry.append("decision", one.decision);
    entry.append("generation", one.generation);
    entry.append("before", one.before / 1e4);
    entry.append("asked", one.asked);
    entry.append("since", one.since);
    entry.append("why", one.why);
    entry.append("action", one.action);
    all.emplace_back(std::move(entry));
  }
  body[field] = std::move(all);
}

std::vector<Pending> newly_pending(const Map& body, const std::vector<std::string>& actions,
                                   std::int64_t generation, Instant now) {
  Map copy = body;
  Entries entries(copy);
  const std::vector<std::string> keys = keys_of(body);
  std::vector<Pending> out;
  for (const std::string& action : actions) {
    const Target target = target_of(action, keys);
    const Value entry = entries.of(target.segment, target.arm);
    if (text_in(entry, "result") != "pending") continue;
    Pending one;
    one.segment = target.segment;
    one.arm = target.arm;
    one.decision = text_in(entry, "decision");
    one.action = action;
    one.generation = generation;
    one.before = static_cast<int>(std::lround(number_in(entry, "before") * 1e4));
    one.asked = number_in(entry, "asked");
    one.since = format_rfc3339({now.seconds, 0});
    out.push_back(std::move(one));
  }
  return out;
}

double weight_of_line(std::string_view line) {
  const Value decision = parse_json_or_throw(line, "a decision");
  const Value* weight = final_weight(decision);
  return weight == nullptr ? 0 : weight->as_double();
}

}  // namespace autopilot::loop
