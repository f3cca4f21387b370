#pragma once
// Numbers of JSON texts, eight digits at a time: their lengths vary, so a loop over digits would
// cost a mispredicted branch for most of them.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace autopilot::decide {

// How a number is written.
struct NumberText {
  std::size_t size = 0;   // bytes; 0: this is no number
  bool is_short = false;  // the rest says it all; otherwise it has an exponent or many digits
  bool is_negative = false;
  std::uint64_t digits = 0;  // without the point, at most 16 of them
  unsigned fraction = 0;     // digits behind the point, at most 8
};

// Of any JSON number. REQUIRES the text to go on with something else than a digit before
// readability ends, and 32 readable bytes.
NumberText scan_long_number(const char* text);

// What may follow a value within a list or an object.
inline bool ends_value(char c) {
  return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// The number of digits, up to 8, that `word` (8 bytes of text) begins with.
inline unsigned leading_digits(std::uint64_t word) {
  constexpr std::uint64_t kTop = 0x8080808080808080u;
  const std::uint64_t x = word ^ 0x3030303030303030u;  // digits become 0 to 9
  const std::uint64_t others = (((x & ~kTop) + 0x7676767676767676u) | x) & kTop;
  return others == 0 ? 8 : static_cast<unsigned>(std::countr_zero(others)) / 8;
}

// The value of the first `count` digits (1 to 8) of `word`. Lemire, "Quickly parsing eight digits",
// 2018.
inline std::uint64_t digits_value(std::uint64_t word, unsigned count) {
  word <<= 64 - 8 * count;  // zeros in front
  word = (word & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
  word = (word & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
  return (word & 0x0000FFFF0000FFFFu) * 42949672960001 >> 32;
}

// Always inlined: as a call it would return its result through memory, which costs as much as the
// work.
[[gnu::always_inline]] inline NumberText scan_number(const char* text) {
  constexpr std::array<std::uint64_t, 9> kPowers = {
      1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
  if constexpr (std::endian::native != std::endian::little) return scan_long_number(text);
  NumberText out;
  out.is_negative = *text == '-';
  const char* at = text + (out.is_negative ? 1 : 0);
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  const unsigned whole = leading_digits(word);
  if (whole == 0 || (*at == '0' && whole > 1)) return {};
  out.digits = digits_value(word, whole);
  at += whole;
  if (*at == '.') {
    std::memcpy(&word, ++at, 8);
    out.fraction = leading_digits(word);
    if (out.fraction == 0) return {};
    out.digits = out.digits * kPowers[out.fraction] + digits_value(word, out.fraction);
    at += out.fraction;
  }
  if (!ends_value(*at)) return scan_long_number(text);
  out.size = static_cast<std::size_t>(at - text);
  out.is_short = true;
  return out;
}

// Whether the digits of a short number are an integer that a double holds.
inline bool is_exact(const NumberText& number) {
  return number.is_short && number.digits <= std::uint64_t{1} << 53;
}

// The value of an exact number: dividing by an exact power of ten rounds once, correctly (Clinger,
// "How to Read Floating Point Numbers Accurately", 1990).
inline double short_value(const NumberText& number) {
  constexpr std::array<double, 9> kPowers = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
  const double value = static_cast<double>(number.digits) / kPowers[number.fraction];
  return number.is_negative ? -value : value;
}

}  // namespace autopilot::decide
