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

Map weights_of(const ArmShares& shares) {
  Map out;
  for (const auto& [arm, share] : shares) out.append(arm, share / 1e4);
  return out;
}

// "weights" in basis points; empty when there are none that make sense.
ArmShares arm_shares_in(const Value& data) {
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

// "a has 50%, not 25%", or "".
std::string difference(const ArmShares& seen, const ArmShares& wanted) {
  for (const auto& [arm, share] : wanted) {
    const auto at = seen.find(arm);
    const int there = at == seen.end() ? 0 : at->second;
    if (std::abs(there - share) <= kNear) continue;
    return fmt::format("{} has {}, not {}", arm, format_share(there / 1e4),
                       format_share(share / 1e4));
  }
  return {};
}

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

Value order_data(const Order& order, const Algorithm& algorithm) {
  Map out{{"schema", "autopilot.shares/v1"},
          {"algorithm", order.algorithm},
          {"generation", order.generation},
          {"key", order.key}};
  if (algorithm.segment.empty()) {
    out.append("weights", weights_of(order.of_all()));
  } else {
    List segments;
    for (const auto& [segment, shares] : order.shares) {
      segments.emplace_back(Map{{"segment", segment_map(algorithm.segment, segment)},
                                {"weights", weights_of(shares)}});
    }
    out.append("segments", std::move(segments));
  }
  const Value* total = algorithm.actuator.get("total");
  if (total == nullptr) return out;
  Map budgets;
  for (const auto& [arm, share] : order.of_all()) {
    budgets.append(arm, total->as_double() * share / 1e4);
  }
  out.append("budgets", std::move(budgets));
  return out;
}

SegmentShares shares_in(const Value& data, const std::vector<std::string>& keys) {
  SegmentShares out;
  const auto add = [&](const Segment& segment, const Value& holder) {
    ArmShares shares = arm_shares_in(holder);
    if (!shares.empty()) out[segment] = std::move(shares);
  };
  if (keys.empty()) {
    add({}, data);
    return out;
  }
  const Value* segments = data.get("segments");
  if (segments == nullptr || !segments->is_list()) return out;
  for (const Value& one : segments->as_list()) {
    const Value* segment = one.get("segment");
    if (segment != nullptr && segment->is_map()) add(segment_in(keys, *segment), one);
  }
  return out;
}

deploy::SplitCheck compare_shares(const SegmentShares& seen, const SegmentShares& wanted,
                                  const std::vector<std::string>& keys) {
  deploy::SplitCheck out;
  List observed;
  for (const auto& [segment, shares] : wanted) {
    const auto there = seen.find(segment);
    const ArmShares& now = there == seen.end() ? ArmShares() : there->second;
    Map entry{{"weights", weights_of(now)}};
    if (!keys.empty()) entry.append("segment", segment_map(keys, segment));
    observed.emplace_back(std::move(entry));
    if (out.why.empty())
      out.why = now.empty() ? "no weights from 0 to 1 are read back" : difference(now, shares);
    if (!out.why.empty() && !keys.empty()) {
      out.why = fmt::format("{}: {}", segment_name(keys, segment), out.why);
    }
    if (!out.why.empty()) break;
  }
  out.observed = keys.empty() && !observed.empty() ? observed.front()
                                                   : Value(Map{{"segments", std::move(observed)}});
  out.holds = out.why.empty();
  if (out.holds) out.why = "shares read back";
  return out;
}

}  // namespace autopilot::loop
