#include "core/trial/expect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/json.h"

namespace autopilot::trial {
namespace {

constexpr double kClose = 1e-9;

bool close(double a, double b) {
  return a == b || std::fabs(a - b) <= kClose * std::max(std::fabs(a), std::fabs(b));
}

bool same(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return close(a.as_double(), b.as_double());
  if (a.is_list() && b.is_list()) {
    return std::equal(a.as_list().begin(), a.as_list().end(), b.as_list().begin(),
                      b.as_list().end(), same);
  }
  if (!a.is_map() || !b.is_map()) return a == b;
  return a.as_map().size() == b.as_map().size() &&
         std::all_of(a.as_map().begin(), a.as_map().end(), [&](const Map::Entry& entry) {
           const Value* other = b.get(entry.first);
           return other != nullptr && same(entry.second, *other);
         });
}

Value value_of(const YamlNode& node) {
  Diagnostics ignored;  // the document passed validation
  return to_value(node, ignored);
}

std::string shown(const Value* value) { return value == nullptr ? "nothing" : to_json(*value); }

std::string text_at(const Value& value, std::string_view key) {
  const Value* found = value.get(key);
  return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

class Comparison {
 public:
  Comparison(const Value& decision, std::vector<Mismatch>& out) : decision_(decision), out_(out) {}

  void compare(const YamlEntry& entry) {
    const Value& action = *decision_.get("action");
    if (entry.key == "result" || entry.key == "risk") {
      whole(entry.key, entry.value, decision_.get(entry.key));
    } else if (entry.key == "action") {
      part("action", entry.value, &action);
    } else if (entry.key == "data") {
      part("data", entry.value, action.get("data"));
    } else if (entry.key == "whole_action") {
      whole("the whole action", entry.value, &action);
    } else if (entry.key == "reasons") {
      for (const YamlNode& reason : entry.value.items) reason_given(reason);
    } else if (entry.key == "no_reasons") {
      for (const YamlNode& reason : entry.value.items) reason_absent(reason);
    } else if (entry.key == "monitor") {
      for (const YamlEntry& policy : entry.value.entries) monitor(policy);
    }
  }

 private:
  void add(std::string what, std::string expected, std::string actual, const YamlNode& at) {
    out_.push_back({std::move(what), std::move(expected), std::move(actual), at.span});
  }

  void whole(const std::string& what, const YamlNode& expected, const Value* actual) {
    const Value value = value_of(expected);
    if (actual != nullptr && same(value, *actual)) return;
    add(what, shown(&value), shown(actual), expected);
  }

  // Only the fields that are named count; one that is null must be missing or null.
  void part(const std::string& what, const YamlNode& expected, const Value* actual) {
    if (expected.is_null()) {
      if (actual != nullptr && !actual->is_null()) add(what, "nothing", shown(actual), expected);
      return;
    }
    if (!expected.is_map()) return whole(what, expected, actual);
    if (actual == nullptr || !actual->is_map()) {
      return add(what, "a map", shown(actual), expected);
    }
    for (const YamlEntry& entry : expected.entries)
      part(what + "." + entry.key, entry.value, actual->get(entry.key));
  }

  static bool fits(const YamlNode& wanted, const Value& reason) {
    if (wanted.find("policy") == nullptr && reason.get("monitor") != nullptr) return false;
    return std::all_of(wanted.entries.begin(), wanted.entries.end(), [&](const YamlEntry& e) {
      if (e.key == "contains")
        return text_at(reason, "message").find(e.value.text) != std::string::npos;
      if (e.key != "approvals") return text_at(reason, e.key) == e.value.text;
      const Value* approvals = reason.get("approvals");
      return approvals != nullptr && same(value_of(e.value), *approvals);
    });
  }

  const Value* find(const YamlNode& wanted) const {
    for (const Value& reason : decision_.get("reasons")->as_list()) {
      if (fits(wanted, reason)) return &reason;
    }
    return nullptr;
  }

  // policy/rule effect "message", as far as it is said.
  static std::string described(const YamlNode& reason) {
    const auto text = [&](std::string_view field) {
      const YamlNode* found = reason.find(field);
      return found == nullptr ? std::string() : found->text;
    };
    std::string out = text("policy");
    if (!text("rule").empty()) out += (out.empty() ? "" : "/") + text("rule");
    for (const char* field : {"effect", "approvals"}) {
      if (!text(field).empty()) out += (out.empty() ? "" : " ") + text(field);
    }
    if (!text("message").empty()) out += fmt::format(" \"{}\"", text("message"));
    if (!text("contains").empty()) out += fmt::format(" with \"{}\"", text("contains"));
    return out.empty() ? "any reason" : out;
  }

  static std::string described(const Value& reason) {
    const std::string policy = text_at(reason, "policy");
    return fmt::format("{}{}{} {} \"{}\"", policy, policy.empty() ? "" : "/",
                       text_at(reason, "rule"), text_at(reason, "effect"),
                       text_at(reason, "message"));
  }

  void reason_given(const YamlNode& wanted) {
    if (find(wanted) == nullptr) add("a reason", described(wanted), "none such", wanted);
  }

  void reason_absent(const YamlNode& unwanted) {
    if (const Value* found = find(unwanted))
      add("a reason", "not " + described(unwanted), described(*found), unwanted);
  }

  void monitor(const YamlEntry& policy) {
    std::string actual = "none";
    for (const Value& m : decision_.get("monitor")->as_list()) {
      if (text_at(m, "policy") == policy.key) actual = text_at(m, "result");
    }
    if (actual != policy.value.text)
      add("monitor." + policy.key, policy.value.text, actual, policy.value);
  }

  const Value& decision_;
  std::vector<Mismatch>& out_;
};

}  // namespace

std::vector<Mismatch> mismatches(const YamlNode& expect, const Value& decision) {
  std::vector<Mismatch> out;
  Comparison comparison(decision, out);
  for (const YamlEntry& entry : expect.entries) comparison.compare(entry);
  return out;
}

}  // namespace autopilot::trial
