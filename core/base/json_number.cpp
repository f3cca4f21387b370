#include "core/base/json_number.h"

namespace autopilot {
namespace {

const char* behind_digits(const char* at) {
  while (is_digit(*at)) ++at;
  return at;
}

}  // namespace

NumberText scan_long_number(const char* text) {
  const char* const whole = text + (*text == '-');
  const char* at = behind_digits(whole);
  if (at == whole || (*whole == '0' && at - whole > 1)) return {};
  if (*at == '.') {
    const char* const fraction = ++at;
    at = behind_digits(at);
    if (at == fraction) return {};
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    at += *at == '+' || *at == '-';
    const char* const exponent = at;
    at = behind_digits(at);
    if (at == exponent) return {};
  }
  if (!ends_value(*at)) return {};
  NumberText out;
  out.size = static_cast<std::size_t>(at - text);
  return out;
}

}  // namespace autopilot
