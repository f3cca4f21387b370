#pragma once
// Asking a running nginx what it does with which key: at the location that the generated
// configuration answers itself, and through to the slots.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/http.h"
#include "core/deploy/nginx_config.h"

namespace autopilot::deploy {

// The user agent of these requests, by which a log tells them from people's.
inline constexpr std::string_view kProbeAgent = "autopilot-probe";

// What nginx said for one key.
struct NginxSays {
  std::string hash;   // of the configuration that it runs
  std::string state;  // name of the flag that it sees, "none"
  std::string pool;   // that it chose
  std::string copy;   // where a copy goes; "" for nowhere
};

// A request of the user `key`, with what else it carries.
struct Asked {
  Asked(std::string user, Carried besides = {})  // NOLINT: a key is a request
      : key(std::move(user)), carried(std::move(besides)) {}
  Asked(const char* user) : key(user) {}  // NOLINT: likewise
  std::string key;
  Carried carried;
};
// By what nginx tells its user: something that it carries may be the key.
std::string key_of(const NginxSpec& spec, const Asked& asked);

struct NginxAnswers {
  std::vector<NginxSays> says;  // one for each key, in their order; fewer when `why` tells
  std::string why;              // why there is no more
};

// Keys of which some fall on either side of every share that 0 < bp < 10,000.
std::vector<std::string> probe_keys(int count, int bp);

NginxAnswers ask_nginx(Sockets& sockets, const NginxSpec& spec, const std::vector<Asked>& all);

// One request through to the slot that nginx picks for it. The copy of one with an id is logged.
struct NginxPassed {
  std::string state;     // header of the answer; "" when it lacks it
  std::string upstream;  // "127.0.0.1:8001"
  std::string why;       // why there is no answer
};
NginxPassed pass_through(Sockets& sockets, const NginxSpec& spec, const Asked& asked,
                         const std::string& id = "");

}  // namespace autopilot::deploy
