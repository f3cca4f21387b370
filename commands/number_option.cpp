#include "commands/number_option.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/units.h"

namespace autopilot::commands {

double number_option(const std::string& text, std::string_view option, double otherwise) {
  if (text.empty()) return otherwise;
  const std::vector<double> numbers = numbers_option(text, option);
  if (numbers.size() == 1) return numbers[0];
  throw Error(ErrorKind::usage, fmt::format("{} takes one number, not {}", option, text));
}

double size_option(const std::string& text, std::string_view option, double otherwise) {
  const double value = number_option(text, option, otherwise);
  if (value >= 0) return value;
  throw Error(ErrorKind::usage, fmt::format("{} takes a number from 0 on, not {}", option, text));
}

double share_option(const std::string& text, std::string_view option, double otherwise) {
  if (text.empty()) return otherwise;
  if (const auto share = parse_share(text)) return *share;
  throw Error(ErrorKind::usage,
              fmt::format("{} takes a share such as 5% or 0.05, not {}", option, text));
}

std::vector<double> numbers_option(const std::string& text, std::string_view option) {
  std::vector<double> out;
  for (const std::string& part : split(text, ',')) {
    const JsonResult parsed = parse_json(trim(part));
    if (!parsed.ok || !parsed.value.is_number()) {
      throw Error(ErrorKind::usage, fmt::format("{} takes numbers, not {}", option, text));
    }
    out.push_back(parsed.value.as_double());
  }
  return out;
}

std::vector<double> pair_option(const std::string& text, std::string_view option) {
  std::vector<double> out = numbers_option(text, option);
  if (out.size() == 2) return out;
  throw Error(ErrorKind::usage, fmt::format("{} takes two numbers, not {}", option, text));
}

}  // namespace autopilot::commands
