#include "core/base/micros.h"

#include <fmt/format.h>

#include <charconv>

namespace autopilot {
namespace {
constexpr std::int64_t kMicros = 1'000'000;
constexpr std::size_t kDecimals = 6;

// Most amounts are a few digits. Null for all others.
std::optional<std::int64_t> parse_short(std::string_view text) {
  if (text.empty() || text.size() > 12) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string micros_text(std::int64_t micros) {
  const std::int64_t whole = micros / kMicros;
  std::int64_t part = micros % kMicros;
  if (part == 0) return fmt::format_int(whole).str();
  const bool negative = micros < 0;
  if (negative) part = -part;
  std::string out = fmt::format("{}{}.{:06}", negative && whole == 0 ? "-" : "", whole, part);
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

std::optional<std::int64_t> parse_micros(std::string_view text) {
  if (const std::optional<std::int64_t> whole = parse_short(text)) return *whole * kMicros;
  const std::size_t dot = text.find('.');
  const std::string_view whole_text = text.substr(0, dot);
  const std::string_view part_text =
      dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  std::int64_t whole = 0;
  const auto end = std::from_chars(whole_text.data(), whole_text.data() + whole_text.size(), whole);
  if (end.ec != std::errc() || end.ptr != whole_text.data() + whole_text.size())
    return std::nullopt;
  if (part_text.size() > kDecimals || (dot != std::string_view::npos && part_text.empty()))
    return std::nullopt;
  std::int64_t part = 0;
  for (std::size_t i = 0; i < kDecimals; ++i) {
    const char c = i < part_text.size() ? part_text[i] : '0';
    if (c < '0' || c > '9') return std::nullopt;
    part = part * 10 + (c - '0');
  }
  std::int64_t out = 0;
  if (__builtin_mul_overflow(whole, kMicros, &out)) return std::nullopt;
  if (__builtin_add_overflow(out, text.front() == '-' ? -part : part, &out)) return std::nullopt;
  return out;
}

}  // namespace autopilot
