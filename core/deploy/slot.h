#pragma once
// Where one version of a deployment runs: a colour with a fixed address. Traffic is split between
// two of them, and what runs in one is replaced while the other serves.

#include <string>
#include <vector>

namespace autopilot::deploy {

struct Slot {
  std::string name;  // "blue"
  int port = 0;
  std::string host = "127.0.0.1";
};

// What the providers of one deployment need to know of it.
struct Site {
  std::string deployment;  // its id
  std::vector<Slot>
      slots;           // as documented; the first is where everything goes before the first set
  std::string folder;  // where providers keep records and logs; made when missing
};

}  // namespace autopilot::deploy
