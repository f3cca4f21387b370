#pragma once
// Numbers of JSON texts, eight digits at a time: their lengths vary, so a loop over digits would
// cost a mispredicted branch for most of them.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace autopilot {

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

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

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

// The value of eight digits, one in each byte (0 to 9). Lemire, "Quickly parsing eight digits",
// 2018.
inline std::uint64_t value_of_eight(std::uint64_t digits) {
  digits = digits * 2561 >> 8;
  digits = (digits & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
  return (digits & 0x0000FFFF0000FFFFu) * 42949672960001 >> 32;
}

// The value of the first `count` digits (1 to 8) of `word`.
inline std::uint64_t digits_value(std::uint64_t word, unsigned count) {
  return value_of_eight(word << (64 - 8 * count) & 0x0F0F0F0F0F0F0F0Fu);  // zeros in front
}

inline constexpr std::size_t kNarrow = 8;

// A number of `size` bytes, 1 to kNarrow, that has neither sign nor exponent, as most are: all of
// it in one word, for a third of the work of scan_number. Size 0 when it is anything else, white
// space behind it included. REQUIRES 8 readable bytes.
[[gnu::always_inline]] inline NumberText scan_narrow(const char* text, std::size_t size) {
  constexpr std::uint64_t kTop = 0x8080808080808080u;
  constexpr std::uint64_t kPoint = '.' ^ '0';
  if constexpr (std::endian::native != std::endian::little) return {};
  std::uint64_t word = 0;
  std::memcpy(&word, text, 8);
  const auto spare = static_cast<unsigned>(8 - size);
  word = (word ^ 0x3030303030303030u) << 8 * spare;  // digits become 0 to 9, with zeros in front
  const std::uint64_t others = (((word & ~kTop) + 0x7676767676767676u) | word) & kTop;
  NumberText out;
  if (others != 0) {  // right for a point between digits
    const std::uint64_t other = others >> 7;
    const std::uint64_t whole = other - 1;
    const auto before = static_cast<unsigned>(std::countr_zero(others)) / 8;
    if ((word & other * 0xFF) != other * kPoint || (others & (others - 1)) != 0) return {};
    if (before <= spare || before == 7) return {};
    word = (word & whole) << 8 | (word & ~(whole << 8 | 0xFF));
    out.fraction = 7 - before;
  }
  if (*text == '0' && size > 1 && text[1] != '.') return {};
  out.size = size;
  out.is_short = true;
  out.digits = value_of_eight(word);
  return out;
}

// Always inlined: as a call it would return its result through memory, which costs as much as the
// work.
[[gnu::always_inline]] inline NumberText scan_number(const char* text) {
  static constexpr std::array<std::uint64_t, 9> kPowers = {
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
[[gnu::always_inline]] inline double short_value(const NumberText& number) {
  static constexpr std::array<double, 9> kPowers = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
  const double value = static_cast<double>(number.digits) / kPowers[number.fraction];
  return number.is_negative ? -value : value;
}

}  // namespace autopilot
