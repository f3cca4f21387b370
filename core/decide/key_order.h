#pragma once
// The keys of an object that is mostly written in one order, as the members of our own lines are:
// each is recognised by one comparison with the key that is due.

#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/decide/input_shape.h"
#include "core/decide/json_text.h"

namespace autopilot::decide {

// Immutable once built; shared by all threads.
class KeyOrder {
 public:
  explicit KeyOrder(std::initializer_list<std::string_view> names);

  // The number of the key that stands at the token, size() when it is none of these; `at` moves
  // behind its colon. `due` is the number of the key that is likely, 0 where an object begins; it
  // moves on. Keys that an object may lack or have in another order are found, too. Stops where no
  // key and colon are.
  std::size_t read(const JsonText& text, Token& at, std::size_t& due) const {
    if (at < text.end()) {
      for (std::size_t i = due; i < keys_.size(); ++i) {
        if (!keys_[i].stands_at(text.place(at))) continue;
        at += 2;
        due = i + 1;
        return i;
      }
    }
    return read_other(text, at, due);
  }
  std::size_t size() const { return keys_.size(); }

 private:
  std::size_t read_other(const JsonText& text, Token& at, std::size_t& due) const;

  std::vector<KnownKey> keys_;
};

}  // namespace autopilot::decide
