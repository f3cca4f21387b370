#pragma once
// Numbers for things in the order in which they are first met.

#include <map>
#include <vector>

namespace autopilot::loop {

template <class T>
class Numbering {
 public:
  std::size_t of(const T& thing) {
    const auto [at, is_new] = numbers_.try_emplace(thing, all_.size());
    if (is_new) all_.push_back(thing);
    return at->second;
  }
  const std::vector<T>& all() const { return all_; }

 private:
  std::map<T, std::size_t> numbers_;
  std::vector<T> all_;
};

}  // namespace autopilot::loop
