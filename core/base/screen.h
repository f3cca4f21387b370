#pragma once
// The terminal while a view is drawn on it in place: the other screen, without a cursor, and keys
// one by one and unseen. What the terminal was is put back by the destructor, so on every way out.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace autopilot {

class Screen {
 public:
  struct Size {
    std::size_t columns = 80, rows = 24;
  };
  struct Woken {
    std::string keys;      // pressed meanwhile; Ctrl-C is one of them
    bool resized = false;  // size() may be another
    bool ended = false;    // the process was asked to end, or the terminal is gone
  };
  virtual ~Screen() = default;
  virtual Size size() = 0;
  // Until something of that happens, or for so long.
  virtual Woken wait(Duration most) = 0;
};

// Null where standard input and output are no terminal, or one that another job has.
std::unique_ptr<Screen> system_screen();

// Without what arrow and function keys send (ECMA-48, section 5.4).
std::string without_sequences(std::string_view keys);

}  // namespace autopilot
