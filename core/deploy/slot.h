#pragma once
// Where one version of a deployment runs: a colour with a fixed address. Traffic is split between
// two of them, and what runs in one is replaced while the other serves.

#include <string>
#include <vector>

namespace autopilot::deploy {

// A machine that slots are on.
struct Host {
  std::string target;   // "local", or what ssh is told: "deploy@web1", "ssh://web1:2222"
  std::string address;  // where what runs there listens; "" with local: the slot's own
  bool is_local() const { return target == "local"; }
};

struct Slot {
  std::string name;  // "blue"
  int port = 0;
  std::string host = "127.0.0.1";      // on the first host of the site
  std::vector<std::string> more = {};  // the same on its further hosts
};

// What the providers of one deployment need to know of it.
struct Site {
  std::string deployment;  // its id
  std::vector<Slot>
      slots;           // as documented; the first is where everything goes before the first set
  std::string folder;  // where providers keep records and logs; made when missing
  std::vector<Host> hosts = {};       // none: this machine
  int hosts_batch = 1;                // how many are started before they are looked at
  std::vector<std::string> ssh = {};  // words of the client; none: ssh
};

}  // namespace autopilot::deploy
