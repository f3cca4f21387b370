#pragma once
// Off-policy evaluation: what another policy would have earned, from the log of the one that acted.
// Rows are (w, r, q, v): the importance weight pi_e(a|x) / pi_b(a|x), the reward, the model's
// prediction for the logged action, and its mean under the target policy. Numbers in, numbers out.
//
// IPS, SNIPS: Swaminathan and Joachims, NeurIPS 2015. DR: Dudik et al., ICML 2011. Switch-DR: Wang
// et al., ICML 2017. DR with optimistic shrinkage: Su et al., ICML 2020. Sub-Gaussian: Metelli et
// al., NeurIPS 2021. MRDR: Farajtabar et al., ICML 2018. Replay: Li et al., WSDM 2011.

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot::stats {

enum class Ope {
  ips,
  snips,
  cips,
  sg_ips,
  dm,
  dr,
  sndr,
  sg_dr,
  switch_dr,
  dros,
  mrdr,
  replay,
  logged,  // the mean reward: what the logging policy earned
};

std::string_view to_string(Ope kind);
std::optional<Ope> parse_ope(std::string_view name);
std::vector<std::string> ope_names();  // all that can be asked for

// Of an estimator: how much it shrinks weights. `parameter` is L of cips, switch-dr and dros (none:
// infinity), l of sg-ips and sg-dr (none: 0), unused elsewhere.
struct OpeEstimator {
  Ope kind = Ope::ips;
  double parameter = std::numeric_limits<double>::infinity();
};

bool has_parameter(Ope kind);
bool needs_model(Ope kind);         // reads q and v
bool is_self_normalised(Ope kind);  // a ratio of sums, not a mean
double no_shrinkage(Ope kind);      // the parameter that leaves weights as they are

// The weight as the estimator uses it.
double shrunk_weight(const OpeEstimator& estimator, double weight);

// Rows by column. What an estimator does not read may be null.
struct OpeRows {
  std::size_t count = 0;
  const double* weight = nullptr;
  const double* reward = nullptr;
  const double* value = nullptr;       // v
  const double* residual = nullptr;    // r - q of the logged action
  const double* mrdr_value = nullptr;  // the same of the model fitted for mrdr
  const double* mrdr_residual = nullptr;
  const double* accepted = nullptr;  // 1 where replay keeps the row, else 0
};

// An estimate is mean(`mean`) + sum(`ratio`) / sum(denominator), where the denominator is the
// weight, or for replay `accepted`. Writes the terms of each row; false where there is none of that
// kind and nothing was written.
// Some terms are the same for several estimators.
bool mean_terms(const OpeEstimator& estimator, const OpeRows& rows, double* mean);
bool ratio_terms(const OpeEstimator& estimator, const OpeRows& rows, double* ratio);

}  // namespace autopilot::stats
