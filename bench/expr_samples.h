#pragma once
// Conditions and records that the benchmarks of the expression engine share: comparing, five
// clauses, a list of 20, a prefix with a map, a loop over 10 strings.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/check.h"
#include "core/expr/program.h"

namespace autopilot::bench {

struct Tag2 {
  std::string_view key, value;
};

struct Record {
  double cvr, visits, spend, budget;
  std::string type, geo, target, campaign;
  std::array<std::string, 10> labels;
  std::array<Tag2, 4> tags;
};

inline constexpr std::array<const char*, 20> kCampaigns = {
    "cmp-spring-01", "cmp-spring-02", "cmp-summer-01", "cmp-summer-02",  "cmp-autumn-01",
    "cmp-autumn-02", "cmp-winter-01", "cmp-winter-02", "brand-fr",       "brand-be",
    "brand-ch",      "brand-ca",      "retarget-7d",   "retarget-30d",   "lookalike-1",
    "lookalike-2",   "video-a",       "video-b",       "search-generic", "search-brand"};

struct Condition {
  const char* name;
  std::string cel;
};
std::vector<Condition> conditions();

// The campaigns in quotes.
std::string campaign_list(const char* before, const char* between, const char* after);

class Dice {
 public:
  double real() { return static_cast<double>(next() >> 11) / 9007199254740992.0; }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::uint64_t state_ = 20261120;
};

Record make_record(Dice& dice);
expr::Environment environment();

// What a record has in a slot. Strings are views of it, lists and maps live in the arena.
expr::Val slot_value(const expr::Path& path, const Record& r, expr::Arena& arena);

}  // namespace autopilot::bench
