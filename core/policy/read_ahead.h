#pragma once
// Texts read as YAML on all cores, before they are checked one after the other: reading is most of
// the work. Only what has no fault is kept. The rest is read again in its turn, so that what is
// reported, and what the budget allows, is the same as without reading ahead.

#include <optional>
#include <span>
#include <vector>

#include "core/base/yaml.h"

namespace autopilot::policy {

class ReadAhead {
 public:
  // REQUIRES sources in rising order. Too little to be worth threads is left to be read in its
  // turn.
  void read(const SourceMap& sources, std::span<const std::uint32_t> which);
  // The documents of a source, given away once; none where it is to be read in its turn. Takes from
  // the budget what reading it took.
  std::optional<std::vector<YamlDocument>> take(std::uint32_t source, YamlBudget& budget);

 private:
  struct Read {
    std::uint32_t source = 0;
    std::optional<std::vector<YamlDocument>> documents;
    YamlBudget left;  // of a whole one
  };
  std::vector<Read> all_;  // by source
};

}  // namespace autopilot::policy
