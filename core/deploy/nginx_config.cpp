#include "core/deploy/nginx_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/deploy/nginx_names.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr std::string_view kHashMark = "# configuration ";
constexpr std::string_view kHashHole = "@HASH@";  // where the hash of the rest will stand
// Copies that the canary has not answered yet, for each worker: more are not sent.
constexpr const char* kCopyLimit = " max_conns=256";

std::string key_source(const SplitKey& key) {
  if (key.kind == SplitKey::Kind::request) return "$request_id";
  return key.kind == SplitKey::Kind::header ? header_variable(key.name) : "$cookie_" + key.name;
}

std::string upstream(const NginxSpec& spec, const Slot& slot, const std::string& name,
                     const std::string& limit) {
  std::string out = fmt::format("upstream {} {{\n", name);
  for (const Slot& one : slots_by_host(slot)) {
    out += fmt::format("  server {}{};\n", address_of(one), limit);
  }
  // Idle connections are closed soon: what is open a moment after a switch is still served.
  if (spec.keepalive > 0) {
    out += fmt::format("  keepalive {};\n  keepalive_timeout {}ms;\n", spec.keepalive,
                       spec.keepalive_timeout.nanos / 1'000'000);
  }
  return out + "}\n";
}

std::string upstreams(const NginxSpec& spec, bool copies) {
  std::string out;
  for (std::size_t i = 0; i < spec.slots.size(); ++i)
    out += upstream(spec, spec.slots[i], pool_name(spec, i), "");
  for (std::size_t i = 0; copies && i < spec.slots.size(); ++i)
    out += upstream(spec, spec.slots[i], copy_name(spec, i), kCopyLimit);
  return out;
}

std::string key_map(const NginxSpec& spec) {
  const std::string source = key_source(spec.key);
  return fmt::format("map {} {} {{\n  \"\" {};\n  default {};\n}}\n", source, variable(spec, "key"),
                     spec.key.without_by_request ? "$request_id" : "\"\"", source);
}

// The canary's bucket comes first, so that a growing share keeps everybody who is in it. A request
// without a key has no user to be constant to: it stays where most are.
std::string draw(const NginxSpec& spec, const NginxState& state) {
  const std::string share = share_variable(spec, state);
  const std::string& canary = pool_name(spec, state.canary);
  const std::string& stable = pool_name(spec, 1 - state.canary);
  return fmt::format(
      "split_clients {} {}_drawn {{\n  {} {};\n  * {};\n}}\nmap {} {} {{\n  \"\" {};\n  default "
      "{}_drawn;\n}}\n",
      variable(spec, "key"), share, percent(state.bp), canary, stable, variable(spec, "key"), share,
      stable, share);
}

std::string near_map(const NginxSpec& spec) {
  std::string out =
      fmt::format("map $remote_addr {} {{\n  \"~^127\\.\" 1;\n  \"::1\" 1;\n  \"unix:\" 1;\n",
                  variable(spec, "near"));
  for (const std::string& address : spec.probe.from) out += fmt::format("  \"{}\" 1;\n", address);
  return out + fmt::format(
                   "  default \"\";\n}}\nmap \"{}$http_x_autopilot_probe\" {} {{\n  \"11\" "
                   "$upstream_addr;\n  default \"\";\n}}\n",
                   variable(spec, "near"), variable(spec, "upstream"));
}

std::string http_part(const NginxSpec& spec, const std::vector<NginxState>& states) {
  std::string out = upstreams(spec, has_mirror(states)) + key_map(spec) + near_map(spec);
  out += fmt::format("map $http_upgrade {} {{\n  \"\" \"\";\n  default upgrade;\n}}\n",
                     variable(spec, "connection"));
  std::set<std::string> drawn;
  for (const NginxState& state : states) {
    const bool draws = !state.is_final() && state.bp > 0;
    if (draws && drawn.insert(share_variable(spec, state)).second) out += draw(spec, state);
  }
  out += match_maps(spec, states);
  if (has_mirror(states)) out += mirror_maps(spec, states);
  return out;
}

std::string choice(const NginxSpec& spec, const NginxState& state, bool copies) {
  std::string out = fmt::format(
      "if (-f {}) {{\n  set {} {};\n  set {} {};\n", flag_path(spec, state), variable(spec, "pool"),
      pool_of(spec, state), variable(spec, "state"), flag_name(spec, state));
  if (copies)
    out += fmt::format("  set {} {};\n", variable(spec, "drawn"),
                       state.mirror_bp > 0 ? copies_variable(spec, state) : "-");
  return out + "}\n";
}

