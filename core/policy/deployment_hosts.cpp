#include "core/policy/deployment_hosts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

namespace autopilot::policy {
namespace {

constexpr std::string_view kScheme = "ssh://";

bool is_word(std::string_view text, std::string_view besides) {
  return !text.empty() && text[0] != '-' && std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || besides.find(c) != besides.npos;
  });
}

struct Target {
  std::string_view user, host, port;
  bool has_user = false, has_port = false;
};

// Only a URI has a port: elsewhere colons belong to an address of IPv6.
Target taken_apart(std::string_view text) {
  Target out;
  const bool is_uri = text.rfind(kScheme, 0) == 0;
  if (is_uri) text.remove_prefix(kScheme.size());
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    out.has_user = true;
    out.user = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  const std::size_t colon = is_uri ? text.rfind(':') : text.npos;
  if (colon != text.npos && text.find(']', colon) == text.npos) {
    out.has_port = true;
    out.port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  const bool has_brackets = is_uri && text.size() > 2 && text.front() == '[' && text.back() == ']';
  out.host = has_brackets ? text.substr(1, text.size() - 2) : text;
  return out;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == text.npos &&
         std::stoi(std::string(text)) >= 1 && std::stoi(std::string(text)) <= 65535;
}

}  // namespace

bool is_ssh_target(std::string_view text) {
  const Target target = taken_apart(text);
  return is_word(target.host, ".-_:%") && (!target.has_user || is_word(target.user, ".-_")) &&
         (!target.has_port || is_port(target.port));
}

std::string address_of_target(std::string_view target) {
  return std::string(taken_apart(target).host);
}

bool is_numeric_address(const std::string& text) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

}  // namespace autopilot::policy
