#pragma once
// The samples of the last while, by metric and arm, and the numbers that conditions take from them.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/deploy/metrics.h"

namespace autopilot::deploy {

// Which number: over (at - over, at].
struct Reach {
  Instant at;
  Duration over;
  bool whole = false;  // the window must be covered from its beginning; values are averaged over it
  std::int64_t min_requests = 1;
};

class Windows {
 public:
  explicit Windows(Duration kept = Duration::seconds(60)) : kept_(kept) {}
  // It ends after the last with numbers of its metric and arm; one without, also after the last
  // without.
  bool is_new(const Sample& sample) const;
  // Samples without numbers count for nothing. In rising order of their ends, for each arm.
  void add(const Sample& sample);
  // The share of bad events, or the last value; absent when there is nothing to tell it by.
  std::optional<double> number(const std::string& metric, const std::string& arm,
                               const Reach& reach) const;
  // Why number() has none: what the newest sample says, or how few requests there were. May be
  // empty.
  std::string why_no_number(const std::string& metric, const std::string& arm,
                            const Reach& reach) const;
  // The end of the last sample with numbers.
  std::optional<Instant> newest(const std::string& metric, const std::string& arm) const;
  // Why the newest sample of the arm has no numbers; empty: it has, or there is none.
  std::string no_data(const std::string& metric, const std::string& arm) const;
  std::size_t size() const;  // samples kept

 private:
  struct Measured {
    Instant from, to;
    std::int64_t bad, total;
    std::optional<double> value;
  };
  const std::deque<Measured>* find(const std::string& metric, const std::string& arm) const;

  Duration kept_;
  std::map<std::pair<std::string, std::string>, std::deque<Measured>> arms_;
  struct Silence {
    std::string why;  // empty: the newest sample has numbers
    Instant to;       // of the last without
  };
  std::map<std::pair<std::string, std::string>, Silence> silences_;
};

}  // namespace autopilot::deploy
