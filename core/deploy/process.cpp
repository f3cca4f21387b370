#include "core/deploy/process.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/process_hosts.h"
#include "core/deploy/process_providers.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {

void check_version(const std::string& version) {
  const bool is_plain = std::all_of(version.begin(), version.end(),
                                    [](char c) { return static_cast<unsigned char>(c) >= ' '; });
  if (!is_plain || version.empty()) {
    throw Error(ErrorKind::invalid, fmt::format("{:?} is no version", version),
                "a version is one line of text");
  }
}

Placeholders process_words(const Site& site, const Slot& slot, const std::string& version) {
  check_version(version);
  return {{"version", version},
          {"slot", slot.name},
          {"port", std::to_string(slot.port)},
          {"host", slot.host},
          {"deployment", site.deployment}};
}

namespace {

std::unique_ptr<Process> make_here(const Value& spec, const Site& site, World& world) {
  const std::string provider = text_in(spec, "provider");
  if (provider == "exec") return make_exec_process(spec, site, world);
  if (provider == "systemd")
    return make_systemd_process(spec, site, world,
                                [&world](const std::string& path, const std::string& text) {
                                  world.files.write(path, text);
                                });
  if (provider == "compose") return make_compose_process(spec, site, world);
  if (provider == "kubernetes") return make_kubernetes_process(spec, site, world);
  throw Error(ErrorKind::invalid, "unknown process provider " + provider,
              did_you_mean(provider, {"exec", "systemd", "compose", "kubernetes"}));
}

}  // namespace

std::unique_ptr<Process> make_process(const Value& spec, const Site& site, World& world) {
  const bool is_here = std::all_of(site.hosts.begin(), site.hosts.end(),
                                   [](const Host& host) { return host.is_local(); });
  if (is_here) return make_here(spec, site, world);
  return make_process_on_hosts(spec, site, world, make_here);
}

}  // namespace autopilot::deploy
