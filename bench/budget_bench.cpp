// Budgets: straight and smooth returns, risk, S-curves, the frontier, whole commands; beside the
// solvers that are installed.
// Usage: budget_bench AUTOPILOT FOLDER
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <random>
#include <string>

#include "bench/measure.h"
#include "bench/peers.h"
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

Solution solved(const Problem& problem, const std::string& solver = "", double seconds = 300) {
  optimize::SolveOptions options;
  options.solver = solver;
  options.lp = optimize::solve_with_glpk;
  options.seconds = seconds;
  return optimize::solve(problem, options);
}

double milliseconds(const std::function<void()>& work, int rounds) {
  return interleave({work}, rounds)[0].median * 1e3;
}

// A row for each peer; without one where there is none. Then how our return compares.
void report_beside(const std::string& what, double ours, double objective,
                   const std::vector<std::optional<PeerAnswer>>& peers, const Goal& goal) {
  bool any = false;
  for (const auto& peer : peers) {
    if (!peer) continue;
    report({what, ours, "ms", peer->name, peer->seconds * 1e3, {goal}});
    any = true;
  }
  if (!any) report({what, ours, "ms", "", 0, {goal}});
  for (const auto& peer : peers) {
    if (!peer || peer->is_cut) continue;
    // What its tolerance lets it overdraw is no matter.
    report({fmt::format("{}: more than {} finds", what, peer->name),
            1e6 * (objective - peer->objective) / std::abs(peer->objective),
            "ppm",
            "",
            0,
            {figure_at_least(-0.01)}});
  }
}

// Of all its work, until the time is over.
PeerAnswer glpk(const Problem& problem) {
  const double before = cpu_seconds();
  const Solution s = solved(problem, "lp", kMostSeconds);
  const double seconds = cpu_seconds() - before;
  if (s.allocation.status != optimize::Status::optimal)
    return {"GLPK (cut)", kMostSeconds, 0, true};
  return {"GLPK", seconds, s.allocation.objective, false};
}

void report_linear(std::size_t n, double goal, const Peers& peers) {
  const Problem p = linear(n);
  const double ours = milliseconds([&] { keep(optimize::solve_separable(p)); }, 5);
  report_beside(fmt::format("budget: {} linear channels", n), ours,
                optimize::solve_separable(p).objective, {glpk(p), peers.highs(p), peers.clp(p)},
                figure_at_most(goal));
}

void report_concave(std::size_t n, double goal) {
  const Problem p = concave(n);
  const double ours = milliseconds([&] { keep(optimize::solve_separable(p)); }, 5);
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

// Of a size that a general solver ends with.
void report_few_concave(const Peers& peers) {
  const Problem p = concave(200);
  const double ours = milliseconds([&] { keep(optimize::solve_separable(p)); }, 25);
  report_beside("budget: 200 concave channels, 7 families", ours,
                optimize::solve_separable(p).objective, {peers.slsqp(p)}, ratio_at_most(0.001));
}

void report_risk(const Peers& peers) {
  const Problem p = factor_risk(500), q = dense(p);
  const double ours = milliseconds([&] { keep(solved(p)); }, 25);
  const PeerAnswer active_set{"dense active set", milliseconds([&] { keep(solved(q)); }, 1) / 1e3,
                              solved(q).allocation.objective, false};
  report_beside("budget: risk of 3 factors, 500 channels", ours, solved(p).allocation.objective,
                {active_set, peers.clp(p), peers.slsqp(p)}, ratio_at_most(0.01));
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
    std::fputs("usage: budget_bench AUTOPILOT FOLDER\n", stderr);
    return 2;
  }
  const Peers peers(words[2], SCIPY_PEER);
  report_linear(10000, 5, peers);
  report_linear(100000, 60, peers);
  report_concave(100000, 25);
  report_concave(1000000, 250);
  report_few_concave(peers);
  report_risk(peers);
  report_s_curves();
  report_frontier();
  report_command(words[1], words[2], 20, 8);
  report_command(words[1], words[2], 100000, 150);
}
