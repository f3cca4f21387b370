#pragma once
// A text that must not be seen. It prints nowhere by accident: it has no operator<<, no formatter,
// no conversion to a string or a Value, cannot be copied, and its memory is wiped when it goes.
// Only reveal() shows it, and only what hands it to its user calls that.

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace autopilot {

inline constexpr std::size_t kLongestSecret = 64 << 10;  // bytes

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text);  // whoever has `text` wipes it
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // Valid as long as this is.
  std::string_view reveal() const { return {text_.get(), size_}; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

 private:
  std::unique_ptr<char[]> text_;  // never the buffer within a string, which moves copy
  std::size_t size_ = 0;
};

// Overwrites the text, also what it has reserved, and empties it. Not optimised away.
void wipe(std::string& text);

}  // namespace autopilot
