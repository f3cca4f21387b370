#include "core/decide/key_order.h"

namespace autopilot::decide {

KeyOrder::KeyOrder(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) keys_.emplace_back(name, nullptr);
}

std::size_t KeyOrder::read_other(const JsonText& text, Token& at, std::size_t& due) const {
  std::string_view written;
  at = text.expect(text.key(at, written), ':');
  const std::string_view key = written.substr(1, written.size() - 2);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].key != key) continue;
    due = i + 1;
    return i;
  }
  return size();
}

}  // namespace autopilot::decide
