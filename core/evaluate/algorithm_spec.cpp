// Algorithms in words.
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/evaluate/algorithm.h"
#include "core/events/row_builder.h"

namespace autopilot::evaluate {
namespace {

constexpr const char* kLinUcb = "linucb";
constexpr const char* kLinUcbOfTraffic = "lin_ucb";  // as optimize traffic calls it
constexpr double kGrowth = 0.05;  // so often a Bayesian method costs little and loses little

std::vector<std::string> algorithm_names() {
  std::vector<std::string> out;
  for (const std::string_view name : stats::bandit_names()) out.emplace_back(name);
  out.emplace_back(kLinUcb);
  return out;
}

// A setting, whom it is for, and what it may be.
struct AlgorithmSetting {
  const char* name;
  double least, most;
  void (*set)(AlgorithmSpec&, double);
  bool (*fits)(const AlgorithmSpec&);
};

bool fits_bandits(const AlgorithmSpec& s) { return s.method.has_value(); }
bool fits_linear(const AlgorithmSpec& s) { return !s.method; }
bool fits_beta(const AlgorithmSpec& s) { return s.method && stats::is_bayesian(*s.method); }
bool fits_all(const AlgorithmSpec&) { return true; }

constexpr double kHuge = 1e15;
const std::vector<AlgorithmSetting> kSettings{
    {"alpha", 1e-9, kHuge,
     [](AlgorithmSpec& s, double x) { (s.method ? s.settings.alpha : s.width) = x; }, fits_all},
    {"beta", 1e-9, kHuge, [](AlgorithmSpec& s, double x) { s.settings.beta = x; }, fits_beta},
    {"noise", 0, kHuge, [](AlgorithmSpec& s, double x) { s.settings.noise = x; }, fits_beta},
    {"leader", 0, 1, [](AlgorithmSpec& s, double x) { s.settings.leader_share = x; }, fits_beta},
    {"discount", 1e-9, 1, [](AlgorithmSpec& s, double x) { s.discount = x; }, fits_bandits},
    {"window", 1, kHuge,
     [](AlgorithmSpec& s, double x) { s.window = static_cast<std::int64_t>(x); }, fits_bandits},
    {"growth", 0, 1, [](AlgorithmSpec& s, double x) { s.growth = x; }, fits_bandits},
    {"batch", 1, kHuge, [](AlgorithmSpec& s, double x) { s.batch = static_cast<std::int64_t>(x); },
     fits_bandits},
    {"lambda", 1e-9, kHuge, [](AlgorithmSpec& s, double x) { s.ridge = x; }, fits_linear},
};

void set(AlgorithmSpec& spec, const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string name(trim(word.substr(0, equals)));
  std::vector<std::string> known;
  for (const AlgorithmSetting& setting : kSettings) {
    if (!setting.fits(spec)) continue;
    known.emplace_back(setting.name);
    if (setting.name != name) continue;
    const std::string text(trim(equals == std::string::npos ? "" : word.substr(equals + 1)));
    double value = 0;
    const std::optional<double> share = parse_share(text);
    if (text.ends_with('%') && share)
      value = *share;
    else if (!events::parse_number(text, value))
      throw Error(ErrorKind::usage, fmt::format("{}={} is no number", name, text));
    if (!(value >= setting.least && value <= setting.most))
      throw Error(ErrorKind::usage,
                  setting.most < kHuge ? fmt::format("{} is a number from {:.9g} to {:.9g}, not {}",
                                                     name, setting.least, setting.most, text)
                                       : fmt::format("{} is a number from {:.9g} on, not {}", name,
                                                     setting.least, text));
    return setting.set(spec, value);
  }
  throw Error(ErrorKind::usage, fmt::format("{} has no setting '{}'", spec.text, name),
              "there are " + join(known, ", "));
}

}  // namespace

AlgorithmSpec parse_algorithm(const std::string& text) {
  const std::vector<std::string> words = split(text, ',');
  const std::string name(trim(words.empty() ? "" : words[0]));
  AlgorithmSpec out;
  out.text = text;
  out.method = stats::bandit_named(name);
  if (!out.method && name != kLinUcb && name != kLinUcbOfTraffic) {
    const std::vector<std::string> known = algorithm_names();
    const std::string close = did_you_mean(name, known);
    throw Error(ErrorKind::usage, fmt::format("there is no algorithm '{}'", name),
                close.empty() ? "there are " + join(known, ", ") : std::string(trim(close)));
  }
  bool is_paced = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    set(out, words[i]);
    is_paced =
        is_paced || trim(words[i]).starts_with("growth") || trim(words[i]).starts_with("batch");
  }
  if (out.growth > 0 && out.batch == 1) out.batch = std::int64_t{1} << 40;
  if (is_paced || !out.method || !stats::is_bayesian(*out.method)) return out;
  out.growth = kGrowth;
  out.batch = std::int64_t{1} << 40;
  return out;
}

}  // namespace autopilot::evaluate