std::string choices(const NginxSpec& spec, const std::vector<NginxState>& states) {
  const bool copies = has_mirror(states);
  std::string once;
  for (const NginxState& state : states) once += choice(spec, state, copies);
  return looks_twice(states) ? once + once : once;
}

// No more of these lines, flags above all, at the paths of copies.
std::string nothing_at(const NginxSpec& spec, std::string_view names) {
  return fmt::format("if ($uri ~ \"^{}/(?:{})\") {{\n  break;\n}}\n", "/\\.autopilot/" + spec.id,
                     names);
}

std::string server_part(const NginxSpec& spec, const std::vector<NginxState>& states) {
  const bool copies = has_mirror(states);
  std::string out = "open_file_cache off;\n";
  // What was found for a request holds for its copy, too.
  if (copies) out += nothing_at(spec, "mirror|canary");
  out += fmt::format("set {} {};\nset {} none;\n", variable(spec, "pool"), pool_name(spec, 0),
                     variable(spec, "state"));
  if (copies) out += fmt::format("set {} -;\n", variable(spec, "drawn")) + nothing_at(spec, "copy");
  out += choices(spec, states);
  out += fmt::format("add_header {0} {1} always;\nadd_header {0}-Upstream {2} always;\n",
                     spec.header, variable(spec, "state"), variable(spec, "upstream"));
  out += fmt::format(
      "location = {} {{\n  access_log off;\n  default_type text/plain;\n  keepalive_timeout 10s;\n"
      "  keepalive_requests 1000;\n  if ({} = \"\") {{\n    return 404;\n  }}\n"
      "  return 200 \"autopilot {} {} {}{}\\n\";\n}}\n",
      probe_path(spec), variable(spec, "near"), kHashHole, variable(spec, "state"),
      variable(spec, "pool"), copies ? " " + variable(spec, "copied") : "");
  return copies ? out + mirror_locations(spec) : out;
}

// Nobody but a copy may say that it is one.
std::string proxy_location(const NginxSpec& spec, bool copies) {
  return fmt::format(
      "location / {{\n  proxy_http_version 1.1;\n  proxy_set_header Host $host;\n"
      "  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
      "  proxy_set_header X-Forwarded-Proto $scheme;\n  proxy_set_header Upgrade $http_upgrade;\n"
      "  proxy_set_header Connection {};\n{}  proxy_pass http://{};\n}}\n",
      variable(spec, "connection"), copies ? "  proxy_set_header X-Autopilot-Mirror \"\";\n" : "",
      variable(spec, "pool"));
}

std::string whole_server(const NginxSpec& spec, const std::string& lines, bool copies) {
  std::string inside;
  for (const std::string& listen : spec.listen) inside += fmt::format("listen {};\n", listen);
  if (!spec.server_names.empty()) {
    inside += fmt::format("server_name {};\n", join(spec.server_names, " "));
  }
  inside += lines;
  for (const std::string& file : spec.includes) inside += fmt::format("include {};\n", file);
  inside += proxy_location(spec, copies);
  std::string out = "server {\n";
  for (const std::string& line : split(inside.substr(0, inside.size() - 1), '\n')) {
    out += "  " + line + "\n";
  }
  return out + "}\n";
}

std::string with_header(const NginxSpec& spec, const std::string& hash, std::string_view where,
                        const std::string& text) {
  return fmt::format(
             "# Written by autopilot for the deployment {}; changes made here are lost. Include it "
             "in {}.\n"
             "{}{}\n",
             spec.deployment, where, kHashMark, hash) +
         text;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

NginxText nginx_text(const NginxSpec& spec, const std::vector<NginxState>& states) {
  const std::string http = http_part(spec, states);
  const std::string lines = server_part(spec, states);
  const bool own_server = spec.server_config.empty();
  std::string first = own_server ? http + whole_server(spec, lines, has_mirror(states)) : http;
  std::string second = own_server ? "" : lines;
  NginxText text;
  text.hash = to_hex(sha256(first + '\0' + second)).substr(0, 12);
  // Who does not know the whole text cannot send copies.
  const std::string token = to_hex(sha256("copies" + first + '\0' + second)).substr(0, 24);
  for (std::string* part : {&first, &second}) {
    replace_all(*part, kHashHole, text.hash);
    replace_all(*part, kTokenHole, token);
  }
  text.config = with_header(spec, text.hash, "http {}", first);
  if (!own_server) text.server_config = with_header(spec, text.hash, "server {}", second);
  return text;
}

std::string hash_in(const std::string& config) {
  const std::size_t at = config.find(kHashMark);
  if (at == std::string::npos) return {};
  const std::size_t from = at + kHashMark.size();
  return config.substr(from, config.find('\n', from) - from);
}

}  // namespace autopilot::deploy
