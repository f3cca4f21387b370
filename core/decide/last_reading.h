#pragma once
// Remembers what a text was read as: records that follow each other often say the same there.

#include <optional>
#include <string>
#include <string_view>

namespace autopilot::decide {

template <class Value>
class LastReading {
 public:
  // What `read`, the same each time, makes of the text.
  template <class Read>
  const std::optional<Value>& of(std::string_view text, Read read) {
    if (text != text_) {
      value_ = read(text);
      text_ = text;
    }
    return value_;
  }

 private:
  std::string text_;
  std::optional<Value> value_;  // of an empty text there is none
};

}  // namespace autopilot::decide
