#include "core/optimize/values.h"

#include <cmath>

#include "core/optimize/pack.h"

namespace autopilot::optimize {
namespace {

constexpr std::size_t kBatch = 256;
constexpr double kTiny = 1e-290;  // below it there are no normal numbers to take logarithms of

// Of one family; a, b, s and x as in the curve.
struct Batch {
  std::size_t size = 0;
  alignas(32) double a[kBatch], b[kBatch], s[kBatch], x[kBatch];
  std::size_t place[kBatch];

  void add(const Curve& curve, double spend, std::size_t at) {
    a[size] = curve.a;
    b[size] = curve.b;
    s[size] = curve.s;
    x[size] = spend;
    place[size] = at;
    ++size;
  }
};

template <Family kFamily>
AUTOPILOT_INLINE Pack value_of(Pack a, Pack b, Pack s, Pack x) {
  if constexpr (kFamily == Family::linear) return a * x;
  if constexpr (kFamily == Family::logarithm) return a * log1p_of(x / b);
  if constexpr (kFamily == Family::power) return a * exp_of(s * log_of(x));
  if constexpr (kFamily == Family::exponential) return -a * expm1_of(-x / b);
  if constexpr (kFamily == Family::michaelis_menten) return a * x / (b + x);
  if constexpr (kFamily == Family::quadratic) return x * (a - b * x / 2.0);
  const Pack r = exp_of(s * log_of(most(x / b, all(kTiny))));
  return a * (r / (1.0 + r));
}

// What is beyond the batch's size is computed, too, and left out by the caller.
template <Family kFamily>
AUTOPILOT_INLINE void values_of(Batch& batch) {
  for (std::size_t i = 0; i < batch.size; i += 4)
    store(&batch.x[i], value_of<kFamily>(load(&batch.a[i]), load(&batch.b[i]), load(&batch.s[i]),
                                         load(&batch.x[i])));
}

AUTOPILOT_INLINE void by_curve(Family family, Batch& batch) {
  switch (family) {
    case Family::linear:
      return values_of<Family::linear>(batch);
    case Family::logarithm:
      return values_of<Family::logarithm>(batch);
    case Family::power:
      return values_of<Family::power>(batch);
    case Family::exponential:
      return values_of<Family::exponential>(batch);
    case Family::michaelis_menten:
      return values_of<Family::michaelis_menten>(batch);
    case Family::quadratic:
      return values_of<Family::quadratic>(batch);
    default:
      return values_of<Family::hill>(batch);
  }
}
AUTOPILOT_WIDE void by_curve_wide(Family family, Batch& batch) { by_curve(family, batch); }
void by_curve_plain(Family family, Batch& batch) { by_curve(family, batch); }

bool is_plain(const Curve& curve, double x) {
  return curve.family != Family::piecewise && curve.carry == 0 && x > kTiny && std::isfinite(x);
}

void flush(Family family, Batch& batch, std::vector<double>& out) {
  (has_wide() ? by_curve_wide : by_curve_plain)(family, batch);
  for (std::size_t i = 0; i < batch.size; ++i) out[batch.place[i]] = batch.x[i];
  batch.size = 0;
}

}  // namespace

std::vector<double> returns_at(const std::vector<Channel>& channels,
                               const std::vector<double>& spend) {
  constexpr std::size_t kFamilies = static_cast<std::size_t>(Family::piecewise);
  std::vector<Batch> batches(kFamilies);
  std::vector<double> out(spend.size());
  std::vector<std::size_t> with_costs;
  for (std::size_t i = 0; i < spend.size(); ++i) {
    const Curve& curve = channels[i].curve;
    if (channels[i].fixed_cost > 0 && spend[i] > 0) with_costs.push_back(i);
    if (!is_plain(curve, spend[i])) {
      out[i] = value_at(curve, spend[i]);
      continue;
    }
    Batch& batch = batches[static_cast<std::size_t>(curve.family)];
    batch.add(curve, spend[i], i);
    if (batch.size == kBatch) flush(curve.family, batch, out);
  }
  for (std::size_t k = 0; k < kFamilies; ++k) flush(static_cast<Family>(k), batches[k], out);
  for (const std::size_t i : with_costs) out[i] -= channels[i].fixed_cost;
  return out;
}

}  // namespace autopilot::optimize
