// The ready strategies. Their limits come from runbooks: an error rate "over 1 % for 2 minutes" is
// what a sequential analysis with that objective finds sooner, and without false alarms of its own
// (docs/deploy.md). `latency` counts the requests above a limit: 5 % of them is the 95th
// percentile.
#include "core/base/json.h"
#include "core/policy/deployment.h"

namespace autopilot::policy {
namespace {

// "needs" names the metrics without which an entry is left out.
constexpr std::string_view kBlueGreen = R"({
  "analyses": {
    "errors": {"needs": ["errors"], "method": "sequential", "metrics": ["errors"], "alpha": "0.5%", "slo": "1%"},
    "latency": {"needs": ["latency"], "method": "sequential", "metrics": ["latency"], "alpha": "0.5%", "slo": "5%"}
  },
  "steps": [
    {"name": "canary", "weight": "10%", "hold": "5m", "analysis": ["errors", "latency"]},
    {"name": "full", "weight": "100%", "hold": "5m", "analysis": ["errors", "latency"]}
  ],
  "rollback": [
    {"name": "health", "needs": ["health"], "when": "canary.health > 3.0"},
    {"name": "memory", "needs": ["memory"], "when": "canary.memory > 0.95", "for": "1m"}
  ],
  "bake": {"for": "10m", "analysis": ["errors", "latency"]}
})";

constexpr std::string_view kCanary10 = R"({
  "analyses": {
    "errors": {"needs": ["errors"], "method": "sequential", "metrics": ["errors"], "alpha": "0.5%", "slo": "1%"},
    "latency": {"needs": ["latency"], "method": "sequential", "metrics": ["latency"], "alpha": "0.5%", "slo": "5%"}
  },
  "steps": [
    {"name": "canary", "weight": "10%", "hold": "10m", "analysis": ["errors", "latency"]},
    {"name": "full", "weight": "100%", "hold": "10m", "analysis": ["errors", "latency"]}
  ],
  "rollback": [
    {"name": "health", "needs": ["health"], "when": "canary.health > 3.0"},
    {"name": "memory", "needs": ["memory"], "when": "canary.memory > 0.95", "for": "1m"}
  ],
  "bake": {"for": "30m", "holdback": "5%", "analysis": ["errors", "latency"]}
})";

constexpr std::string_view kCanary525100 = R"({
  "analyses": {
    "errors": {"needs": ["errors"], "method": "sequential", "metrics": ["errors"], "alpha": "0.5%", "slo": "2%"},
    "latency": {"needs": ["latency"], "method": "sequential", "metrics": ["latency"], "alpha": "0.5%", "slo": "5%"}
  },
  "steps": [
    {"name": "canary", "weight": "5%", "hold": "2h", "analysis": ["errors", "latency"]},
    {"name": "extended", "weight": "25%", "hold": "6h", "analysis": ["errors", "latency"]},
    {"name": "full", "weight": "100%", "hold": "4h", "analysis": ["errors", "latency"]}
  ],
  "rollback": [
    {"name": "precision", "needs": ["precision"], "when": "canary.precision < 0.94", "for": "5m"},
    {"name": "roi", "needs": ["roi"], "when": "canary.roi < 0.8 * before.roi", "over": "1h"},
    {"name": "alerts", "needs": ["alerts"], "when": "canary.alerts > 0.0"}
  ],
  "objectives": [
    {"name": "precision", "needs": ["precision"], "when": "canary.precision >= 0.94",
     "target": "precision of at least 94 %"},
    {"name": "roi", "needs": ["roi"], "when": "canary.roi >= 175000.0", "from": "25%",
     "target": "a return of at least 175 k a year"},
    {"name": "satisfaction", "needs": ["satisfaction"], "when": "canary.satisfaction >= 0.9",
     "from": "25%", "target": "satisfaction of at least 90 %"}
  ],
  "bake": {"for": "48h", "holdback": "5%", "analysis": ["errors", "latency"]}
})";

constexpr std::string_view kHotfix = R"({
  "type": "hotfix",
  "analyses": {
    "errors": {"needs": ["errors"], "method": "sequential", "metrics": ["errors"], "alpha": "0.5%", "slo": "1%"}
  },
  "steps": [{"name": "full", "weight": "100%", "hold": "1m", "analysis": ["errors"]}],
  "rollback": [
    {"name": "health", "needs": ["health"], "when": "canary.health > 3.0"}
  ],
  "bake": {"for": "1h", "holdback": "5%", "analysis": ["errors"]}
})";

constexpr std::string_view kModel = R"({
  "type": "model",
  "analyses": {
    "errors": {"needs": ["errors"], "method": "sequential", "metrics": ["errors"], "alpha": "0.5%", "slo": "1%"},
    "latency": {"needs": ["latency"], "method": "sequential", "metrics": ["latency"], "alpha": "0.5%", "slo": "5%"}
  },
  "steps": [
    {"name": "canary", "weight": "10%", "hold": "1h", "analysis": ["errors", "latency"]},
    {"name": "half", "weight": "50%", "hold": "2h", "analysis": ["errors", "latency"]},
    {"name": "full", "weight": "100%", "hold": "1h", "analysis": ["errors", "latency"]}
  ],
  "rollback": [
    {"name": "drift", "needs": ["drift"], "when": "canary.drift > 0.1", "for": "5m"},
    {"name": "precision", "needs": ["precision"], "when": "canary.precision < 0.94", "for": "5m"}
  ],
  "objectives": [
    {"name": "no-worse", "needs": ["precision"],
     "when": "canary.precision >= 0.99 * stable.precision",
     "target": "precision no worse than the current model's"}
  ],
  "bake": {"for": "24h", "holdback": "5%", "analysis": ["errors", "latency"]}
})";

struct Preset {
  std::string_view name;
  std::string_view json;
};
constexpr Preset kPresets[] = {{"blue-green", kBlueGreen},
                               {"canary-10", kCanary10},
                               {"canary-5-25-100", kCanary525100},
                               {"hotfix", kHotfix},
                               {"model", kModel}};

}  // namespace

Value deployment_preset(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (preset.name == name) return parse_json_or_throw(preset.json, preset.name);
  }
  return {};
}

}  // namespace autopilot::policy
