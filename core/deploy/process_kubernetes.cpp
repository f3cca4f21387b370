#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/process_providers.h"
#include "core/deploy/programs.h"
#include "core/deploy/spec.h"
#include "core/deploy/traffic_kubernetes.h"

namespace autopilot::deploy {
namespace {

constexpr const char* kVersionKey = "autopilot/version";

std::int64_t integer_within(const Value& value, const char* group, const char* field) {
  const Value* of = value.get(group);
  const Value* number = of == nullptr ? nullptr : of->get(field);
  return number != nullptr && number->kind() == Value::Kind::integer ? number->as_int() : 0;
}

// A Deployment of Kubernetes for each slot: its image is set and it is scaled; stopping scales it
// to nothing, or undoes its last rollout (`stop: undo`) where the slot is never to be empty.
class KubernetesProcess final : public Process {
 public:
  KubernetesProcess(const Value& spec, const Site& site, World& world)
      : spec_(spec), site_(site), world_(world), kubectl_(kubectl_words(spec)) {
    text_in(spec, "image");
    text_in(spec, "container");
  }

  void start(const Slot& slot, const std::string& version) override {
    const Placeholders known = process_words(site_, slot, version);
    const Running present = observe(slot);
    if (present.running && present.version == version) return;
    const std::string target = "deployment/" + name(slot);
    run({"annotate", target, "--overwrite", fmt::format("{}={}", kVersionKey, version)});
    run({"set", "image", target,
         fmt::format("{}={}", text_in(spec_, "container"), fill(text_in(spec_, "image"), known))});
    run({"scale", target, fmt::format("--replicas={}", integer_in(spec_, "replicas", 1))});
  }

  void stop(const Slot& slot, Duration grace) override {
    const std::string target = "deployment/" + name(slot);
    if (text_in(spec_, "stop", "scale") == "undo") {
      run({"rollout", "undo", target});
    } else {
      run({"scale", target, "--replicas=0"});
    }
    const auto seconds = std::max<std::int64_t>(1, grace.nanos / 1'000'000'000);
    CaptureLimits limits;
    limits.time = Duration::seconds(seconds + 10);
    run({"rollout", "status", target, fmt::format("--timeout={}s", seconds)}, limits);
  }

  Running observe(const Slot& slot) override {
    const Value seen = parse_json_or_throw(run({"get", "deployment", name(slot), "-o", "json"}),
                                           "kubectl's answer about the deployment " + name(slot));
    Running out;
    const std::int64_t generation = integer_within(seen, "metadata", "generation");
    out.running = integer_within(seen, "spec", "replicas") > 0;
    out.started = fmt::format("generation {}", generation);
    const Value* metadata = seen.get("metadata");
    const Value* notes = metadata == nullptr ? nullptr : metadata->get("annotations");
    const Value* version = notes == nullptr ? nullptr : notes->get(kVersionKey);
    if (version != nullptr && version->is_string()) out.version = version->as_string();
    if (!out.running) out.why = fmt::format("deployment {} has no replicas", name(slot));
    return out;
  }

 private:
  std::string name(const Slot& slot) const {
    return per_slot(spec_, "deployments", slot.name, site_.deployment + "-" + slot.name);
  }

  std::string run(std::vector<std::string> words, CaptureLimits limits = {}) {
    words.insert(words.begin(), kubectl_.begin(), kubectl_.end());
    limits.pass = {"KUBECONFIG"};
    return output_of(world_, words, limits);
  }

  Value spec_;
  Site site_;
  World& world_;
  std::vector<std::string> kubectl_;
};

}  // namespace

std::unique_ptr<Process> make_kubernetes_process(const Value& spec, const Site& site,
                                                 World& world) {
  return std::make_unique<KubernetesProcess>(spec, site, world);
}

}  // namespace autopilot::deploy
