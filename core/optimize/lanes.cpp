#include "core/optimize/lanes.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// ln(1 + e^z)
double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

}  // namespace

void Lane::add(const Curve& c, double from, double to, double penalty, std::uint32_t of,
               bool with_returns) {
  low.push_back(from);
  high.push_back(to);
  channel.push_back(of);
  switch (family) {
    case Family::logarithm:
      p.push_back(c.a);
      q.push_back(c.b + c.carry);
      break;
    case Family::exponential:
      p.push_back(c.b);
      q.push_back(c.b * std::log(c.a / c.b) - c.carry);
      r.push_back(-1 / c.b);
      break;
    case Family::michaelis_menten:
      p.push_back(std::sqrt(c.a * c.b));
      q.push_back(c.b + c.carry);
      break;
    case Family::quadratic:
      r.push_back((c.family == Family::linear ? 0 : c.b) + penalty);
      p.push_back(c.family == Family::linear ? c.a : c.a - c.b * c.carry);
      q.push_back(0);
      break;
    case Family::power:
      p.push_back(std::log(c.a * c.s));
      q.push_back(c.carry);
      r.push_back(1 / (1 - c.s));
      break;
    default: {
      p.push_back(c.a * c.s);
      q.push_back(c.carry);
      r.push_back((c.s - 1) / c.s);
      t.push_back(std::log(c.a * c.s / c.b));
      warm.push_back(kNan);
      sigma.push_back(0.5);
      bell.push_back(0.25);
      const double at = c.s > 1 ? std::log((c.s - 1) / (c.s + 1)) : 0;
      turn.push_back(c.s > 1 ? r.back() * at - 2 * softplus(at) : kInfinity);
    }
  }
  if (!with_returns) return;
  at_low.push_back(from == 0 ? 0 : value_at(c, from));
  at_high.push_back(value_at(c, to));
  if (family == Family::exponential) size.push_back(c.a * std::exp(-c.carry / c.b));
  if (family == Family::hill) size.push_back(c.a);
  if (family != Family::hill && family != Family::power) return;
  Curve plain = c;
  plain.carry = 0;
  offset.push_back(c.carry == 0 ? 0 : value_at(plain, c.carry));
}

void Lane::reserve(std::size_t parts) {
  for (std::vector<double>* list : {&low, &high, &p, &q}) list->reserve(parts);
  channel.reserve(parts);
  const bool hill = family == Family::hill;
  if (hill || family == Family::power || family == Family::exponential) r.reserve(parts);
  if (!hill) return;
  for (std::vector<double>* list : {&t, &warm, &turn, &sigma, &bell}) list->reserve(parts);
}

void Lane::finish() {
  const std::size_t n =
      (low.size() + kPack * kTogether - 1) / (kPack * kTogether) * (kPack * kTogether);
  low.resize(n, 0);
  high.resize(n, 0);
  for (std::vector<double>* list : {&p, &q, &r, &t, &warm, &size}) {
    if (!list->empty()) list->resize(n, 1);
  }
  // A Hill curve of shape 1/2, a power curve of exponent 1/2.
  if (family == Family::hill)
    std::fill(r.begin() + static_cast<std::ptrdiff_t>(channel.size()), r.end(), -1);
  if (family == Family::power)
    std::fill(r.begin() + static_cast<std::ptrdiff_t>(channel.size()), r.end(), 2);
  if (!turn.empty()) turn.resize(n, kInfinity);
  for (std::vector<double>* list : {&at_low, &at_high, &offset, &sigma, &bell}) {
    if (!list->empty()) list->resize(n, 0);
  }
}

double Lane::slope_at_end(std::size_t i, bool at_high_end) const {
  const double x = at_high_end ? high[i] : low[i];
  if (std::isinf(x)) return 0;
  switch (family) {
    case Family::logarithm:
      return p[i] / (x + q[i]);
    case Family::exponential:
      return std::exp((q[i] - x) / p[i]);
    case Family::michaelis_menten:
      return (p[i] / (x + q[i])) * (p[i] / (x + q[i]));
    case Family::quadratic:
      return p[i] - r[i] * x;
    case Family::power:
      return std::exp(p[i] - std::log(x + q[i]) / r[i]);
    default: {
      const double s = 1 / (1 - r[i]), scale = p[i] / std::exp(t[i]);
      if (x + q[i] <= 0) return s < 1 ? kInfinity : 0;
      const double w = std::log((x + q[i]) / scale);
      return std::exp(t[i] + (s - 1) * w - 2 * softplus(s * w));
    }
  }
}

Lane Lane::pick(const std::vector<std::uint32_t>& parts) const {
  Lane out;
  out.family = family;
  out.shift = shift;
  out.last_logarithm = last_logarithm;
  const auto pick_from = [&](const std::vector<double>& from, std::vector<double>& to) {
    if (from.empty()) return;
    to.reserve(parts.size());
    for (const std::uint32_t i : parts) to.push_back(from[i]);
  };
  for (const auto list :
       {&Lane::low, &Lane::high, &Lane::p, &Lane::q, &Lane::r, &Lane::t, &Lane::warm, &Lane::sigma,
        &Lane::bell, &Lane::turn, &Lane::at_low, &Lane::at_high, &Lane::size, &Lane::offset})
    pick_from(this->*list, out.*list);
  for (const std::uint32_t i : parts) out.channel.push_back(channel[i]);
  out.finish();
  return out;
}

Lane Lane::sample(std::size_t every) const {
  std::vector<std::uint32_t> parts;
  for (std::size_t i = every / 2; i < channel.size(); i += every)
    parts.push_back(static_cast<std::uint32_t>(i));
  return pick(parts);
}

}  // namespace autopilot::optimize
