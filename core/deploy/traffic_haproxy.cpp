#include "core/deploy/traffic_haproxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/deploy/counts_fit.h"
#include "core/deploy/haproxy_runtime.h"
#include "core/deploy/haproxy_weights.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kPoll = Duration::milliseconds(20);
constexpr std::int64_t kEnoughRequests = 400;
constexpr std::int64_t kFewestRequests = 50;  // below it the weights alone are judged

struct HaproxySpec {
  std::string socket, backend, state_file;
  std::map<std::string, std::vector<std::string>> servers;  // by slot
  Duration sample = Duration::milliseconds(200);            // of traffic at most, for a check
};

HaproxySpec read_haproxy_spec(const Value& spec, const Site& site) {
  HaproxySpec out;
  out.socket = text_in(spec, "socket");
  out.backend = text_in(spec, "backend", site.deployment);
  out.state_file = text_in(spec, "state_file", "");
  out.sample = duration_in(spec, "sample", out.sample);
  const Value* servers = spec.get("servers");
  for (const Slot& slot : site.slots) {
    std::vector<std::string> names;
    if (servers != nullptr) names = texts_in(*servers, slot.name);
    if (names.empty()) names = {slot.name};
    out.servers[slot.name] = names;
  }
  return out;
}

// How many requests each side took between two looks.
struct Flow {
  std::int64_t canary = 0, stable = 0;
  bool restarted = false;
  std::int64_t total() const { return canary + stable; }
};

class HaproxyTraffic final : public Traffic {
 public:
  HaproxyTraffic(HaproxySpec spec, World& world)
      : spec_(std::move(spec)), world_(world), runtime_(world, spec_.socket) {}

  // HAProxy takes any share at any time: all that can be missing is in its own configuration.
  Value install(const std::vector<Routing>&) override {
    runtime_.refuse_without_admin();
    runtime_.refuse_unweighted(spec_.backend);
    const std::vector<HaproxyServer> known = runtime_.servers(spec_.backend);
    for (const auto& [slot, names] : spec_.servers) {
      // Setting what is set already shows whether weights can be set at all.
      for (const std::string& name : names) {
        runtime_.set_weight(spec_.backend, name, server(known, name).weight);
      }
    }
    return Map{{"changed", false}};
  }

  void set(const Split& split) override {
    refuse_match_and_mirror(split, "HAProxy");
    const std::vector<HaproxyServer> known = runtime_.servers(spec_.backend);
    const WeightPair to = wanted(split);
    const WeightPair from{weight_of(known, split.canary), weight_of(known, split.stable)};
    const bool canary_first = canary_goes_first(from, to, counts_of(split));
    if (canary_first) set_slot(split.canary, to.canary);
    set_slot(split.stable, to.stable);
    if (!canary_first) set_slot(split.canary, to.canary);
    if (!spec_.state_file.empty()) world_.files.write(spec_.state_file, runtime_.state_text());
  }

  SplitCheck verify(const Split& split) override {
    try {
      return check(split);
    } catch (const Error& e) {
      return {false, e.with_hint(), Map{}};
    }
  }

  std::map<std::string, int> shares() override {
    std::map<std::string, int> out;
    try {
      const std::vector<HaproxyServer> known = runtime_.servers(spec_.backend);
      double total = 0;
      std::map<std::string, double> weights;
      for (const auto& [slot, names] : spec_.servers) {
        for (const std::string& name : names) weights[slot] += server(known, name).weight;
        total += weights[slot];
      }
      if (total == 0) return {};
      for (const auto& [slot, weight] : weights) {
        out[slot] = static_cast<int>(std::lround(weight / total * kWhole));
      }
    } catch (const Error&) {
      return {};
    }
    return out;
  }

  std::optional<std::int64_t> open_connections(const std::string& slot) override {
    const auto at = spec_.servers.find(slot);
    if (at == spec_.servers.end()) return std::nullopt;
    try {
      std::int64_t open = 0;
      for (const HaproxyCount& count : runtime_.counts(spec_.backend)) {
        if (belongs(count.server, at->second)) open += count.sessions;
      }
      return open;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  bool takes_any_weight() const override { return true; }

 private:
  static bool belongs(const std::string& server, const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), server) != names.end();
  }

  const std::vector<std::string>& servers_of(const std::string& slot) const {
    const auto at = spec_.servers.find(slot);
    if (at == spec_.servers.end()) throw Error(ErrorKind::invalid, "there is no slot " + slot);
    return at->second;
  }

  ServerCounts counts_of(const Split& split) const {
    return {static_cast<int>(servers_of(split.canary).size()),
            static_cast<int>(servers_of(split.stable).size())};
  }

  WeightPair wanted(const Split& split) const {
    return closest_weights(split.canary_bp, counts_of(split));
  }

