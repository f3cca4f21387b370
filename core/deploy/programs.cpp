#include "core/deploy/programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

std::string how_it_ended(const Captured& run, const CaptureLimits& limits) {
  switch (run.end) {
    case Captured::End::exited:
      return fmt::format("exit {}", run.status);
    case Captured::End::killed:
      return fmt::format("killed by signal {}", run.status);
    case Captured::End::timed_out:
      return fmt::format("not done after {}", format_duration(limits.time));
    case Captured::End::too_long:
      return fmt::format("it writes more than {} bytes", limits.output);
    case Captured::End::not_started:
      return fmt::format("it cannot be started: {}", std::strerror(run.status));
  }
  return {};
}

}  // namespace

std::string last_line(std::string_view text) {
  text = trim(text);
  const std::size_t line = text.rfind('\n');
  const std::string_view last = line == text.npos ? text : trim(text.substr(line + 1));
  return std::string(last.substr(0, 300));
}

std::string spoken(const std::vector<std::string>& words) {
  constexpr std::size_t kWords = 3;
  const auto end = words.begin() + static_cast<std::ptrdiff_t>(std::min(words.size(), kWords));
  return join(std::vector<std::string>(words.begin(), end), " ");
}

std::string output_of(World& world, const std::vector<std::string>& words,
                      const CaptureLimits& limits, std::string_view input) {
  const Captured run = world.processes.capture(words, input, limits);
  if (run.ok()) return run.out;
  const std::string said = last_line(run.err.empty() ? run.out : run.err);
  throw Error(ErrorKind::outside,
              fmt::format("{} failed ({}){}{}", spoken(words), how_it_ended(run, limits),
                          said.empty() ? "" : ": ", said));
}

Value json_of(World& world, const std::vector<std::string>& words, const CaptureLimits& limits) {
  const std::string text = output_of(world, words, limits);
  JsonResult result = parse_json(trim(text));
  if (result.ok) return std::move(result.value);
  throw Error(ErrorKind::outside, fmt::format("{} printed no JSON: {} at byte {}", spoken(words),
                                              result.fault.message, result.fault.offset));
}

}  // namespace autopilot::deploy
