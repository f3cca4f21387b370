#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr Kind kKinds[] = {
    {"Policy", "autopilot/v1", "Rules that decide what automation may do", "policies/*.yaml",
     &kPolicySpec, "name", check_policy, nullptr},
    {"PolicyTest", "autopilot/v1", "Cases that say what the policies must answer", "tests/*.yaml",
     &kPolicyTestSpec, "name", check_policy_test, nullptr},
    {"Access", "autopilot/v1", "Who has which role", "policies/access.yaml", &kAccessSpec, "",
     check_access, nullptr},
    {"Deployment", "autopilot/v1", "How a version goes into production, and back by itself",
     "policies/*.yaml", &kDeploymentSpec, "name", check_deployment, nullptr},
    {"Algorithm", "autopilot/v1", "What learns from logs how to divide traffic, and does",
     "policies/*.yaml", &kAlgorithmSpec, "", check_algorithm, nullptr},
    {"Budget", "autopilot/v1", "What is to be spent on which channels, and within which limits",
     "policies/*.yaml", &kBudgetSpec, "id", check_budget, nullptr},
    {"RCPPolicy", "smartlinks/v1",
     "A runtime control policy in the older form; convert prints it as a Policy", "policies/*.yaml",
     &kRcpPolicySpec, "", check_rcp_policy, translate_rcp_policy},
};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace autopilot::policy
