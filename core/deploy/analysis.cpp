#include "core/deploy/analysis.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/deploy/analysis_method.h"
#include "core/stats/counts.h"

namespace autopilot::deploy {
namespace {

constexpr double kAlpha = 0.01;

double alpha_of(const Value& analysis, std::size_t metrics) {
  const double whole = share_option(analysis, "alpha", kAlpha);
  return whole / static_cast<double>(metrics == 0 ? 1 : metrics);
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::hold:
      return "hold";
    case Verdict::fail:
      return "fail";
  }
  return "hold";
}

Judged judge(const Value& analysis, const std::vector<Judgeable>& metrics, const Value& state,
             const std::vector<Sample>& samples, double alpha) {
  if (alpha <= 0) alpha = alpha_of(analysis, metrics.size());
  const MethodInput input{analysis, metrics, state, samples, alpha};
  const Value* named = analysis.get("method");
  const std::string method = named != nullptr && named->is_string() ? named->as_string() : "";
  if (method == "sequential") return judge_sequential(input);
  if (method == "kayenta") return judge_kayenta(input, false);
  if (method == "exact") return judge_kayenta(input, true);
  if (method == "burn_rate") return judge_burn_rate(input);
  throw Error(ErrorKind::invalid, fmt::format("no analysis judges by the method '{}'", method),
              "there are sequential, kayenta, exact and burn_rate");
}

std::optional<double> spread_of(const std::string& metric, const std::vector<Sample>& samples) {
  std::vector<stats::Count> a, b;
  for (const Tick& tick : ticks_of(metric, samples, {})) {
    if (tick.canary == nullptr || tick.stable == nullptr) continue;
    if (!tick.canary->no_data.empty() || !tick.stable->no_data.empty()) continue;
    a.push_back({tick.canary->bad, tick.canary->total});
    b.push_back({tick.stable->bad, tick.stable->total});
  }
  const auto dispersion = stats::estimate_dispersion(a, b);
  if (!dispersion) return std::nullopt;
  return dispersion->spread;
}

}  // namespace autopilot::deploy
