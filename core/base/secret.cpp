#include "core/base/secret.h"

#include <string.h>

#include <algorithm>
#include <utility>

namespace autopilot {

Secret::Secret(std::string_view text)
    : text_(std::make_unique<char[]>(text.size())), size_(text.size()) {
  std::copy(text.begin(), text.end(), text_.get());
}

Secret::Secret(Secret&& other) noexcept
    : text_(std::move(other.text_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(text_, other.text_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  if (text_ != nullptr) ::explicit_bzero(text_.get(), size_);
}

void wipe(std::string& text) {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace autopilot
