#pragma once
// The configuration that nginx needs to switch without a reload (docs/traffic.md): every share of
// both directions is there from the start, one of them chosen by which flag file exists.

#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/deploy/traffic.h"

namespace autopilot::deploy {

// How nginx knows that two requests come from the same user.
struct SplitKey {
  enum class Kind { cookie, header, request };  // request: every request for itself
  Kind kind = Kind::request;
  std::string name;
  bool without_by_request = false;  // requests without it: by themselves, else to stable
};

struct NginxProbe {
  std::string address;            // where nginx answers without TLS: "127.0.0.1:80", or a socket
  std::string host;               // of the Host header
  std::string path = "/";         // asked through to the slots; "" for never
  int keys = 400;                 // asked of nginx itself
  std::vector<std::string> from;  // addresses that may ask besides this machine
};

struct NginxSpec {
  std::string deployment, id;  // the id in names of nginx's
  std::vector<Slot> slots;     // two
  std::vector<std::string> slot_ids;
  std::string config;  // the file for http {}
  std::string
      server_config;  // lines for a server {} of the user's own; "": `config` has a whole one
  std::string flags;  // folder
  std::vector<std::string> listen, server_names, includes;
  SplitKey key;
  NginxProbe probe;
  std::string header;
  std::vector<std::string> nginx, reload;  // words
  int keepalive = 64;                      // idle connections to a slot, of each worker
  Duration keepalive_timeout = Duration::seconds(1);
  Duration mirror_timeout = Duration::seconds(3);  // what the canary may take for a copy
};

// Throws Error(invalid).
NginxSpec read_nginx_spec(const Value& spec, const Site& site);

// What nginx is told by the name of the flag that exists: the slot `canary` of `slots` gets `bp`.
// All traffic on one slot has one name, whichever of the two is called canary.
struct NginxState {
  std::size_t canary = 0;
  int bp = kWhole;
  Match match = {};
  int mirror_bp = 0;
  bool is_final() const { return bp == kWhole; }
};
std::string flag_name(const NginxSpec& spec, const NginxState& state);
std::string flag_path(const NginxSpec& spec, const NginxState& state);
NginxState state_of(const NginxSpec& spec, const Split& split);  // throws Error(invalid)
// The state that the name of a flag means, its match told by its id alone; nothing for other names.
struct NginxFlag {
  std::size_t canary = 0;
  int bp = 0;
  std::string match_id;
  int mirror_bp = 0;
};
std::optional<NginxFlag> flag_named(const NginxSpec& spec, const std::string& name);

// All states of such steps, by rising share of the second slot. nginx looks for the flags in this
// order and the last that it finds counts. Whoever looks while one flag is renamed to another sees
// the new one, both, or none; none only when the first slot's share rises, and then it goes there.
// So a request is never sent where traffic is being taken away.
std::vector<NginxState> nginx_states(const std::vector<Routing>& steps);
// A share says too little where a match or copies are in force: to go where the share rises could
// be to go where nobody should. nginx then looks twice, and one rename leaves nobody without a flag
// both times: each request is sent as the old flag says, or as the new one.
bool looks_twice(const std::vector<NginxState>& states);

struct NginxText {
  std::string config, server_config;  // contents of the files; the second may be ""
  std::string hash;                   // names both; nginx tells it when asked
};
NginxText nginx_text(const NginxSpec& spec, const std::vector<NginxState>& states);

std::string pool_name(const NginxSpec& spec, std::size_t slot);  // "ap_shop_blue"
std::string copy_name(const NginxSpec& spec, std::size_t slot);  // "ap_shop_blue_copy"
std::string probe_path(const NginxSpec& spec);                   // "/.autopilot/shop"
std::string copy_log(const NginxSpec& spec);     // where nginx tells what became of a probe's copy
std::string hash_in(const std::string& config);  // of a generated text; or ""

}  // namespace autopilot::deploy
