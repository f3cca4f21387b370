#pragma once
// HAProxy's runtime API (management guide, chapter 9.3): one command a connection, answers parsed.
// Throws Error(outside) in words that say what to change in its configuration.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/world.h"

namespace autopilot::deploy {

// One line of `show servers state`.
struct HaproxyServer {
  std::string name;
  bool is_up = false;       // running, or starting and already used
  bool is_drained = false;  // put into maintenance or drain by an administrator
  int weight = 0;           // in force
};

// One server's line of `show stat`.
struct HaproxyCount {
  std::string server;
  std::int64_t sessions = 0;  // being served now
  std::int64_t total = 0;     // served since HAProxy started
};

class HaproxyRuntime {
 public:
  HaproxyRuntime(World& world, std::string socket) : world_(world), socket_(std::move(socket)) {}

  std::vector<HaproxyServer> servers(const std::string& backend);
  std::vector<HaproxyCount> counts(const std::string& backend);
  void set_weight(const std::string& backend, const std::string& server, int weight);
  std::string state_text();  // for server-state-file
  // Throws Error where what is balanced there does not follow weights, or follows them with
  // something else than requests.
  void refuse_unweighted(const std::string& backend);
  void refuse_without_admin();

 private:
  std::string ask(const std::string& command);

  World& world_;
  std::string socket_;
};

// Parsers, which throw Error(outside) on what is none.
std::vector<HaproxyServer> parse_servers_state(std::string_view text);
std::vector<HaproxyCount> parse_stat(std::string_view text, std::string_view backend);
// "roundrobin"; "" where HAProxy does not tell.
std::string parse_algorithm(std::string_view text, std::string_view backend);

}  // namespace autopilot::deploy
