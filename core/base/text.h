#pragma once
// Small text tools: UTF-8 checks, display width, edit distance with suggestions, globs, joining.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot {

// Offset of the first byte that is not well-formed UTF-8 (RFC 3629), or npos.
std::size_t find_invalid_utf8(std::string_view text);

// Terminal columns of UTF-8 text: wide East Asian and emoji count 2, combining marks 0.
std::size_t display_width(std::string_view text);

// The candidate closest to `word` by Damerau-Levenshtein distance, if close enough to be meant.
std::optional<std::string> closest(std::string_view word,
                                   const std::vector<std::string>& candidates);

// " did you mean X?" help text, or "" when nothing is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// `*` any run, `?` one character; the whole text must match.
bool glob_match(std::string_view pattern, std::string_view text);

std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

}  // namespace autopilot
