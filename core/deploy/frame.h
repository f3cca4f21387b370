#pragma once
// Text that is drawn in place on a screen of a given size: what there is no room for is left out,
// the most telling lines last.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot::deploy {

struct Section {
  std::vector<std::string> lines;  // rendered, colours included
  std::size_t least = 1;           // lines that it gets before others get more than theirs
  std::size_t focus = 0;           // the line that is left when only one is
};

struct Frame {
  std::vector<std::string> lines;  // at most as many as there are rows
  std::size_t hidden = 0;          // lines that had no room
};

// Earlier sections get room first. Empty lines go between them where all has room.
Frame fitted(const std::vector<Section>& sections, std::size_t rows);

// The line within so many columns; colours are closed behind the cut.
std::string clipped(std::string_view line, std::size_t columns);

}  // namespace autopilot::deploy
