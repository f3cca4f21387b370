#pragma once
// Reading and writing the bytes of a program: little-endian numbers, counted strings, tagged
// values.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/expr/arena.h"
#include "core/expr/val.h"

namespace autopilot::expr {

class ByteWriter {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_integral_v<T>);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_ += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
    }
  }
  void text(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  void value(const Val& value);
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Throws Error(storage) when the bytes end too early or make no sense.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T number() {
    static_assert(std::is_integral_v<T>);
    const std::string_view raw = take(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
    }
    return static_cast<T>(value);
  }
  std::string_view text() { return take(number<std::uint32_t>()); }
  // A number of things that take at least `least` bytes each.
  std::uint32_t count(std::size_t least);
  Val value(Arena& arena, int depth = 0);
  bool at_end() const { return bytes_.empty(); }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view take(std::size_t size);
  std::string_view bytes_;
};

[[noreturn]] void refuse_program(const char* why);

}  // namespace autopilot::expr
