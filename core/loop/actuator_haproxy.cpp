// Shares of any number of arms as weights of HAProxy's servers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/deploy/haproxy_runtime.h"
#include "core/deploy/haproxy_weights.h"
#include "core/deploy/spec.h"
#include "core/loop/actuators.h"
#include "core/stats/bandit_shares.h"

namespace autopilot::loop {
namespace {

using deploy::HaproxyServer;
using deploy::kMostWeight;

using Weights = std::map<std::string, int>;  // of each server, by name

class HaproxyActuator final : public Actuator {
 public:
  HaproxyActuator(const Algorithm& algorithm, const Site& site)
      : site_(site),
        runtime_(site.world, deploy::text_in(algorithm.actuator, "socket")),
        backend_(deploy::text_in(algorithm.actuator, "backend", algorithm.id)),
        state_file_(deploy::text_in(algorithm.actuator, "state_file", "")) {
    const Value* servers = algorithm.actuator.get("servers");
    for (const AlgorithmArm& arm : algorithm.arms) {
      std::vector<std::string> names;
      if (servers != nullptr) names = deploy::texts_in(*servers, arm.name);
      servers_[arm.name] = names.empty() ? std::vector<std::string>{arm.name} : names;
    }
  }

  SegmentShares current() override {
    const std::vector<HaproxyServer> known = runtime_.servers(backend_);
    std::vector<double> sums;
    double total = 0;
    for (const auto& [arm, names] : servers_) {
      double sum = 0;
      for (const std::string& name : names) sum += server(known, name).weight;
      sums.push_back(sum);
      total += sum;
    }
    if (total == 0) return {};
    for (double& sum : sums) sum /= total;
    const std::vector<int> points = stats::basis_points(sums);
    ArmShares out;
    std::size_t i = 0;
    for (const auto& [arm, names] : servers_) out[arm] = points[i++];
    return {{Segment(), std::move(out)}};
  }

  // Those that grow first: traffic never has nowhere to go.
  void set(const Order& order) override {
    runtime_.refuse_without_admin();
    runtime_.refuse_unweighted(backend_);
    const std::vector<HaproxyServer> known = runtime_.servers(backend_);
    const Weights weights = weights_for(order.of_all());
    for (const bool growing : {true, false}) {
      for (const auto& [name, weight] : weights) {
        if ((weight >= server(known, name).weight) == growing) {
          runtime_.set_weight(backend_, name, weight);
        }
      }
    }
    if (!state_file_.empty()) site_.world.files.write(state_file_, runtime_.state_text());
  }

  deploy::SplitCheck verify(const Order& order) override {
    deploy::SplitCheck out;
    const std::vector<HaproxyServer> known = runtime_.servers(backend_);
    Map observed;
    for (const auto& [name, weight] : weights_for(order.of_all())) {
      const HaproxyServer& seen = server(known, name);
      observed.append(name, seen.weight);
      if (seen.weight != weight) {
        out.why =
            fmt::format("server {}/{} has weight {}, not {}", backend_, name, seen.weight, weight);
      } else if (weight > 0 && (!seen.is_up || seen.is_drained)) {
        out.why = fmt::format("server {}/{} is {}: its share goes elsewhere", backend_, name,
                              seen.is_up ? "drained or in maintenance" : "down");
      }
    }
    out.observed = Map{{"weights", std::move(observed)}};
    out.holds = out.why.empty();
    if (out.holds) out.why = "weights read back";
    return out;
  }

 private:
  const HaproxyServer& server(const std::vector<HaproxyServer>& known,
                              const std::string& name) const {
    const auto at = std::find_if(known.begin(), known.end(),
                                 [&](const HaproxyServer& one) { return one.name == name; });
    if (at != known.end()) return *at;
    throw Error(ErrorKind::outside,
                fmt::format("HAProxy's backend {} has no server {}", backend_, name),
                "actuator.servers says which servers belong to an arm");
  }

  // Of all scales of whole weights that with the least error, the finest of equals. A share above 0
  // never becomes none.
  Weights weights_for(const ArmShares& shares) const {
    Weights best;
    double least = 2;
    for (int most = kMostWeight; most > 0; --most) {
      Weights weights = scaled(shares, most);
      const double error = error_of(weights, shares);
      if (error > least - 1e-9) continue;
      least = error;
      best = std::move(weights);
    }
    return best;
  }

  // The arm with the greatest share for each server gets `greatest`, the others in proportion.
  Weights scaled(const ArmShares& shares, int greatest) const {
    double most = 0;
    for (const auto& [arm, share] : shares) most = std::max(most, each(arm, share));
    Weights out;
    for (const auto& [arm, share] : shares) {
      const double exact = each(arm, share) / most * greatest;
      const int weight = share == 0 ? 0 : std::max(1, static_cast<int>(std::lround(exact)));
      for (const std::string& name : servers_.at(arm)) out[name] = weight;
    }
    return out;
  }

  // The most that an arm's share is off by.
  double error_of(const Weights& weights, const ArmShares& shares) const {
    double total = 0, most = 0;
    for (const auto& [name, weight] : weights) total += weight;
    for (const auto& [arm, share] : shares) {
      double sum = 0;
      for (const std::string& name : servers_.at(arm)) sum += weights.at(name);
      most = std::max(most, std::abs(sum / total - share / 1e4));
    }
    return most;
  }
  double each(const std::string& arm, int share) const {
    return share / static_cast<double>(servers_.at(arm).size());
  }

  Site site_;
  deploy::HaproxyRuntime runtime_;
  std::string backend_, state_file_;
  std::map<std::string, std::vector<std::string>> servers_;  // by arm
};

}  // namespace

std::unique_ptr<Actuator> make_haproxy_actuator(const Algorithm& algorithm, const Site& site) {
  return std::make_unique<HaproxyActuator>(algorithm, site);
}

}  // namespace autopilot::loop
