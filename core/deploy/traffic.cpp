#include "core/deploy/traffic.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/spec.h"
#include "core/deploy/traffic_exec.h"
#include "core/deploy/traffic_haproxy.h"
#include "core/deploy/traffic_kubernetes.h"
#include "core/deploy/traffic_nginx.h"

namespace autopilot::deploy {

void refuse_match_and_mirror(const Split& split, std::string_view provider) {
  if (split.match.empty() && split.mirror_bp == 0) return;
  throw Error(
      ErrorKind::invalid,
      fmt::format("{} cannot {}", provider,
                  split.match.empty() ? "send copies of requests" : "choose requests by header"),
      "nginx can, and exec where your program takes {{match}} or {{mirror}}");
}

std::unique_ptr<Traffic> make_traffic(const Value& spec, const Site& site, World& world) {
  const std::string provider = text_in(spec, "provider");
  if (provider == "nginx") return make_nginx_traffic(spec, site, world);
  if (provider == "haproxy") return make_haproxy_traffic(spec, site, world);
  if (provider == "exec") return make_exec_traffic(spec, site, world);
  if (provider == "kubernetes") return make_kubernetes_traffic(spec, site, world);
  throw Error(ErrorKind::invalid, "unknown traffic provider " + provider,
              did_you_mean(provider, {"nginx", "haproxy", "exec", "kubernetes"}));
}

}  // namespace autopilot::deploy
