#include "core/evaluate/estimators.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/events/row_builder.h"

namespace autopilot::evaluate {

using stats::Ope;
using stats::OpeEstimator;

std::vector<OpeEstimator> default_estimators(const Target& target) {
  std::vector<OpeEstimator> out;
  for (const std::string& name : stats::ope_names()) {
    const OpeEstimator e = parse_estimator(name);
    if (target.knows_all() || !stats::needs_model(e.kind)) out.push_back(e);
  }
  return out;
}

std::string name_of(const OpeEstimator& e) {
  const std::string name(stats::to_string(e.kind));
  if (!stats::has_parameter(e.kind) || std::isnan(e.parameter)) return name;
  if (std::isinf(e.parameter)) return name + "@inf";
  return fmt::format("{}@{:.4g}", name, e.parameter);
}

OpeEstimator parse_estimator(const std::string& text) {
  const std::size_t at = text.find('@');
  const std::string name = text.substr(0, at);
  const std::optional<Ope> kind = stats::parse_ope(name);
  if (!kind) {
    const std::string close = did_you_mean(name, stats::ope_names());
    throw Error(ErrorKind::usage, fmt::format("there is no estimator '{}'", name),
                close.empty() ? fmt::format("there are {}", join(stats::ope_names(), ", "))
                              : std::string(trim(close)));
  }
  OpeEstimator out{*kind, std::nan("")};
  if (at == std::string::npos) return out;
  const std::string parameter = text.substr(at + 1);
  const bool is_share = *kind == Ope::sg_ips || *kind == Ope::sg_dr;
  if (parameter == "inf" && !is_share) {
    out.parameter = std::numeric_limits<double>::infinity();
    return out;
  }
  if (!stats::has_parameter(*kind) || !events::parse_number(parameter, out.parameter) ||
      out.parameter < 0 || (is_share && out.parameter > 1) || (!is_share && out.parameter == 0))
    throw Error(ErrorKind::usage,
                fmt::format("{}: {}", text,
                            !stats::has_parameter(*kind) ? name + " has no parameter"
                            : is_share                   ? "the parameter is a number from 0 to 1"
                                       : "the parameter is a number above 0, or inf"));
  return out;
}

}  // namespace autopilot::evaluate
