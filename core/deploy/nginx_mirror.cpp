// Copies of requests. nginx does not serve the next request of a connection before the copy of the
// last one is over, so a copy goes to nginx itself first: there it is answered at once, and only a
// copy of the copy, on a connection that no user has, waits for the canary (docs/traffic.md).
#include <fmt/format.h>

#include <algorithm>

#include "core/deploy/nginx_names.h"

namespace autopilot::deploy {
namespace {

constexpr const char* kHopTimeout = "1s";  // nginx to itself

std::string path(const NginxSpec& spec, std::string_view name) {
  return fmt::format("{}/{}", probe_path(spec), name);
}

std::string address_of_itself(const NginxSpec& spec) {
  return spec.probe.address[0] == '/' ? "unix:" + spec.probe.address : spec.probe.address;
}

// The canary's buckets come first, as in the split: a copy is of a request that stable serves.
std::string copies_map(const NginxSpec& spec, const NginxState& state) {
  std::string out = fmt::format("split_clients {} {} {{\n", variable(spec, "copy_key"),
                                copies_variable(spec, state));
  if (state.bp > 0) out += fmt::format("  {} -;\n", percent(state.bp));
  const int copied = std::min(state.mirror_bp, kWhole - state.bp);
  return out +
         fmt::format("  {} {};\n  * -;\n}}\n", percent(copied), copy_name(spec, state.canary));
}

// Requests to stable that are no WebSockets.
std::string copied_map(const NginxSpec& spec) {
  std::string out =
      fmt::format("map \"{} {} $http_upgrade\" {} {{\n  default -;\n", variable(spec, "drawn"),
                  variable(spec, "pool"), variable(spec, "copied"));
  for (const std::size_t canary : {0u, 1u}) {
    const std::string drawn =
        fmt::format("~^{} {} \\z", copy_name(spec, canary), pool_name(spec, 1 - canary));
    out += fmt::format("  {} {};\n", word_of(drawn), copy_name(spec, canary));
  }
  return out + "}\n";
}

// To nginx itself, the request in headers: whatever it was, it is answered there.
std::string first_leg(const NginxSpec& spec) {
  return fmt::format(
      "location = {0} {{\n  internal;\n  if ({1} = -) {{\n    return 204;\n  }}\n"
      "  proxy_method GET;\n  proxy_cache off;\n  proxy_store off;\n  proxy_next_upstream off;\n"
      "  proxy_set_header Host {2};\n"
      "  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
      "  proxy_set_header X-Forwarded-Proto $scheme;\n"
      "  proxy_set_header X-Autopilot-Token {3};\n"
      "  proxy_set_header X-Autopilot-To {1};\n"
      "  proxy_set_header X-Autopilot-Host $host;\n"
      "  proxy_set_header X-Autopilot-Uri $request_uri;\n"
      "  proxy_set_header X-Autopilot-Method $request_method;\n"
      "  proxy_connect_timeout {4};\n  proxy_send_timeout {4};\n  proxy_read_timeout {4};\n"
      "  proxy_pass http://{5}{6};\n}}\n",
      path(spec, "mirror"), variable(spec, "copied"), spec.probe.host, kTokenHole, kHopTimeout,
      variable(spec, "self").substr(1), variable(spec, "copy_path"));
}

std::string turn(const NginxSpec& spec, const std::string& suffix) {
  return fmt::format(
      "location = {} {{\n  if ($http_x_autopilot_token != {}) {{\n    return 404;\n  }}\n"
      "  access_log off;\n  mirror {};\n  empty_gif;\n}}\n",
      path(spec, "copy" + suffix), kTokenHole, path(spec, "canary" + suffix));
}

// Within the limits of what a copy may take of nginx.
std::string last_leg(const NginxSpec& spec, const std::string& suffix, const std::string& log) {
  return fmt::format(
      "location = {0} {{\n  internal;\n  log_subrequest on;\n{1}  error_log /dev/null;\n"
      "  proxy_ignore_client_abort on;\n  proxy_http_version 1.1;\n"
      "  proxy_method $http_x_autopilot_method;\n  proxy_cache off;\n  proxy_store off;\n"
      "  proxy_next_upstream off;\n  proxy_set_header Connection \"\";\n"
      "  proxy_set_header Host $http_x_autopilot_host;\n"
      "  proxy_set_header X-Autopilot-Mirror 1;\n  proxy_set_header X-Autopilot-Token \"\";\n"
      "  proxy_set_header X-Autopilot-To \"\";\n  proxy_set_header X-Autopilot-Host \"\";\n"
      "  proxy_set_header X-Autopilot-Uri \"\";\n  proxy_set_header X-Autopilot-Method \"\";\n"
      "  proxy_connect_timeout {2};\n  proxy_send_timeout {3}ms;\n  proxy_read_timeout {3}ms;\n"
      "  proxy_buffering on;\n  proxy_buffer_size 64k;\n  proxy_buffers 8 64k;\n"
      "  proxy_busy_buffers_size 128k;\n  proxy_max_temp_file_size 0;\n"
      "  proxy_pass http://$http_x_autopilot_to$http_x_autopilot_uri;\n}}\n",
      path(spec, "canary" + suffix), log, kHopTimeout, spec.mirror_timeout.nanos / 1'000'000);
}

}  // namespace

bool has_mirror(const std::vector<NginxState>& states) {
  return std::any_of(states.begin(), states.end(),
                     [](const NginxState& state) { return state.mirror_bp > 0; });
}

std::string mirror_maps(const NginxSpec& spec, const std::vector<NginxState>& states) {
  std::string out = fmt::format("upstream {} {{\n  server {};\n}}\n",
                                variable(spec, "self").substr(1), address_of_itself(spec));
  out += fmt::format("map {0} {1} {{\n  \"\" $request_id;\n  default {0};\n}}\n",
                     variable(spec, "key"), variable(spec, "copy_key"));
  std::vector<std::string> written;  // states with a match and without copy alike
  for (const NginxState& state : states) {
    const std::string name = copies_variable(spec, state);
    if (state.mirror_bp == 0 || std::find(written.begin(), written.end(), name) != written.end())
      continue;
    written.push_back(name);
    out += copies_map(spec, state);
  }
  out += copied_map(spec);
  out += fmt::format("map \"{}$http_x_autopilot_probe\" {} {{\n  \"11\" {};\n  default {};\n}}\n",
                     variable(spec, "near"), variable(spec, "copy_path"), path(spec, "copy-probe"),
                     path(spec, "copy"));
  return out + fmt::format("log_format {} '$http_x_autopilot_id $upstream_addr $status';\n",
                           variable(spec, "copies").substr(1));
}

std::string mirror_locations(const NginxSpec& spec) {
  const std::string log =
      fmt::format("  access_log {} {};\n", copy_log(spec), variable(spec, "copies").substr(1));
  return fmt::format("mirror {};\n", path(spec, "mirror")) + first_leg(spec) + turn(spec, "") +
         turn(spec, "-probe") + last_leg(spec, "", "") + last_leg(spec, "-probe", log);
}

}  // namespace autopilot::deploy
