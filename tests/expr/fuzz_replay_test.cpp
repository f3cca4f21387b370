// Replays what the fuzzer keeps, and changes the expressions of the case files at random: nothing
// may crash, hang or differ between a program and its stored copy.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "core/base/json.h"
#include "tests/fuzz/expression_run.h"

namespace autopilot::expr {
namespace {

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> case_expressions() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator("testdata/expr")) {
    if (entry.path().extension() != ".json") continue;
    const JsonResult file = parse_json(text_of_file(entry.path()));
    for (const Value& test : file.value.get("tests")->as_list())
      out.push_back(test.get("expr")->as_string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Cuts, doubles, overwrites or splices.
std::string mutated(std::string text, const std::vector<std::string>& others,
                    std::mt19937_64& random) {
  static constexpr std::string_view kPieces[] = {
      "(", ")", "[", "]", "{",  "}",  "'",   "&&",   "||", "?", ":",           ".",    ",",
      "!", "-", "1", "x", "xs", "0u", "1.5", " in ", "==", "<", "metrics.cvr", "\xff", "\\"};
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t size = std::min(text.size() - at, below(12));
    switch (below(4)) {
      case 0:
        text.erase(at, size);
        break;
      case 1:
        text.insert(at, text.substr(at, size));
        break;
      case 2:
        text.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      default: {
        const std::string& other = others[below(others.size())];
        const std::size_t from = below(other.size() + 1);
        text.replace(at, size, other.substr(from, below(20)));
      }
    }
  }
  return text;
}

TEST(FuzzReplay, mutated_expressions_are_harmless) {
  const std::vector<std::string> sources = case_expressions();
  std::mt19937_64 random(20261120);
  for (int round = 0; round < 4000; ++round) {
    fuzz::run_expression(mutated(sources[random() % sources.size()], sources, random));
  }
}

}  // namespace
}  // namespace autopilot::expr
