#pragma once
// The provider `kubernetes`: weights of a Gateway API HTTPRoute, through kubectl. Tested against
// recorded exchanges only.

#include <memory>

#include "core/deploy/traffic.h"

namespace autopilot::deploy {

// Throws Error(invalid).
std::unique_ptr<Traffic> make_kubernetes_traffic(const Value& spec, const Site& site, World& world);

// kubectl with the context and namespace of a spec.
std::vector<std::string> kubectl_words(const Value& spec);

}  // namespace autopilot::deploy
