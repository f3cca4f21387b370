#include "core/deploy/remote_processes.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace autopilot::deploy {
namespace {

constexpr std::int64_t kConnectSeconds = 10;
constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,@%+-";

[[noreturn]] void refuse(std::string_view what) {
  throw Error(ErrorKind::bug, fmt::format("{} does not go to another host", what));
}

}  // namespace

// A first "=" or "~" would mean something; both are quoted wherever they stand.
std::string quoted_for_shell(const std::string& word) {
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

RemoteProcesses::RemoteProcesses(Processes& inner, std::vector<std::string> ssh, std::string target)
    : inner_(inner), ssh_(std::move(ssh)), target_(std::move(target)) {
  if (ssh_.empty()) ssh_ = {"ssh"};
}

// ssh reads options up to "--" and joins what follows the host with spaces: one word is one line
// of shell. A connection that went silent is given up, and never a question asked.
Captured RemoteProcesses::capture(const std::vector<std::string>& words, std::string_view input,
                                  const CaptureLimits& limits) {
  std::string line;
  if (!limits.set.empty()) line = "env";
  for (const auto& [name, value] : limits.set) line += " " + quoted_for_shell(name + "=" + value);
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + quoted_for_shell(word);
  std::vector<std::string> all = ssh_;
  for (const std::string& option :
       {std::string("BatchMode=yes"), fmt::format("ConnectTimeout={}", kConnectSeconds),
        std::string("ServerAliveInterval=5"), std::string("ServerAliveCountMax=3")}) {
    all.insert(all.end(), {"-o", option});
  }
  all.insert(all.end(), {"--", target_, line});
  CaptureLimits here = limits;
  here.time = {limits.time.nanos + Duration::seconds(kConnectSeconds).nanos};
  here.set.clear();
  here.pass = {"SSH_AUTH_SOCK"};
  return inner_.capture(all, input, here);
}

std::string RemoteProcesses::find(const std::string&) { refuse("a search of PATH"); }

std::optional<int> RemoteProcesses::feed(const std::vector<std::string>&, std::string_view) {
  refuse("a program at the terminal");
}

void RemoteProcesses::become(const std::vector<std::string>&,
                             const std::vector<std::pair<std::string, std::string>>&) {
  refuse("this process");
}

}  // namespace autopilot::deploy
