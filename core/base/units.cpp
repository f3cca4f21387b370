#include "core/base/units.h"

#include <algorithm>
#include <charconv>

#include "core/base/json.h"

namespace autopilot {

namespace {

// Digits and a point, times ten to the power of `exponent`: shifted as decimal text, so that 1.1%
// is the double nearest to 0.011.
std::optional<double> parse_decimal(std::string_view text, const char* exponent = "") {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos)
    return std::nullopt;
  const std::string number = std::string(text) + exponent;
  double value = 0;
  const char* const end = number.data() + number.size();
  const auto [stop, fault] = std::from_chars(number.data(), end, value);
  return fault == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<double> parse_share(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const std::optional<double> share = parse_decimal(text, percent ? "e-2" : "");
  return share && *share <= 1 ? share : std::nullopt;
}

std::optional<double> parse_rate(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view unit = text.substr(slash);
  const double seconds = unit == "/s" ? 1 : unit == "/m" ? 60 : unit == "/h" ? 3600 : 0;
  const std::optional<double> number = parse_decimal(text.substr(0, slash));
  if (!number || *number <= 0 || seconds == 0) return std::nullopt;
  return *number / seconds;
}

std::string format_share(double share) {
  std::string text = double_text(share);
  double percent = share * 100;
  if (text.find('e') == std::string::npos) {
    text += "e2";
    std::from_chars(text.data(), text.data() + text.size(), percent);
  }
  return double_text(percent) + "%";
}

}  // namespace autopilot
