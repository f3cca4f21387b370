#include "commands/arm_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "commands/number_option.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/loop/arm_names.h"
#include "core/loop/arm_rows.h"

namespace autopilot::commands {
namespace {

std::string hint_for(const std::string& name, const std::vector<std::string>& known) {
  const std::string ours = loop::our_name(name);
  if (!ours.empty()) return fmt::format("our column is called {0}: --columns {0}=NAME", ours);
  const std::string meant(trim(did_you_mean(name, known)));
  return meant.empty() ? "ours are " + join(known, ", ") : meant;
}

}  // namespace

void tell_understood(cli::Context& context, const std::map<std::string, std::string>& names) {
  if (names.empty()) return;
  std::vector<std::string> parts;
  for (const auto& [ours, theirs] : names) parts.push_back(fmt::format("{} as {}", theirs, ours));
  context.inform("note: read " + join(parts, ", "));
}

std::map<std::string, std::string> columns_option(const std::string& text) {
  std::map<std::string, std::string> out;
  if (text.empty()) return out;
  const std::vector<std::string>& known = loop::arm_columns();
  for (const std::string& part : split(text, ',')) {
    const std::size_t at = part.find('=');
    const std::string ours = part.substr(0, at);
    if (at == std::string::npos || at + 1 == part.size()) {
      throw Error(ErrorKind::usage, fmt::format("--columns takes OURS=THEIRS, not {}", part));
    }
    if (std::find(known.begin(), known.end(), ours) == known.end()) {
      throw Error(ErrorKind::usage, fmt::format("--columns: there is no column {}", ours),
                  hint_for(ours, known));
    }
    out[ours] = part.substr(at + 1);
  }
  return out;
}

std::vector<double> prior_option(const std::string& text) {
  std::vector<double> out = pair_option(text, "--prior");
  constexpr double kLeast = 1e-9, kMost = 1e15;  // beyond, a posterior has no digits left
  const auto fits = [](double x) { return x >= kLeast && x <= kMost; };
  if (fits(out[0]) && fits(out[1])) return out;
  throw Error(ErrorKind::usage, "--prior takes two numbers above 0, 1e-9 to 1e15");
}

}  // namespace autopilot::commands
