#pragma once
// Rows that could not be used: counted by reason, a few of them kept to be shown. None is dropped
// without a word.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace autopilot::events {

struct BadRow {
  std::string file;
  std::uint64_t line = 0;  // 1-based
  std::string why;         // "click is 'yes', not a number"
};

class BadRows {
 public:
  static constexpr std::size_t kShown = 5;

  // `reason` groups ("click is not a number"); `row` says it of this one.
  void add(const std::string& reason, BadRow row);
  void add(const BadRows& others);

  std::uint64_t count() const { return count_; }
  const std::map<std::string, std::uint64_t>& reasons() const { return reasons_; }
  const std::vector<BadRow>& shown() const { return shown_; }
  std::vector<BadRow>& shown() { return shown_; }

 private:
  std::uint64_t count_ = 0;
  std::map<std::string, std::uint64_t> reasons_;
  std::vector<BadRow> shown_;  // the first ones
};

}  // namespace autopilot::events
