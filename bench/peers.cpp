#include "bench/peers.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "core/base/json.h"

namespace autopilot::bench {
namespace {

using optimize::Channel;
using optimize::Problem;

struct Heard {
  std::string text;
  int status = 0;
};

// What a command line says on standard output, within the time.
Heard heard(const std::string& line) {
  Heard out;
  FILE* pipe =
      ::popen(fmt::format("timeout -s KILL {} {} 2>/dev/null", kMostSeconds, line).c_str(), "r");
  if (pipe == nullptr) return {"", -1};
  std::array<char, 4096> piece{};
  for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;)
    out.text.append(piece.data(), n);
  out.status = ::pclose(pipe);
  return out;
}
bool works(const std::string& line) { return heard(line).status == 0; }
// By `timeout`, which dies of the signal that it sends, or tells it as the shell does.
bool is_cut(int status) {
  return (WIFSIGNALED(status) && WTERMSIG(status) == 9) ||
         (WIFEXITED(status) && WEXITSTATUS(status) == 128 + 9);
}

PeerAnswer cut(const std::string& name) {
  return {fmt::format("{} (cut)", name), static_cast<double>(kMostSeconds), 0, true};
}

void left_out(const std::string& name, const std::string& why) {
  std::fprintf(stderr, "bench: %s is left out: %s\n", name.c_str(), why.c_str());
}

void write_json(const Problem& problem, const std::string& path) {
  List channels, diagonal, loadings;
  for (const Channel& c : problem.channels) {
    channels.push_back(
        List{optimize::to_string(c.curve.family), c.curve.a, c.curve.b, c.curve.s, c.max});
  }
  for (const double d : problem.risk.diagonal) diagonal.emplace_back(d);
  for (const auto& factor : problem.risk.loadings) {
    List row;
    for (const double l : factor) row.emplace_back(l);
    loadings.emplace_back(std::move(row));
  }
  std::ofstream(path) << to_json(Map{{"total", problem.total_max},
                                     {"channels", std::move(channels)},
                                     {"penalty", problem.risk.penalty},
                                     {"diagonal", std::move(diagonal)},
                                     {"loadings", std::move(loadings)}});
}

// The least of what is lost; a factor's exposure is a free column of its own, so that the quadratic
// part stays as small as the factors are few.
void write_mps(const Problem& problem, const std::string& path) {
  std::ofstream out(path);
  const std::size_t n = problem.channels.size(), factors = problem.risk.loadings.size();
  out << "NAME BUDGET FREE\nROWS\n N OBJ\n E TOTAL\n";
  for (std::size_t f = 0; f < factors; ++f) out << " E F" << f << '\n';
  out << "COLUMNS\n";
  for (std::size_t i = 0; i < n; ++i) {
    out << fmt::format(" c{0} OBJ {1:.17g} TOTAL 1\n", i, -problem.channels[i].curve.a);
    for (std::size_t f = 0; f < factors; ++f)
      out << fmt::format(" c{} F{} {:.17g}\n", i, f, problem.risk.loadings[f][i]);
  }
  for (std::size_t f = 0; f < factors; ++f) out << fmt::format(" y{0} F{0} -1\n", f);
  out << fmt::format("RHS\n RHS TOTAL {:.17g}\nBOUNDS\n", problem.total_max);
  for (std::size_t i = 0; i < n; ++i)
    out << fmt::format(" UP BND c{} {:.17g}\n", i, problem.channels[i].max);
  for (std::size_t f = 0; f < factors; ++f) out << fmt::format(" FR BND y{}\n", f);
  if (problem.risk.any()) {
    out << "QUADOBJ\n";
    for (std::size_t i = 0; i < n; ++i)
      out << fmt::format(" c{0} c{0} {1:.17g}\n", i,
                         problem.risk.penalty * problem.risk.diagonal[i]);
    for (std::size_t f = 0; f < factors; ++f)
      out << fmt::format(" y{0} y{0} {1:.17g}\n", f, problem.risk.penalty);
  }
  out << "ENDATA\n";
}

}  // namespace

Peers::Peers(std::string folder, std::string script)
    : folder_(std::move(folder)), script_(std::move(script)) {
  for (const char* python : {"python3", "/usr/bin/python3"}) {
    if (python_.empty() && works(fmt::format("{} -c 'import scipy.optimize'", python)))
      python_ = python;
  }
  has_clp_ = works("sh -c 'command -v clp'");
  if (python_.empty()) left_out("scipy", "no python3 has it (python3-scipy)");
  if (!has_clp_) left_out("CLP", "there is no clp (coinor-clp)");
}

std::optional<PeerAnswer> Peers::highs(const Problem& problem) const {
  return scipy("highs", "HiGHS (scipy)", problem);
}
std::optional<PeerAnswer> Peers::slsqp(const Problem& problem) const {
  return scipy("slsqp", "SLSQP (scipy)", problem);
}

std::optional<PeerAnswer> Peers::scipy(const std::string& method, const std::string& name,
                                       const Problem& problem) const {
  if (python_.empty()) return std::nullopt;
  const std::string path = folder_ + "/peer.json";
  write_json(problem, path);
  const Heard answer = heard(fmt::format("{} {} {} {}", python_, script_, method, path));
  if (is_cut(answer.status)) return cut(name);
  PeerAnswer out{name};
  if (std::sscanf(answer.text.c_str(), "%lf %lf", &out.seconds, &out.objective) == 2) return out;
  left_out(name, "it gave no answer");
  return std::nullopt;
}

std::optional<PeerAnswer> Peers::clp(const Problem& problem) const {
  if (!has_clp_) return std::nullopt;
  const std::string path = folder_ + "/peer.mps";
  write_mps(problem, path);
  const Heard answer = heard(fmt::format("clp {} -solve -quit", path));
  if (is_cut(answer.status)) return cut("CLP");
  PeerAnswer out{"CLP"};
  const std::size_t at = answer.text.rfind("Optimal objective ");
  if (at != std::string::npos &&
      std::sscanf(answer.text.c_str() + at, "Optimal objective %lf - %*d iterations time %lf",
                  &out.objective, &out.seconds) == 2) {
    out.objective = -out.objective;
    return out;
  }
  left_out("CLP", "it gave no answer");
  return std::nullopt;
}

}  // namespace autopilot::bench
