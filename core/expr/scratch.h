#pragma once
// Memory and accounting of one evaluating thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/timezone.h"
#include "core/expr/arena.h"
#include "core/expr/regex.h"
#include "core/expr/val.h"

namespace autopilot::expr {

// Reset between records. Not thread-safe. Results of evaluate() live until reset().
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Forgets all results and the cost so far; keeps the memory.
  void reset() {
    arena_.reset();
    cost = 0;
  }
  void* allocate(std::size_t bytes) {
    return arena_.allocate(bytes);
  }  // 8-byte aligned, until reset
  Val copy_string(std::string_view text) { return Val::of_string(arena_.copy(text)); }
  Arena& arena() { return arena_; }

  // What the evaluations since the last reset may cost in all, in units of roughly one visited
  // element or 64 copied bytes. Exceeding it is an error value.
  std::uint64_t cost_limit = 1'000'000;
  std::uint64_t cost = 0;

  // False when the limit is passed.
  bool charge(std::uint64_t units) {
    cost += units;
    return cost <= cost_limit;
  }
  bool charge_bytes(std::uint64_t bytes) { return charge(bytes / 64 + 1); }

  // What an earlier evaluation of this thread has loaded or compiled is kept, so that a name or
  // pattern in use costs no memory. The results are valid until the next call.
  const TimeZone* zone(std::string_view name);  // null when there is none of that name
  const Regex& regex(std::string_view pattern);

  // A frame of registers for one evaluation. Contents are what the last one left.
  Val* registers(std::size_t count) {
    if (count > registers_.size()) registers_.resize(count);
    return registers_.data();
  }

 private:
  Arena arena_;
  std::vector<Val> registers_;
  std::vector<std::pair<std::string, std::optional<TimeZone>>> zones_;
  std::vector<std::pair<std::string, Regex>> regexes_;
};

}  // namespace autopilot::expr
