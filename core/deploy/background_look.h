#pragma once
// A look at what runs in a slot by a thread of its own: a machine that answers late, or never,
// keeps neither measuring nor people's requests waiting.

#include <cstdint>
#include <functional>
#include <future>
#include <optional>

#include "core/deploy/process.h"

namespace autopilot::deploy {

// REQUIRES that what `look` uses may be used by another thread, and outlives this.
class BackgroundLook {
 public:
  using Look = std::function<Running()>;
  using Nanos = std::function<std::int64_t()>;  // of a clock that never goes back

  BackgroundLook(Look look, Nanos now) : look_(std::move(look)), now_(std::move(now)) {}
  ~BackgroundLook();  // waits for the look that is under way
  BackgroundLook(const BackgroundLook&) = delete;
  BackgroundLook& operator=(const BackgroundLook&) = delete;

  // What the last look found that has ended; waits only for the very first. A new one begins when
  // the last is long enough ago for looks to take little of the time. Throws what the look threw.
  Running newest();
  // What was found before holds no longer.
  void forget();

 private:
  struct Seen {
    Running running;
    std::int64_t begun, ended;
  };
  Seen look_now() const;

  Look look_;
  Nanos now_;
  std::optional<Seen> newest_;
  std::future<Seen> under_way_;
};

}  // namespace autopilot::deploy