  const HaproxyServer& server(const std::vector<HaproxyServer>& known,
                              const std::string& name) const {
    for (const HaproxyServer& one : known) {
      if (one.name == name) return one;
    }
    throw Error(ErrorKind::outside,
                fmt::format("HAProxy's backend {} has no server {}", spec_.backend, name),
                "traffic.servers says which servers belong to a slot");
  }

  // Of the slot's servers; they are equal unless somebody else set them.
  int weight_of(const std::vector<HaproxyServer>& known, const std::string& slot) const {
    int least = kMostWeight;
    for (const std::string& name : servers_of(slot)) {
      least = std::min(least, server(known, name).weight);
    }
    return least;
  }

  void set_slot(const std::string& slot, int weight) {
    for (const std::string& name : servers_of(slot)) {
      runtime_.set_weight(spec_.backend, name, weight);
    }
  }

  SplitCheck check(const Split& split) {
    const WeightPair weights = wanted(split);
    const double share = share_of(weights, counts_of(split));
    SplitCheck out;
    out.observed =
        Map{{"weights", Map{{split.canary, weights.canary}, {split.stable, weights.stable}}},
            {"share", share}};
    const std::vector<HaproxyServer> known = runtime_.servers(spec_.backend);
    for (const auto& [slot, weight] :
         {std::pair(split.canary, weights.canary), std::pair(split.stable, weights.stable)}) {
      const bool serves = weight > 0 && (slot != split.stable || split.stable_serves);
      for (const std::string& name : servers_of(slot)) {
        out.why = judge_server(server(known, name), weight, serves);
        if (!out.why.empty()) return out;
      }
    }
    const Flow flow = watch(split);
    out.observed.as_map()["requests"] =
        Map{{split.canary, flow.canary}, {split.stable, flow.stable}};
    judge_flow(split, share, flow, out);
    return out;
  }

  std::string judge_server(const HaproxyServer& seen, int weight, bool serves) const {
    if (seen.weight != weight) {
      return fmt::format("server {}/{} has weight {}, not {}", spec_.backend, seen.name,
                         seen.weight, weight);
    }
    if (serves && !seen.is_up) {
      return fmt::format("server {}/{} is down: its share goes elsewhere", spec_.backend,
                         seen.name);
    }
    if (serves && seen.is_drained) {
      return fmt::format("server {}/{} is in maintenance or drained", spec_.backend, seen.name);
    }
    return {};
  }

  // What the weights do, where there is traffic to see it by.
  static void judge_flow(const Split& split, double share, const Flow& flow, SplitCheck& out) {
    const bool is_final = share == 0 || share == 1;
    out.why = fmt::format("weights read back; {} of {} requests went to {}", flow.canary,
                          flow.total(), split.canary);
    if (flow.restarted) {
      out.why = "HAProxy was restarted during the check";
      return;
    }
    if (!is_final && flow.total() < kFewestRequests) {
      out.holds = true;
      out.why += ", too few to count";
      return;
    }
    out.holds = flow.total() == 0 || counts_fit(flow.canary, flow.total(), share);
    if (!out.holds) {
      out.why = fmt::format(
          "{} of {} requests went to {} where its weight gives {:.2f} %: is there a cookie, a "
          "rule, "
          "or balance random (write random(1)) besides the weights?",
          flow.canary, flow.total(), split.canary, share * 100);
    }
  }

  Flow watch(const Split& split) {
    const std::vector<HaproxyCount> before = runtime_.counts(spec_.backend);
    const std::int64_t deadline = world_.clock.monotonic_nanos() + spec_.sample.nanos;
    Flow flow;
    do {
      world_.clock.sleep(kPoll);
      const std::vector<HaproxyCount> now = runtime_.counts(spec_.backend);
      flow = Flow{};
      flow.canary = grown(before, now, servers_of(split.canary), flow.restarted);
      flow.stable = grown(before, now, servers_of(split.stable), flow.restarted);
    } while (flow.total() < kEnoughRequests && world_.clock.monotonic_nanos() < deadline);
    return flow;
  }

  static std::int64_t grown(const std::vector<HaproxyCount>& before,
                            const std::vector<HaproxyCount>& now,
                            const std::vector<std::string>& names, bool& restarted) {
    std::int64_t sum = 0;
    for (const HaproxyCount& one : now) {
      if (!belongs(one.server, names)) continue;
      for (const HaproxyCount& old : before) {
        if (old.server != one.server) continue;
        restarted |= one.total < old.total;
        sum += one.total - old.total;
      }
    }
    return sum;
  }

  HaproxySpec spec_;
  World& world_;
  HaproxyRuntime runtime_;
};

}  // namespace

std::unique_ptr<Traffic> make_haproxy_traffic(const Value& spec, const Site& site, World& world) {
  return std::make_unique<HaproxyTraffic>(read_haproxy_spec(spec, site), world);
}

}  // namespace autopilot::deploy
