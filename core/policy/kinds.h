#pragma once
// The kinds of documents, one row each. Loading, `autopilot schema`, diffs and docs walk this
// table; adding a kind is adding a row.

#include <span>
#include <string_view>

#include "core/base/diagnostic.h"
#include "core/base/yaml.h"
#include "core/policy/expression_check.h"
#include "core/policy/model.h"
#include "core/policy/shape.h"

namespace autopilot::policy {

// What a semantic check may look at. `content` is the typed mapping; fields that do not fit their
// shapes were reported.
struct CheckInput {
  const YamlNode& root;
  const Value& content;
  bool sound;  // no fault was found so far
  const Project& project;
  const std::vector<std::string>& action_types;  // that are known
  ExpressionChecker& expressions;
  Diagnostics& diagnostics;
};

struct Kind {
  std::string_view name;
  std::string_view api_version;
  std::string_view summary;    // what documents of this kind are for, a sentence without its period
  std::string_view file_hint;  // where they usually live
  const Schema* spec;
  std::string_view list_key;  // diffs match the entries of lists of maps by this field
  void (*check)(const CheckInput& input);
  // Turns the content into what state holds; null: it stays as it is. Only called for documents
  // without faults.
  Value (*translate)(const Value& content);
};

std::span<const Kind> kinds();
const Kind* find_kind(std::string_view name);  // null when unknown

extern const Schema kPolicySpec;
extern const Schema kPolicyTestSpec;
extern const Schema kAccessSpec;
extern const Schema kBudgetSpec;
extern const Schema kDeploymentSpec;
extern const Schema kAlgorithmSpec;
extern const Schema kRcpPolicySpec;
extern const Schema kMetadata;
extern const Schema kProjectSchema;

void check_policy(const CheckInput& input);
void check_policy_test(const CheckInput& input);
void check_access(const CheckInput& input);
void check_budget(const CheckInput& input);
void check_deployment(const CheckInput& input);
void check_algorithm(const CheckInput& input);
void warn_of_algorithm(const CheckInput& input);  // REQUIRES that it is sound
void check_rcp_policy(const CheckInput& input);
Value translate_rcp_policy(const Value& content);

}  // namespace autopilot::policy
