#include "core/stats/ope.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace autopilot::stats {
namespace {

struct OpeName {
  Ope kind;
  std::string_view name;
};

constexpr std::array kOpeNames = {
    OpeName{Ope::ips, "ips"},
    OpeName{Ope::snips, "snips"},
    OpeName{Ope::cips, "cips"},
    OpeName{Ope::sg_ips, "sg-ips"},
    OpeName{Ope::dm, "dm"},
    OpeName{Ope::dr, "dr"},
    OpeName{Ope::sndr, "sndr"},
    OpeName{Ope::sg_dr, "sg-dr"},
    OpeName{Ope::switch_dr, "switch-dr"},
    OpeName{Ope::dros, "dros"},
    OpeName{Ope::mrdr, "mrdr"},
    OpeName{Ope::replay, "replay"},
    OpeName{Ope::logged, "logged"},
};

bool is_sub_gaussian(Ope kind) { return kind == Ope::sg_ips || kind == Ope::sg_dr; }

// out = base + shrunk weight * factor, one loop for each kind of shrinkage.
template <class Shrink>
void shrunk_terms(const OpeRows& rows, const double* base, const double* factor, double* out,
                  const Shrink& shrink) {
  for (std::size_t i = 0; i < rows.count; ++i)
    out[i] = (base != nullptr ? base[i] : 0) + shrink(rows.weight[i]) * factor[i];
}

void terms(const OpeEstimator& estimator, const OpeRows& rows, const double* base,
           const double* factor, double* out) {
  const double p = estimator.parameter;
  switch (estimator.kind) {
    case Ope::cips:
      return shrunk_terms(rows, base, factor, out, [p](double w) { return std::min(w, p); });
    case Ope::switch_dr:
      return shrunk_terms(rows, base, factor, out, [p](double w) { return w <= p ? w : 0; });
    case Ope::sg_ips:
    case Ope::sg_dr:
      return shrunk_terms(rows, base, factor, out, [p](double w) { return w / (1 - p + p * w); });
    case Ope::dros:
      if (std::isfinite(p))
        return shrunk_terms(rows, base, factor, out, [p](double w) { return p * w / (w * w + p); });
      [[fallthrough]];
    default:
      return shrunk_terms(rows, base, factor, out, [](double w) { return w; });
  }
}

}  // namespace

std::string_view to_string(Ope kind) { return kOpeNames[static_cast<std::size_t>(kind)].name; }

std::optional<Ope> parse_ope(std::string_view name) {
  for (const OpeName& known : kOpeNames) {
    if (known.name == name && known.kind != Ope::logged) return known.kind;
  }
  return std::nullopt;
}

std::vector<std::string> ope_names() {
  std::vector<std::string> out;
  for (const OpeName& known : kOpeNames) {
    if (known.kind != Ope::logged) out.emplace_back(known.name);
  }
  return out;
}

bool has_parameter(Ope kind) {
  return kind == Ope::cips || kind == Ope::switch_dr || kind == Ope::dros || is_sub_gaussian(kind);
}

bool needs_model(Ope kind) {
  return kind == Ope::dm || kind == Ope::dr || kind == Ope::sndr || kind == Ope::sg_dr ||
         kind == Ope::switch_dr || kind == Ope::dros || kind == Ope::mrdr;
}

bool is_self_normalised(Ope kind) {
  return kind == Ope::snips || kind == Ope::sndr || kind == Ope::replay;
}

double no_shrinkage(Ope kind) {
  return is_sub_gaussian(kind) ? 0 : std::numeric_limits<double>::infinity();
}

double shrunk_weight(const OpeEstimator& estimator, double weight) {
  const double one = 1;
  double out = 0;
  OpeRows row;
  row.count = 1;
  row.weight = &weight;
  terms(estimator, row, nullptr, &one, &out);
  return out;
}

bool mean_terms(const OpeEstimator& estimator, const OpeRows& rows, double* mean) {
  switch (estimator.kind) {
    case Ope::snips:
    case Ope::replay:
      return false;
    case Ope::logged:
      std::copy(rows.reward, rows.reward + rows.count, mean);
      return true;
    case Ope::dm:
    case Ope::sndr:
      std::copy(rows.value, rows.value + rows.count, mean);
      return true;
    case Ope::ips:
    case Ope::cips:
    case Ope::sg_ips:
      terms(estimator, rows, nullptr, rows.reward, mean);
      return true;
    case Ope::mrdr:
      terms(estimator, rows, rows.mrdr_value, rows.mrdr_residual, mean);
      return true;
    default:
      terms(estimator, rows, rows.value, rows.residual, mean);
      return true;
  }
}

bool ratio_terms(const OpeEstimator& estimator, const OpeRows& rows, double* ratio) {
  switch (estimator.kind) {
    case Ope::snips:
      terms(estimator, rows, nullptr, rows.reward, ratio);
      return true;
    case Ope::sndr:
      terms(estimator, rows, nullptr, rows.residual, ratio);
      return true;
    case Ope::replay:
      for (std::size_t i = 0; i < rows.count; ++i) ratio[i] = rows.accepted[i] * rows.reward[i];
      return true;
    default:
      return false;
  }
}

}  // namespace autopilot::stats
