#include "core/decide/whatif_words.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/yaml.h"

namespace autopilot::decide {
namespace {

[[noreturn]] void refuse(std::string_view option, std::string_view words, std::string_view why,
                         std::string hint) {
  throw Error(ErrorKind::usage, fmt::format("{} {}: {}", option, words, why), std::move(hint));
}

// "[FR, BE]" and "{a: 1}" as YAML reads them; nothing when the text is something else, say a
// condition.
std::optional<Value> bracketed(std::string_view text) {
  const JsonResult json = parse_json(text);
  if (json.ok) return json.value;
  if (text.front() == '"') return std::nullopt;
  Diagnostics faults;
  YamlBudget budget;
  const std::uint32_t source = faults.sources().add("", std::string(text));
  const std::vector<YamlDocument> documents = parse_yaml(source, budget, faults);
  if (!faults.ok() || documents.size() != 1 || !documents[0].sound) return std::nullopt;
  if (!documents[0].root.is_list() && !documents[0].root.is_map()) return std::nullopt;
  Value value = to_value(documents[0].root, faults);
  return faults.ok() ? std::optional(std::move(value)) : std::nullopt;
}

std::size_t decimals_of(std::string_view text) {
  const std::size_t point = text.find('.');
  return point == std::string_view::npos || text.find_first_of("eE") != std::string_view::npos
             ? 0
             : text.size() - point - 1;
}

// LO, HI and STEP of a range, which may be numbers, shares (5%) or durations (1h, -30m).
struct Range {
  double low = 0, high = 0, step = 0;
  std::size_t decimals = 0;
  enum class Unit { number, percent, duration } unit = Unit::number;
};

std::optional<double> seconds_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto length = parse_duration(text.substr(negative ? 1 : 0));
  if (!length) return std::nullopt;
  return (negative ? -1e-9 : 1e-9) * static_cast<double>(length->nanos);
}

std::optional<double> part_of(std::string_view text, Range::Unit unit) {
  switch (unit) {
    case Range::Unit::number:
      return number_in(text);
    case Range::Unit::percent:
      return text.ends_with('%') ? number_in(text.substr(0, text.size() - 1)) : std::nullopt;
    case Range::Unit::duration:
      return seconds_of(text);
  }
  return std::nullopt;
}

// 0%:50%:5% is 0:0.5:0.05.
Range as_share(const Range& percent) {
  return {percent.low / 100, percent.high / 100, percent.step / 100, percent.decimals + 2,
          Range::Unit::number};
}

std::optional<Range> range_of(const std::vector<std::string>& parts) {
  if (parts.size() != 3) return std::nullopt;
  for (const auto unit : {Range::Unit::number, Range::Unit::percent, Range::Unit::duration}) {
    const auto low = part_of(parts[0], unit), high = part_of(parts[1], unit),
               step = part_of(parts[2], unit);
    if (!low || !high || !step) continue;
    Range range{*low, *high, *step, 0, unit};
    for (const std::string& part : parts)
      range.decimals = std::max(range.decimals, decimals_of(trim(part)));
    return unit == Range::Unit::percent ? as_share(range) : range;
  }
  return std::nullopt;
}

std::string value_text(const Range& range, double value) {
  if (range.unit == Range::Unit::duration) {
    const auto nanos = static_cast<std::int64_t>(std::llround(std::fabs(value) * 1e9));
    return (value < 0 ? "-" : "") + format_duration(Duration{nanos});
  }
  // 0.1 + 0.2 is 0.3 to whoever wrote the range.
  if (range.decimals > 0)
    value = std::strtod(fmt::format("{:.{}f}", value, range.decimals).c_str(), nullptr);
  return double_text(value);
}

std::vector<std::string> values_in(const Range& range, std::string_view words) {
  const double count = (range.high - range.low) / range.step;
  if (!(range.step > 0) || !(range.high >= range.low) || !std::isfinite(count)) {
    refuse("--sweep", words, "the range is empty", "write LO:HI:STEP with LO <= HI and STEP > 0");
  }
  if (count >= static_cast<double>(kMostPoints)) {
    refuse("--sweep", words, fmt::format("more than {} points", kMostPoints), "take a larger step");
  }
  std::vector<std::string> out;
  const auto last = static_cast<std::size_t>(count + 1e-9);
  for (std::size_t i = 0; i <= last; ++i) {
    out.push_back(value_text(range, range.low + static_cast<double>(i) * range.step));
  }
  return out;
}

// "a,b" and, for values with commas in them, the JSON list ["a,b","c"].
std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> out;
  if (text.starts_with('[')) {
    const JsonResult list = parse_json(text);
    if (list.ok && list.value.is_list()) {
      for (const Value& v : list.value.as_list())
        out.push_back(v.is_string() && value_of(v.as_string()).is_string() ? v.as_string()
                                                                           : to_json(v));
      return out;
    }
  }
  for (const std::string& part : split(text, ',')) out.emplace_back(trim(part));
  return out;
}

bool rising_numbers(const std::vector<std::string>& values) {
  std::optional<double> last;
  for (const std::string& text : values) {
    const std::optional<double> number = number_in(text);
    if (!number || (last && !(*last < *number))) return false;
    last = number;
  }
  return true;
}

}  // namespace

Assignment parse_assignment(std::string_view words, std::string_view option) {
  const std::size_t equals = words.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    refuse(option, words, "no value is given", "write PATH=VALUE, PATH*=FACTOR or PATH+=AMOUNT");
  }
  Assignment out;
  out.sign = "=";
  std::string_view path = words.substr(0, equals);
  const char before = path.back();
  if (before == '*' || before == '+' || before == '-') {
    out.sign = before + out.sign;
    out.change = before == '*' ? Change::scale : Change::add;
    path.remove_suffix(1);
  }
  out.path = std::string(trim(path));
  out.text = std::string(trim(words.substr(equals + 1)));
  if (out.path.empty()) refuse(option, words, "no path is given", "write PATH=VALUE");
  if (out.change != Change::set && out.path.starts_with('$'))
    refuse(option, words, "a variable is given values, not changed", "write $NAME=VALUES");
  return out;
}

Sweep parse_sweep(std::string_view words) {
  Sweep sweep;
  sweep.what = parse_assignment(words, "--sweep");
  const std::string text = std::exchange(sweep.what.text, {});
  if (const std::optional<Range> range = range_of(split(text, ':'))) {
    sweep.values = values_in(*range, words);
  } else {
    sweep.values = list_of(text);
  }
  for (const std::string& value : sweep.values) {
    if (value.empty())
      refuse("--sweep", words, "a value is empty", "write LO:HI:STEP, or values with commas");
  }
  sweep.numeric = rising_numbers(sweep.values);
  return sweep;
}

Value value_of(std::string_view text) {
  if (!text.empty() && std::string_view("[{\"").find(text.front()) != std::string_view::npos) {
    return bracketed(text).value_or(Value(text));
  }
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.plain = true;
  node.text = std::string(text);
  const Value value = scalar_value(node);
  if (value.kind() == Value::Kind::real && !std::isfinite(value.as_double())) return Value(text);
  return value;
}

std::string text_of_number(double value) { return double_text(value); }

std::optional<double> number_in(std::string_view text) {
  const Value value = value_of(trim(text));
  if (!value.is_number()) return std::nullopt;
  return value.as_double();
}

}  // namespace autopilot::decide
