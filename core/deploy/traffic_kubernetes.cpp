#include "core/deploy/traffic_kubernetes.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/programs.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

std::int64_t integer_at(const Value* value, std::int64_t otherwise) {
  return value != nullptr && value->kind() == Value::Kind::integer ? value->as_int() : otherwise;
}

std::string text_at(const Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

const List& list_at(const Value* value) {
  static const List kNothing;
  return value != nullptr && value->is_list() ? value->as_list() : kNothing;
}

class KubernetesTraffic final : public Traffic {
 public:
  KubernetesTraffic(const Value& spec, const Site& site, World& world)
      : route_(text_in(spec, "route", site.deployment)),
        rule_(integer_in(spec, "rule", 0)),
        kubectl_(kubectl_words(spec)),
        world_(world) {
    for (const Slot& slot : site.slots) {
      services_[slot.name] =
          per_slot(spec, "services", slot.name, site.deployment + "-" + slot.name);
    }
  }

  Value install(const std::vector<Routing>&) override {
    const Value route = get();
    for (const auto& [slot, service] : services_) backend_index(route, service);
    return Map{{"changed", false}};
  }

  // Both weights in one patch, so that no other is ever in force; the names are tested first, as
  // the list is patched by position.
  void set(const Split& split) override {
    refuse_match_and_mirror(split, "the provider kubernetes");
    const Value route = get();
    List patch;
    for (const auto& [slot, weight] : {std::pair(split.canary, split.canary_bp),
                                       std::pair(split.stable, kWhole - split.canary_bp)}) {
      const std::string at = fmt::format("/spec/rules/{}/backendRefs/{}", rule_,
                                         backend_index(route, service_of(slot)));
      patch.push_back(Map{{"op", "test"}, {"path", at + "/name"}, {"value", service_of(slot)}});
      patch.push_back(Map{{"op", "add"}, {"path", at + "/weight"}, {"value", weight}});
    }
    run({"patch", "httproute", route_, "--type=json", "--patch=" + to_json(patch)});
  }

  SplitCheck verify(const Split& split) override {
    try {
      return check(split, get());
    } catch (const Error& e) {
      return {false, e.with_hint(), Map{}};
    }
  }

  std::map<std::string, int> shares() override {
    std::map<std::string, int> out;
    try {
      const Value route = get();
      std::int64_t total = 0;
      for (const auto& [slot, service] : services_) total += weight_of(route, service);
      if (total == 0) return {};
      for (const auto& [slot, service] : services_) {
        out[slot] = static_cast<int>(weight_of(route, service) * kWhole / total);
      }
    } catch (const Error&) {
      return {};
    }
    return out;
  }

  std::optional<std::int64_t> open_connections(const std::string&) override { return std::nullopt; }
  bool takes_any_weight() const override { return true; }

 private:
  std::string run(std::vector<std::string> words) {
    words.insert(words.begin(), kubectl_.begin(), kubectl_.end());
    CaptureLimits limits;
    limits.pass = {"KUBECONFIG"};
    return output_of(world_, words, limits);
  }

  Value get() {
    return parse_json_or_throw(run({"get", "httproute", route_, "-o", "json"}),
                               "kubectl's answer about the httproute " + route_);
  }

  const std::string& service_of(const std::string& slot) const {
    const auto at = services_.find(slot);
    if (at == services_.end()) throw Error(ErrorKind::invalid, "there is no slot " + slot);
    return at->second;
  }

  const List& backends(const Value& route) const {
    const Value* spec = route.get("spec");
    const List& rules = list_at(spec == nullptr ? nullptr : spec->get("rules"));
    if (rule_ < 0 || static_cast<std::size_t>(rule_) >= rules.size()) {
      throw Error(ErrorKind::outside, fmt::format("httproute {} has no rule {}", route_, rule_),
                  "traffic.rule counts from 0");
    }
    return list_at(rules[static_cast<std::size_t>(rule_)].get("backendRefs"));
  }

  std::size_t backend_index(const Value& route, const std::string& service) const {
    const List& all = backends(route);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (text_at(all[i].get("name")) == service) return i;
    }
    throw Error(ErrorKind::outside,
                fmt::format("rule {} of httproute {} has no backend {}", rule_, route_, service),
                "traffic.services names the Service of each slot; both must be among backendRefs");
  }

  std::int64_t weight_of(const Value& route, const std::string& service) const {
    return integer_at(backends(route)[backend_index(route, service)].get("weight"), 1);
  }

  // The weights are in the route, nobody else has any, and every gateway has taken this generation.
  SplitCheck check(const Split& split, const Value& route) const {
    const std::int64_t canary = weight_of(route, service_of(split.canary));
    const std::int64_t stable = weight_of(route, service_of(split.stable));
    std::int64_t others = -canary - stable;
    for (const Value& backend : backends(route)) others += integer_at(backend.get("weight"), 1);
    SplitCheck out;
    out.observed =
        Map{{"weights", Map{{split.canary, canary}, {split.stable, stable}}}, {"others", others}};
    if (canary != split.canary_bp || stable != kWhole - split.canary_bp) {
      out.why = fmt::format("httproute {} has weights {} and {}, not {} and {}", route_, canary,
                            stable, split.canary_bp, kWhole - split.canary_bp);
      return out;
    }
    if (others != 0) {
      out.why = fmt::format("httproute {} sends traffic to other backends too", route_);
      return out;
    }
    out.why = not_taken(route);
    out.holds = out.why.empty();
    if (out.holds) out.why = "weights read back, and taken by every gateway";
    return out;
  }

  std::string not_taken(const Value& route) const {
    const Value* metadata = route.get("metadata");
    const std::int64_t generation =
        integer_at(metadata == nullptr ? nullptr : metadata->get("generation"), 0);
    const Value* status = route.get("status");
    const List& parents = list_at(status == nullptr ? nullptr : status->get("parents"));
    if (parents.empty()) return fmt::format("no gateway has accepted httproute {}", route_);
    for (const Value& parent : parents) {
      bool accepted = false;
      for (const Value& condition : list_at(parent.get("conditions"))) {
        if (text_at(condition.get("type")) != "Accepted") continue;
        const std::int64_t observed = integer_at(condition.get("observedGeneration"), 0);
        if (observed < generation) {
          return fmt::format("a gateway is at generation {} of httproute {}, not yet at {}",
                             observed, route_, generation);
        }
        accepted = text_at(condition.get("status")) == "True";
      }
      if (!accepted) return fmt::format("a gateway does not accept httproute {}", route_);
    }
    return {};
  }

  std::string route_;
  std::int64_t rule_;
  std::vector<std::string> kubectl_;
  std::map<std::string, std::string> services_;  // by slot
  World& world_;
};

}  // namespace

std::vector<std::string> kubectl_words(const Value& spec) {
  std::vector<std::string> words = texts_in(spec, "kubectl");
  if (words.empty()) words = {"kubectl"};
  for (const char* option : {"context", "namespace"}) {
    const std::string value = text_in(spec, option, "");
    if (!value.empty()) words.push_back(fmt::format("--{}={}", option, value));
  }
  return words;
}

std::unique_ptr<Traffic> make_kubernetes_traffic(const Value& spec, const Site& site,
                                                 World& world) {
  return std::make_unique<KubernetesTraffic>(spec, site, world);
}

}  // namespace autopilot::deploy
