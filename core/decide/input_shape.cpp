#include "core/decide/input_shape.h"

#include <algorithm>

namespace autopilot::decide {

KnownKey::KnownKey(std::string_view name, Branch* leads_to) : key(name), branch(leads_to) {
  const std::string text = '"' + key + "\":";
  const bool is_plain = std::none_of(name.begin(), name.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  });
  is_short = is_plain && text.size() <= sizeof written;
  if (!is_short) return;
  std::memcpy(written.data(), text.data(), text.size());
  std::memset(mask.data(), 0xFF, text.size());
}

void KeyTable::expect(std::string_view key, Branch* branch) {
  KnownKey& known = keys_.emplace_back(key, branch);
  by_name_.emplace(known.key, &known);
  ++expected_;
}

KnownKey* KeyTable::find(std::string_view key) {
  KnownKey* known = nullptr;
  const auto found = by_name_.find(key);
  if (found != by_name_.end()) {
    known = found->second;
  } else {
    known = &keys_.emplace_back(key, nullptr);
    by_name_.emplace(known->key, known);
    ++unknown_;
  }
  previous_->next = known->is_short ? known : nullptr;
  return known;
}

void KeyTable::forget() {
  by_name_.clear();
  keys_.resize(expected_, KnownKey("", nullptr));
  for (KnownKey& known : keys_) {
    known.next = nullptr;
    by_name_.emplace(known.key, &known);
  }
  start_.next = nullptr;
  unknown_ = 0;
}

Branch& Branch::child(const std::string& wanted) {
  for (Branch& b : children) {
    if (b.key == wanted) return b;
  }
  Branch& fresh = children.emplace_back();
  fresh.key = fresh.name = wanted;
  return fresh;
}

void Branch::alias(const std::string& wanted, const std::string& other) {
  Branch& original = child(wanted);
  original.pair = pairs++;
  Branch copy = original;
  copy.key = other;
  children.push_back(std::move(copy));
}

void Branch::settle() {
  scalar_slot = is_object ? -1 : slot;
  for (Branch& b : children) {
    keys.expect(b.key, &b);
    b.settle();
  }
}

namespace {

// Where a slot's path stands in the JSON, or null when the engine fills it itself.
Branch* place(InputShape& shape, const expr::Path& path) {
  const bool of_action = path[0] == "action";
  Branch* at = of_action ? &shape.action : &shape.context;
  const bool of_context =
      path[0] == "context" || path[0] == "metrics" || path[0] == "segment" || path[0] == "features";
  if (!of_action && !of_context) return nullptr;
  const std::size_t first = of_action || path[0] == "context" ? 1 : 0;
  if (first == path.size()) return nullptr;
  for (std::size_t i = first; i < path.size(); ++i) at = &at->child(path[i]);
  return at;
}

void collect(const Branch& branch, std::vector<int>& slots) {
  for (const Branch& b : branch.children) {
    if (b.slot >= 0) slots.push_back(b.slot);
    collect(b, slots);
  }
}

}  // namespace

InputShape::InputShape(const expr::SlotTable& slots) {
  // Always walked, so that the keys are checked whatever the policies read.
  Branch& data = action.child("data");
  data.is_object = data.is_data = true;
  for (const char* key : {"metrics", "segment", "features"}) context.child(key).is_object = true;
  for (int i = 0; i < slots.size(); ++i) {
    if (Branch* at = place(*this, slots.paths()[static_cast<std::size_t>(i)])) at->slot = i;
  }
  action.alias("algorithm", "algo_key");
  action.alias("risk", "risk_score");
  context.alias("segment", "segment_data");
  context.alias("role", "user_role");
  context.alias("time", "timestamp");
  collect(action, action_slots);
  action.settle();
  context.settle();
}

}  // namespace autopilot::decide
