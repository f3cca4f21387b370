#include "core/loop/actuator.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/units.h"
#include "core/deploy/spec.h"
#include "core/loop/actuators.h"

namespace autopilot::loop {
namespace {

// Weights that others write down are rounded.
constexpr int kNear = 1;

}  // namespace

std::unique_ptr<Actuator> make_actuator(const Algorithm& algorithm, const Site& site) {
  const std::string provider = deploy::text_in(algorithm.actuator, "provider");
  if (provider == "haproxy") return make_haproxy_actuator(algorithm, site);
  if (provider == "nginx" || provider == "kubernetes") return make_split_actuator(algorithm, site);
  if (provider == "exec") return make_exec_actuator(algorithm, site);
  if (provider == "webhook") return make_webhook_actuator(algorithm, site);
  if (provider == "file") return make_file_actuator(algorithm, site);
  throw Error(ErrorKind::invalid, "unknown actuator " + provider);
}

Value order_data(const Order& order, const Value& spec) {
  Map weights, budgets;
  const Value* total = spec.get("total");
  for (const auto& [arm, share] : order.shares) {
    weights.append(arm, share / 1e4);
    if (total != nullptr) budgets.append(arm, total->as_double() * share / 1e4);
  }
  Map out{{"schema", "autopilot.shares/v1"},
          {"algorithm", order.algorithm},
          {"generation", order.generation},
          {"key", order.key},
          {"weights", std::move(weights)}};
  if (total != nullptr) out.append("budgets", std::move(budgets));
  return out;
}

ArmShares shares_in(const Value& data) {
  const Value* weights = data.get("weights");
  ArmShares out;
  if (weights == nullptr || !weights->is_map()) return out;
  for (const auto& [arm, weight] : weights->as_map()) {
    if (!weight.is_number()) return {};
    const double share = weight.as_double();
    if (!(share >= 0 && share <= 1)) return {};
    out[arm] = static_cast<int>(std::lround(share * 1e4));
  }
  return out;
}

deploy::SplitCheck compare_shares(const ArmShares& seen, const ArmShares& wanted) {
  deploy::SplitCheck out;
  Map observed;
  for (const auto& [arm, share] : seen) observed.append(arm, share / 1e4);
  out.observed = Map{{"weights", std::move(observed)}};
  for (const auto& [arm, share] : wanted) {
    const auto at = seen.find(arm);
    const int there = at == seen.end() ? 0 : at->second;
    if (std::abs(there - share) <= kNear) continue;
    out.why =
        fmt::format("{} has {}, not {}", arm, format_share(there / 1e4), format_share(share / 1e4));
    return out;
  }
  out.holds = true;
  out.why = "shares read back";
  return out;
}

}  // namespace autopilot::loop
