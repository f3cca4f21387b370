#include "core/deploy/nginx_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace autopilot::deploy {

std::string variable(const NginxSpec& spec, std::string_view name) {
  return fmt::format("$ap_{}_{}", spec.id, name);
}

std::string share_variable(const NginxSpec& spec, const NginxState& state) {
  return variable(spec, fmt::format("{}_{}", spec.slot_ids[state.canary], state.bp));
}

std::string choice_variable(const NginxSpec& spec, const NginxState& state) {
  return share_variable(spec, state) + "_m" + id_of(state.match);
}

std::string copies_variable(const NginxSpec& spec, const NginxState& state) {
  return fmt::format("{}_s{}", share_variable(spec, state), state.mirror_bp);
}

std::string match_variable(const NginxSpec& spec, const Match& match) {
  return variable(spec, "m" + id_of(match));
}

std::string header_variable(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return "$http_" + name;
}

std::string percent(int bp) {
  return bp % 100 == 0 ? fmt::format("{}%", bp / 100)
                       : fmt::format("{}.{:02}%", bp / 100, bp % 100);
}

// Within quotes nginx reads a backslash before a quote, a backslash, t, r and n as an escape.
std::string word_of(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += is_plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace autopilot::deploy
