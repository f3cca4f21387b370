#include "core/deploy/process.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/process_providers.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {

Placeholders process_words(const Site& site, const Slot& slot, const std::string& version) {
  const bool is_plain = std::all_of(version.begin(), version.end(),
                                    [](char c) { return static_cast<unsigned char>(c) >= ' '; });
  if (!is_plain || version.empty()) {
    throw Error(ErrorKind::invalid, fmt::format("{:?} is no version", version));
  }
  return {{"version", version},
          {"slot", slot.name},
          {"port", std::to_string(slot.port)},
          {"host", slot.host},
          {"deployment", site.deployment}};
}

std::unique_ptr<Process> make_process(const Value& spec, const Site& site, World& world) {
  const std::string provider = text_in(spec, "provider");
  if (provider == "exec") return make_exec_process(spec, site, world);
  if (provider == "systemd") return make_systemd_process(spec, site, world);
  if (provider == "compose") return make_compose_process(spec, site, world);
  if (provider == "kubernetes") return make_kubernetes_process(spec, site, world);
  throw Error(ErrorKind::invalid, "unknown process provider " + provider,
              did_you_mean(provider, {"exec", "systemd", "compose", "kubernetes"}));
}

}  // namespace autopilot::deploy
