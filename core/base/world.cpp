#include "core/base/world.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace autopilot {

std::string Files::read_all_stdin() {
  std::string text;
  for (std::string piece = read_stdin(); !piece.empty(); piece = read_stdin()) {
    text += piece;
    if (text.size() > kMostBytes) {
      throw Error(
          ErrorKind::storage,
          fmt::format("cannot read standard input: it has more than {} MiB", kMostBytes >> 20));
    }
  }
  return text;
}

}  // namespace autopilot
