#pragma once
// Well-formed UTF-8 seen as code points, for the string functions.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace autopilot::expr {

inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::size_t count_code_points(std::string_view text);

// The byte where code point number `n` starts; text.size() when there are just n, npos when fewer.
std::size_t byte_of(std::string_view text, std::uint64_t n);

// Bytes of the code point that starts at `at`.
std::size_t width_at(std::string_view text, std::size_t at);
char32_t decode_at(std::string_view text, std::size_t at);
void append_utf8(std::string& out, char32_t code_point);

bool is_ascii(std::string_view text);
bool is_white_space(char32_t code_point);  // Unicode White_Space

}  // namespace autopilot::expr
