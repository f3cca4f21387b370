#include "bench/samples.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <stdexcept>

namespace autopilot::bench {
namespace {

constexpr std::array kAlgorithms = {"traffic_optimizer", "bid_pacer", "anomaly_pauser",
                                    "budget_shifter"};
constexpr std::array kTypes = {"route.update_weight", "route.pause", "destination.pause",
                               "budget.shift"};
constexpr std::array kCountries = {"FR", "BE", "DE", "ES", "IT", "NL", "PT", "AT", "PL", "US"};
constexpr std::array kDevices = {"mobile", "desktop", "tablet"};
constexpr std::array kSystems = {"android", "ios", "windows", "macos"};
constexpr std::array kSources = {"search", "social", "display", "mail", "partner"};

template <class Names>
const char* pick(Rng& rng, const Names& names) {
  return names[rng.below(names.size())];
}

// The weights move by at most 0.1, as those of a healthy optimiser do.
std::string data_of(Rng& rng, std::string_view type) {
  if (type == "budget.shift") {
    const double old_budget = 100 + rng.unit() * 900;
    return fmt::format(R"({{"channel":"{}","budget":{:.2f},"old_budget":{:.2f}}})",
                       pick(rng, kSources), old_budget * (0.9 + 0.2 * rng.unit()), old_budget);
  }
  const double old_weight = 0.05 + rng.unit() * 0.6;
  return fmt::format(R"({{"weight":{:.4f},"old_weight":{:.4f},"destination_id":"lp-{}"}})",
                     old_weight + 0.1 * (rng.unit() - 0.5), old_weight, rng.below(400));
}

std::string metrics_of(Rng& rng) {
  return fmt::format(
      R"({{"visits_1h":{},"clicks_1h":{},"conversions_1h":{},"cvr_1h":{:.4f},)"
      R"("cost_1h":{:.2f},"revenue_1h":{:.2f},"latency_p95_ms":{},"error_rate":{:.4f}}})",
      rng.below(20000), rng.below(4000), rng.below(300), 0.01 + 0.08 * rng.unit(), rng.unit() * 500,
      rng.unit() * 900, 80 + rng.below(400), rng.unit() * 0.02);
}

}  // namespace

std::uint64_t Rng::next() {
  std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

std::string action_line(Rng& rng, std::uint64_t number) {
  const std::string_view type = kTypes[rng.below(8) < 5 ? 0 : 1 + rng.below(3)];
  std::string line =
      fmt::format(R"({{"action":{{"id":"a-{:07}","type":"{}","algorithm":"{}","target":"route-{}",)"
                  R"("data":{},"idempotency_key":"k-{:09}"}},"context":{{"metrics":{},)",
                  number, type, pick(rng, kAlgorithms), rng.below(5000), data_of(rng, type), number,
                  metrics_of(rng));
  line += fmt::format(
      R"("segment":{{"geo":"{}","device":"{}","os":"{}","source":"{}","campaign":"c-{}"}}}}}})",
      pick(rng, kCountries), pick(rng, kDevices), pick(rng, kSystems), pick(rng, kSources),
      rng.below(900));
  return line;
}

std::vector<std::string> action_lines(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::string> lines;
  lines.reserve(count);
  for (std::size_t i = 0; i < count; ++i) lines.push_back(action_line(rng, i));
  return lines;
}

std::string policy_document(std::size_t number) {
  std::string text = fmt::format(
      "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {{id: policy-{:03}}}\nspec:\n", number);
  if (number == 0) {
    return text +
           "  mutations:\n"
           "    - {name: range, for: route.update_weight, field: weight, clamp: [0.01, 0.6]}\n";
  }
  if (number == 1) {
    return text +
           "  limits:\n"
           "    - {name: hourly, max: 100000000, per: 1h, key: action.algorithm}\n";
  }
  Rng rng(number);
  text += fmt::format(
      "  scope: algorithm\n  algorithm: {}\n  priority: {}\n  guards:\n"
      "    - name: floor\n      for: {}\n"
      "      deny: segment.geo == \"{}\" && metrics.cvr_1h < {:.4f} && metrics.visits_1h > {} && "
      "metrics.cost_1h > {}\n"
      "      message: \"CVR {{metrics.cvr_1h}} is too low here\"\n",
      kAlgorithms[number % 4], 100 + rng.below(50), kTypes[number / 4 % 4], pick(rng, kCountries),
      0.011 + 0.006 * rng.unit(), rng.below(8000), rng.below(200));
  return text;
}

std::string small_document(std::size_t number) {
  Rng rng(number);
  return fmt::format(
      "apiVersion: autopilot/v1\n"
      "kind: Policy\n"
      "metadata:\n  id: rule-{:05}\n  labels: {{team: team-{}, tier: gold}}\n"
      "spec:\n  description: keeps landing page {} out of trouble\n  scope: algorithm\n"
      "  algorithm: [{}]\n  priority: {}\n"
      "  gates:\n    - {{name: enough-traffic, when: metrics.visits_1h >= {}}}\n"
      "  guards:\n    - {{name: floor, deny: metrics.cvr_1h < {:.3f}, message: \"CVR "
      "{{metrics.cvr_1h}} is too low\"}}\n"
      "    - {{name: careful, approve: risk > 0.{}}}\n"
      "  limits:\n    - {{name: hourly, max: {}, per: 1h, key: action.algorithm}}\n",
      number, rng.below(20), rng.below(1000), pick(rng, kAlgorithms), rng.below(200),
      rng.below(2000), rng.unit() * 0.05, 2 + rng.below(7), 10 + rng.below(100));
}

void put_file(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  if (!out.write(text.data(), static_cast<std::streamsize>(text.size())).flush())
    throw std::runtime_error("cannot write " + path);
}

void write_project(Files& files, const std::string& folder, std::size_t count,
                   std::string (*document)(std::size_t)) {
  files.make_directories(folder + "/policies");
  put_file(folder + "/autopilot.yaml", "paths: policies\n");
  for (std::size_t i = 0; i < count; ++i) {
    put_file(fmt::format("{}/policies/p{:05}.yaml", folder, i), document(i));
  }
}

}  // namespace autopilot::bench
