// Budgets: straight and smooth returns beside GLPK and HiGHS, risk beside a dense method, S-curves,
// the frontier, and whole commands.
// Usage: budget_bench AUTOPILOT FOLDER [--full]
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <random>
#include <string>

#include "bench/measure.h"
#include "bench/process.h"
#include "core/optimize/frontier.h"
#include "core/optimize/separable.h"
#include "core/optimize/solve.h"

namespace autopilot::bench {
namespace {

using optimize::Channel;
using optimize::Curve;
using optimize::Family;
using optimize::Problem;
using optimize::Solution;

class Dice {
 public:
  double real(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_()) / 4294967296.0;
  }

 private:
  std::mt19937 engine_{1};
};

Problem empty(std::size_t n, double total) {
  Problem out;
  out.total_min = out.total_max = total;
  out.channels.reserve(n);
  return out;
}

Channel channel(Curve curve, double max, double current) {
  Channel out;
  out.curve = std::move(curve);
  out.max = max;
  out.current = current;
  return out;
}

Problem linear(std::size_t n) {
  Dice dice;
  Problem out = empty(n, 40.0 * static_cast<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    const double a = dice.real(0.1, 4);
    out.channels.push_back(channel({Family::linear, a, 1, 1, 0, {}}, dice.real(10, 200), 40));
  }
  return out;
}

Curve curve(Dice& dice, std::size_t family) {
  const double a = dice.real(10, 500), b = dice.real(5, 100);
  switch (family % 7) {
    case 0:
      return {Family::linear, a / b / 2, 1, 1, 0, {}};
    case 1:
      return {Family::logarithm, a, b, 1, 0, {}};
    case 2:
      return {Family::power, a / 10, 1, dice.real(0.3, 0.8), 0, {}};
    case 3:
      return {Family::exponential, a, b, 1, 0, {}};
    case 4:
      return {Family::hill, a, b, dice.real(0.5, 1), 0, {}};
    case 5:
      return {Family::michaelis_menten, a, b, 1, 0, {}};
    default:
      return {Family::quadratic, a / b, a / b / 300, 1, 0, {}};
  }
}

Problem concave(std::size_t n) {
  Dice dice;
  Problem out = empty(n, 40.0 * static_cast<double>(n));
  for (std::size_t i = 0; i < n; ++i)
    out.channels.push_back(channel(curve(dice, i), dice.real(50, 300), 40));
  return out;
}

Problem s_curves(std::size_t n) {
  Dice dice;
  Problem out = empty(n, 200.0 * static_cast<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    const double a = dice.real(100, 5000), k = dice.real(50, 900);
    out.channels.push_back(channel({Family::hill, a, k, dice.real(1.5, 4), 0, {}}, 3000, 200));
  }
  return out;
}

// Returns of linear channels less a risk of three factors.
Problem factor_risk(std::size_t n) {
  Dice dice;
  Problem out = empty(n, 40.0 * static_cast<double>(n));
  out.risk.penalty = 0.01;
  out.risk.loadings.assign(3, {});
  for (std::size_t i = 0; i < n; ++i) {
    const double a = dice.real(0.5, 4);
    out.channels.push_back(channel({Family::linear, a, 1, 1, 0, {}}, 200, 40));
    out.risk.diagonal.push_back(dice.real(0.5, 2));
    for (auto& factor : out.risk.loadings) factor.push_back(dice.real(-0.1, 0.3));
  }
  return out;
}

// The same risk, said as one matrix.
Problem dense(Problem p) {
  const std::size_t n = p.channels.size();
  p.risk.dense.assign(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i) {
    p.risk.dense[i][i] = p.risk.diagonal[i];
    for (const auto& f : p.risk.loadings) {
      for (std::size_t j = 0; j < n; ++j) p.risk.dense[i][j] += f[i] * f[j];
    }
  }
  p.risk.loadings.clear();
  p.risk.diagonal.clear();
  return p;
}

Solution solved(const Problem& problem, const std::string& solver = "") {
  optimize::SolveOptions options;
  options.solver = solver;
  options.lp = optimize::solve_with_glpk;
  options.seconds = 300;
  return optimize::solve(problem, options);
}

double milliseconds(const std::function<void()>& work, int rounds) {
  return interleave({work}, rounds)[0].median * 1e3;
}

// Of HiGHS within scipy; nothing where that is not installed.
std::optional<double> highs_ms(const std::string& script, std::size_t n) {
  const std::string command = fmt::format("python3 {} {} 2>/dev/null", script, n);
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  double seconds = 0;
  const int read = std::fscanf(pipe, "%lf", &seconds);
  ::pclose(pipe);
  return read == 1 ? std::optional<double>(seconds * 1e3) : std::nullopt;
}

void report_linear(std::size_t n, double goal, bool with_glpk, const std::string& script) {
  const Problem p = linear(n);
  const std::string what = fmt::format("budget: {} linear channels", n);
  const double ours = milliseconds([&] { keep(optimize::solve_separable(p)); }, 5);
  if (with_glpk)
    report({what,
            ours,
            "ms",
            "GLPK",
            milliseconds([&] { keep(solved(p, "lp")); }, 1),
            {figure_at_most(goal)}});
  if (const auto highs = highs_ms(script, n))
    report({what, ours, "ms", "HiGHS (scipy)", *highs, {figure_at_most(goal)}});
  if (!with_glpk) report({what, ours, "ms", "", 0, {figure_at_most(goal)}});
}

void report_concave(std::size_t n, double goal) {
  const Problem p = concave(n);
  const double ours = milliseconds([&] { keep(optimize::solve_separable(p)); }, 3);
  report({fmt::format("budget: {} concave channels, 7 families", n),
          ours,
          "ms",
          "",
          0,
          {figure_at_most(goal)}});
  report({fmt::format("budget: gap at {} concave channels", n),
          solved(p).certificate.gap,
          "",
          "",
          0,
          {figure_at_most(1e-12)}});
}

void report_risk() {
  const Problem p = factor_risk(500), q = dense(p);
  const double ours = milliseconds([&] { keep(solved(p)); }, 5);
  const double theirs = milliseconds([&] { keep(solved(q)); }, 1);
  report({"budget: risk of 3 factors, 500 channels",
          ours,
          "ms",
          "dense active set",
          theirs,
          {ratio_at_most(0.01)}});
}

void report_s_curves() {
  const Problem p = s_curves(300);
  const double ours = milliseconds([&] { keep(solved(p)); }, 3);
  const Solution s = solved(p);
  report({"budget: 300 S-curves, proven", ours, "ms", "", 0, {figure_at_most(500)}});
  report({"budget: gap at 300 S-curves", s.certificate.gap, "", "", 0, {figure_at_most(1e-9)}});
}

void report_frontier() {
  const Problem p = concave(100000);
  std::vector<double> totals;
  for (int k = 0; k < 200; ++k) totals.push_back(p.total_max * (0.5 + k / 199.0));
  const double ours = milliseconds([&] { keep(optimize::frontier_of(p, totals, nullptr)); }, 1);
  report({"budget: frontier of 200 totals, 100,000 channels",
          ours,
          "ms",
          "",
          0,
          {figure_at_most(100)}});
}

void write_documents(const std::string& folder, std::size_t n) {
  Dice dice;
  std::ofstream table(fmt::format("{}/channels{}.csv", folder, n));
  table << "id,current,max,type,a,b\n";
  for (std::size_t i = 0; i < n; ++i)
    table << fmt::format("c{},40,{:.2f},{},{:.3f},{:.3f}\n", i, dice.real(50, 300),
                         i % 2 == 0 ? "log" : "exp", dice.real(10, 500), dice.real(5, 100));
  std::ofstream(fmt::format("{}/budget{}.yaml", folder, n))
      << "apiVersion: autopilot/v1\nkind: Budget\nmetadata: {id: bench}\nspec:\n"
      << fmt::format("  total: {}\n  channels: {{from: channels{}.csv}}\n", 40 * n, n);
}

void report_command(const std::string& autopilot, const std::string& folder, std::size_t n,
                    double goal) {
  write_documents(folder, n);
  const Command command{
      {autopilot, "optimize", "budget", fmt::format("budget{}.yaml", n), "--points", "0"},
      "/dev/null",
      "/dev/null",
      folder};
  const auto timing = interleave_measured({[&] { return cpu_of(command); }}, 7);
  report({fmt::format("optimize budget, {} channels from CSV", n),
          timing[0].median * 1e3,
          "ms",
          "",
          0,
          {figure_at_most(goal)}});
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  using namespace autopilot::bench;  // NOLINT
  if (count < 3) {
    std::fputs("usage: budget_bench AUTOPILOT FOLDER [--full]\n", stderr);
    return 2;
  }
  const bool full = count > 3;
  report_linear(10000, 5, true, HIGHS_PEER);
  report_linear(100000, 60, full, HIGHS_PEER);
  report_concave(100000, 25);
  report_concave(1000000, 250);
  report_risk();
  report_s_curves();
  report_frontier();
  report_command(words[1], words[2], 20, 8);
  report_command(words[1], words[2], 100000, 150);
}
