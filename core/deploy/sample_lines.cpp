#include "core/deploy/sample_lines.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kTick = Duration::seconds(10);
constexpr std::string_view kFields[] = {"metric", "arm",   "time",  "from",
                                        "bad",    "total", "value", "no_data"};

class Reader {
 public:
  Reader(std::string_view text, std::uint32_t file, Diagnostics& diagnostics)
      : text_(text), file_(file), diagnostics_(diagnostics) {}

  std::vector<Sample> read() {
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      const std::string_view line = text_.substr(at, end - at);
      begin_ = at;
      end_ = end;
      if (!trim(line).empty()) read_line(line);
      at = end + 1;
    }
    return std::move(samples_);
  }

 private:
  void fault(const std::string& message, const std::string& help = {}) {
    diagnostics_
        .error("bad-sample",
               Span{file_, static_cast<std::uint32_t>(begin_), static_cast<std::uint32_t>(end_)},
               message)
        .help = help;
    bad_ = true;
  }

  void read_line(std::string_view line) {
    bad_ = false;
    const JsonResult parsed = parse_json(line);
    if (!parsed.ok) {
      begin_ += parsed.fault.offset;
      end_ = std::max(end_, begin_);
      return fault(parsed.fault.message, "each line is one JSON object");
    }
    if (!parsed.value.is_map()) return fault("a sample is a JSON object");
    for (const auto& [name, value] : parsed.value.as_map()) {
      if (std::find(std::begin(kFields), std::end(kFields), name) == std::end(kFields)) {
        fault(fmt::format("a sample has no field {}", name),
              did_you_mean(name, {std::begin(kFields), std::end(kFields)}));
      }
    }
    Sample sample;
    sample.metric = text_of(parsed.value, "metric");
    sample.arm = text_of(parsed.value, "arm");
    if (sample.metric.empty()) sample.metric = "metric";
    if (!bad_ && sample.arm != "canary" && sample.arm != "stable")
      fault(sample.arm.empty() ? "a sample names its arm" : "there is no arm " + sample.arm,
            "arm: canary, or stable");
    times_of(parsed.value, sample);
    numbers_of_line(parsed.value, sample);
    if (!bad_) samples_.push_back(std::move(sample));
  }

  std::string text_of(const Value& of, const char* name) {
    const Value* value = of.get(name);
    if (value == nullptr || value->is_null()) return "";
    if (value->is_string()) return value->as_string();
    fault(fmt::format("{} is no text", name));
    return "";
  }

  std::optional<Instant> time_of(const Value& of, const char* name) {
    const std::string text = text_of(of, name);
    if (text.empty()) return std::nullopt;
    const auto time = parse_rfc3339(text);
    if (!time) fault(fmt::format("{} is no time", name), "as in 2026-11-20T10:00:10Z");
    return time;
  }

  void times_of(const Value& of, Sample& sample) {
    Instant& before = newest_[{sample.metric, sample.arm}];
    const auto to = time_of(of, "time");
    const auto from = time_of(of, "from");
    sample.to = to ? *to : before + kTick;
    sample.from = from ? *from : before == Instant{} ? sample.to - kTick : before;
    before = sample.to;
  }

  std::optional<std::int64_t> count_of(const Value& of, const char* name) {
    const Value* value = of.get(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    const double number = value->is_number() ? value->as_double() : -1;
    if (!(number >= 0 && number <= 9e15 && number == std::floor(number))) {
      fault(fmt::format("{} is no count", name), "counts are whole numbers from 0 on");
      return std::nullopt;
    }
    return static_cast<std::int64_t>(number);
  }

  void numbers_of_line(const Value& of, Sample& sample) {
    sample.no_data = text_of(of, "no_data");
    if (bad_ || !sample.no_data.empty()) return;
    const Value* value = of.get("value");
    if (value != nullptr) return value_of(*value, sample);
    const auto bad = count_of(of, "bad"), total = count_of(of, "total");
    if (bad_) return;
    if (!bad || !total) {
      return fault("a sample has bad and total, or a value, or says no_data");
    }
    if (*bad > *total) return fault(fmt::format("{} of {} are bad", *bad, *total));
    sample.bad = *bad;
    sample.total = *total;
  }

  void value_of(const Value& value, Sample& sample) {
    const bool named =
        value.is_string() && (value.as_string() == "NaN" || value.as_string() == "Infinity" ||
                              value.as_string() == "-Infinity");
    if (value.is_number() && std::isfinite(value.as_double())) {
      sample.value = value.as_double();
    } else if (value.is_null() || named || value.is_number()) {
      sample.no_data = "the value is no number";
    } else {
      fault("value is no number");
    }
  }

  std::string_view text_;
  std::uint32_t file_;
  Diagnostics& diagnostics_;
  std::size_t begin_ = 0, end_ = 0;
  bool bad_ = false;
  std::vector<Sample> samples_;
  std::map<std::pair<std::string, std::string>, Instant> newest_;
};

}  // namespace

std::vector<Sample> read_samples(std::string_view text, std::uint32_t file,
                                 Diagnostics& diagnostics) {
  return Reader(text, file, diagnostics).read();
}

}  // namespace autopilot::deploy
