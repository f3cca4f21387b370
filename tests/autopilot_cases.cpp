// autopilot_cases SUITE FILE: runs a case file of a published format (testdata/*/README.md), prints
// the ids that fail and last `N of M hold`. Exit 0 only when all do.

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/expr/batch.h"

namespace autopilot {
namespace {

constexpr std::size_t kWidest = 400;  // bytes of an explanation

struct Score {
  int held = 0;
  int run = 0;
};

Value read_cases(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorKind::storage, "cannot read " + path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse_json_or_throw(text, path);
}

// {"tests": [...]}; tests that a reference implementation skips are not scored.
Score run_cel(const Value& file) {
  const Value* tests = file.get("tests");
  if (tests == nullptr || !tests->is_list())
    throw Error(ErrorKind::invalid, "the file has no list of 'tests'");
  Score score;
  for (const Value& test : tests->as_list()) {
    const Value* skipped = test.get("skipped_by");
    if (skipped != nullptr && skipped->is_list() && !skipped->as_list().empty()) continue;
    ++score.run;
    const Value* id = test.get("id");
    const Value* expect = test.get("expect");
    std::string why = "the test expects nothing";
    bool held = false;
    try {
      held = expect != nullptr && expr::holds(*expect, expr::run_case(test), why);
    } catch (const Error& error) {
      why = error.what();
    }
    score.held += held;
    if (held) continue;
    if (why.size() > kWidest) why.resize(kWidest);
    fmt::print("{}: {}\n", id != nullptr && id->is_string() ? id->as_string() : "(no id)", why);
  }
  return score;
}

int run(const std::string& suite, const std::string& path) {
  if (suite != "cel") {
    fmt::print(stderr, "unknown suite '{}'; there is: cel\n", suite);
    return 2;
  }
  const Score score = run_cel(read_cases(path));
  fmt::print("{} of {} hold\n", score.held, score.run);
  return score.held == score.run ? 0 : 1;
}

}  // namespace
}  // namespace autopilot

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: autopilot_cases SUITE FILE\n", stderr);
    return 2;
  }
  try {
    return autopilot::run(words[1], words[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
