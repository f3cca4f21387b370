#pragma once
// Problems for tests, small enough to say in a line and to try out every plan.

#include <random>
#include <string>
#include <vector>

#include "core/optimize/solve.h"

namespace autopilot::optimize::testing {

inline Curve linear(double a) { return {Family::linear, a, 1, 1, 0, {}}; }
inline Curve logarithm(double a, double b) { return {Family::logarithm, a, b, 1, 0, {}}; }
inline Curve power(double a, double p) { return {Family::power, a, 1, p, 0, {}}; }
inline Curve exponential(double a, double b) { return {Family::exponential, a, b, 1, 0, {}}; }
inline Curve hill(double a, double k, double s) { return {Family::hill, a, k, s, 0, {}}; }
inline Curve mm(double a, double k) { return {Family::michaelis_menten, a, k, 1, 0, {}}; }
inline Curve quadratic(double a, double c) { return {Family::quadratic, a, c, 1, 0, {}}; }
inline Curve piecewise(std::vector<Point> points) {
  return {Family::piecewise, 0, 1, 1, 0, std::move(points)};
}

inline Channel channel(Curve curve, double min = 0, double max = kInfinity, double current = 0) {
  Channel out;
  out.id = "c";
  out.curve = std::move(curve);
  out.min = min;
  out.max = max;
  out.current = current;
  return out;
}

inline Problem problem(std::vector<Channel> channels, double total) {
  Problem out;
  out.channels = std::move(channels);
  out.total_min = out.total_max = total;
  for (std::size_t i = 0; i < out.channels.size(); ++i)
    out.channels[i].id = "c" + std::to_string(i);
  return out;
}

inline Group group(std::vector<std::size_t> members, double min, double max) {
  Group out;
  out.id = "g";
  out.members = std::move(members);
  out.min = min;
  out.max = max;
  return out;
}

inline Solution solved(const Problem& problem, const std::string& solver = "") {
  SolveOptions options;
  options.solver = solver;
  options.seconds = 20;
  options.lp = solve_with_glpk;
  return solve(problem, options);
}

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int whole(int low, int high) {  // both included
    return low + static_cast<int>(engine_() % static_cast<unsigned>(high - low + 1));
  }
  double real(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_()) / 4294967296.0;
  }
  bool heads() { return (engine_() & 1) != 0; }

 private:
  std::mt19937 engine_;
};

}  // namespace autopilot::optimize::testing
