#include "core/base/units.h"

#include <charconv>

#include "core/base/json.h"

namespace autopilot {

std::optional<double> parse_share(std::string_view text) {
  std::string number(text);
  const bool percent = !number.empty() && number.back() == '%';
  if (percent) number.pop_back();
  if (number.empty() || number.find_first_not_of("0123456789.") != std::string::npos)
    return std::nullopt;
  if (percent)
    number += "e-2";  // shifted as decimal text, so that 1.1% is the double nearest to 0.011
  double share = 0;
  const char* const end = number.data() + number.size();
  const auto [stop, fault] = std::from_chars(number.data(), end, share);
  if (fault != std::errc() || stop != end || share > 1) return std::nullopt;
  return share;
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
