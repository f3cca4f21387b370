#pragma once
// What monitor policies would have done, from the recorded decisions alone: each decision names the
// monitor policies that concerned it, their results and reasons. Takes the records one by one;
// memory grows with policies, rules and days, not with decisions.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/decide/record.h"
#include "core/render/report.h"

namespace autopilot::decide {

struct ShadowCounts {
  std::int64_t decisions = 0;  // that concern the policy
  // By the enforced result, then by what the policy would have made of it.
  std::array<std::array<std::int64_t, 4>, 4> results{};
  std::array<std::int64_t, 4> risk_micros{};  // by what it would have made of it

  std::int64_t would(Result result) const;
  // What enforcing would have changed: decisions that came to less than `result`, and would have
  // come to it. An action that waits or is blocked anyway is no other for being modified first.
  std::int64_t changes(Result result) const;
  std::int64_t changes() const;
};

struct ShadowRule {
  std::int64_t decisions = 0;
  std::int64_t changed = 0;  // of them, those whose result would have been another
  std::int64_t risk_micros = 0;
  std::string message;  // of the first
  std::vector<std::string>
      examples;  // ids of the first decisions, those that change something first
};
inline constexpr std::size_t kShadowExamples = 3;

struct ShadowPolicy {
  ShadowCounts all;
  std::map<std::string, ShadowCounts> days;                         // "2026-11-20", UTC
  std::map<std::pair<std::string, std::string>, ShadowRule> rules;  // by rule and effect
};

class Shadow {
 public:
  // Only of these policies; empty: of all.
  explicit Shadow(std::vector<std::string> only) : only_(std::move(only)) {}

  void add(std::string_view line);  // REQUIRES kPadding readable bytes after it
  // A policy that is to be in the report even if no decision concerned it.
  void mention(const std::string& policy) { policies_[policy]; }

  std::int64_t read() const { return read_; }  // decisions
  const std::map<std::string, ShadowPolicy>& policies() const { return policies_; }

 private:
  bool wants(std::string_view policy) const;
  void count(std::string_view policy, Result enforced, Result would);
  void count_rules(std::string_view policy, ShadowPolicy& into, bool changes);

  std::vector<std::string> only_;
  RecordReader reader_;
  Record record_;
  std::int64_t read_ = 0;
  std::map<std::string, ShadowPolicy> policies_;
};

// Whether enforcing would have made another result of it.
bool would_change(Result enforced, Result would);

render::Report describe(const Shadow& shadow);

}  // namespace autopilot::decide
