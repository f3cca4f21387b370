#pragma once
// What a step wants of the traffic: a share of it, requests that go to the canary whatever the
// share, and copies of others. What a match takes is computed here, so that a probe knows the
// answer that a working proxy must give.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/value.h"

namespace autopilot::deploy {

// A header or cookie whose value fits one of these. Case counts in values, not in names of headers.
struct Matcher {
  enum class How { exact, prefix, regex };
  bool is_cookie = false;
  std::string name;
  How how = How::exact;
  std::vector<std::string> values;
  bool operator==(const Matcher&) const = default;
};

// All must fit. Without any: no request is chosen.
using Match = std::vector<Matcher>;

struct Routing {
  Routing(int weight, Match chosen = {}, int copies = 0)  // NOLINT: a weight is a routing
      : weight_bp(weight), match(std::move(chosen)), mirror_bp(copies) {}
  int weight_bp = 0;
  Match match;
  int mirror_bp = 0;  // of all requests; the canary gets copies of them
  bool gives_anything() const { return weight_bp > 0 || !match.empty() || mirror_bp > 0; }
};

// Of a step's `match:` that passed validation, or of to_value(); null: none.
Match match_from(const Value& spec);
Value to_value(const Match& match);
std::string to_text(const Match& match);  // "header X-Beta is 1 and cookie ring begins with a"
std::string id_of(const Match& match);    // six hexadecimal digits of its content; "" for none

// "5% of the traffic, those whose header X-Beta is 1, copies of 20%": what is there of it.
std::string to_text(const Routing& routing);

// What a request carries.
struct Carried {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  Pairs headers, cookies;
};
bool accepts(const Match& match, const Carried& carried);

// Requests to try a match with: every value of it, and near misses of each.
std::vector<Carried> tries_of(const Match& match);

}  // namespace autopilot::deploy
