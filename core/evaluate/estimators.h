#pragma once
// Estimators in words: "dros", "dros@10".

#include <string>
#include <vector>

#include "core/evaluate/target.h"
#include "core/stats/ope.h"

namespace autopilot::evaluate {

// All of them, with parameters to be tuned.
std::vector<stats::OpeEstimator> default_estimators(const Target& target);
std::string name_of(const stats::OpeEstimator& estimator);
stats::OpeEstimator parse_estimator(const std::string& text);  // throws Error(usage)

}  // namespace autopilot::evaluate
