// A program of yours that prints a number, or JSON.
#include <fmt/format.h>

#include <cstring>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/deploy/metric_source.h"

namespace autopilot::deploy {
namespace {

std::string first_line(std::string_view text) {
  const std::string_view line = trim(text).substr(0, trim(text).find('\n'));
  return std::string(line.substr(0, 200));
}

class Exec final : public Metrics {
 public:
  Exec(const Value& spec, World& world)
      : spec_(spec), world_(world), argv_(texts_in(spec, "argv")), places_(spec) {
    if (argv_.empty()) throw Error(ErrorKind::invalid, "a metric of the provider exec needs argv");
  }

  bool has_history() const override { return false; }

  Reply read(const Query& query) override {
    std::vector<std::string> words;
    for (const std::string& word : argv_) words.push_back(fill(word, query, Quoting::none));
    CaptureLimits limits;
    limits.time = duration_in(spec_, "timeout", kMetricTimeout);
    limits.pass = texts_in(spec_, "pass");
    limits.set = {{"AUTOPILOT_METRIC", query.metric},
                  {"AUTOPILOT_FROM", format_rfc3339(query.from)},
                  {"AUTOPILOT_TO", format_rfc3339(query.to)}};
    const Captured captured = world_.processes.capture(words, "", limits);
    if (std::string fault = fault_of(captured, words[0], limits); !fault.empty())
      return no_data(fault);
    return reply_of(captured.out, words[0], query.to);
  }

 private:
  static std::string fault_of(const Captured& captured, const std::string& program,
                              const CaptureLimits& limits) {
    const std::string said = first_line(captured.err);
    const std::string because = said.empty() ? "" : ": " + said;
    switch (captured.end) {
      case Captured::End::exited:
        if (captured.status == 0) return {};
        return fmt::format("{} exited with {}{}", program, captured.status, because);
      case Captured::End::killed:
        return fmt::format("{} was ended by signal {}{}", program, captured.status, because);
      case Captured::End::timed_out:
        return fmt::format("{} took longer than {}{}", program, format_duration(limits.time),
                           because);
      case Captured::End::too_long:
        return fmt::format("{} wrote more than {} bytes", program, limits.output);
      case Captured::End::not_started:
        return fmt::format("{} cannot be run: {}", program, std::strerror(captured.status));
    }
    return {};
  }

  Reply reply_of(const std::string& out, const std::string& program, Instant at) const {
    if (trim(out).empty()) return no_data(program + " printed nothing");
    // NaN is no JSON, and yet what a program prints when it has none.
    if (const auto number = parse_number(out)) return places_.reply(Value(*number), at, program);
    const JsonResult parsed = parse_json(out);
    if (parsed.ok) return places_.reply(parsed.value, at, program);
    return no_data(
        fmt::format("{} printed neither a number nor JSON: {}", program, first_line(out)));
  }

  const Value spec_;
  World& world_;
  std::vector<std::string> argv_;
  Places places_;
};

}  // namespace

std::unique_ptr<Metrics> exec_metrics(const Value& spec, World& world) {
  return std::make_unique<Exec>(spec, world);
}

}  // namespace autopilot::deploy
