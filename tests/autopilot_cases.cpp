// autopilot_cases SUITE FILE: runs a case file (for ope, a folder) of a published format
// (testdata/*/README.md), prints the ids that fail and last `N of M hold`. Exit 0 only when all do.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/expr/batch.h"
#include "tests/cases_budget.h"
#include "tests/cases_judge.h"
#include "tests/cases_ope.h"

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

// One format of case files: where its cases are (null: each file of a folder is one), which of them
// count, and whether one holds.
struct Suite {
  const char* name;
  const char* list;  // the key of the cases
  bool (*counts)(const Value& test);
  bool (*holds)(const Value& test, std::string& why);
};

// Tests that a reference implementation skips are not scored.
bool cel_case_counts(const Value& test) {
  const Value* skipped = test.get("skipped_by");
  return skipped == nullptr || !skipped->is_list() || skipped->as_list().empty();
}

bool cel_case_holds(const Value& test, std::string& why) {
  const Value* expect = test.get("expect");
  why = "the test expects nothing";
  return expect != nullptr && expr::holds(*expect, expr::run_case(test), why);
}

bool every_case(const Value&) { return true; }

constexpr Suite kSuites[] = {
    {"cel", "tests", cel_case_counts, cel_case_holds},
    {"judge", "cases", every_case, judge_case_holds},
    {"budget", nullptr, every_case, budget_case_holds},
};

void tell(const Value& test, std::string why) {
  const Value* id = test.get("id");
  if (why.size() > kWidest) why.resize(kWidest);
  fmt::print("{}: {}\n", id != nullptr && id->is_string() ? id->as_string() : "(no id)", why);
}

void run_case(const Suite& suite, const Value& test, Score& score) {
  if (!suite.counts(test)) return;
  ++score.run;
  std::string why;
  bool held = false;
  try {
    held = suite.holds(test, why);
  } catch (const std::exception& error) {
    why = error.what();
  }
  score.held += held;
  if (!held) tell(test, std::move(why));
}

Score run_file(const Suite& suite, const Value& file) {
  const Value* tests = file.get(suite.list);
  if (tests == nullptr || !tests->is_list())
    throw Error(ErrorKind::invalid, fmt::format("the file has no list of '{}'", suite.list));
  Score score;
  for (const Value& test : tests->as_list()) run_case(suite, test, score);
  return score;
}

Score run_folder(const Suite& suite, const std::string& path) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.path().extension() == ".json") files.push_back(entry.path());
  } else {
    files.emplace_back(path);
  }
  std::sort(files.begin(), files.end());
  Score score;
  for (const auto& file : files) run_case(suite, read_cases(file), score);
  if (score.run == 0) throw Error(ErrorKind::storage, "there are no cases in " + path);
  return score;
}

int tell_score(int held, int all) {
  fmt::print("{} of {} hold\n", held, all);
  return held == all ? 0 : 1;
}

int run(const std::string& name, const std::string& path) {
  if (name == "ope") {
    const OpeScore score = run_ope_cases(path);
    return tell_score(score.held, score.run);
  }
  for (const Suite& suite : kSuites) {
    if (name != suite.name) continue;
    const Score score =
        suite.list != nullptr ? run_file(suite, read_cases(path)) : run_folder(suite, path);
    return tell_score(score.held, score.run);
  }
  std::string known = " ope";
  for (const Suite& suite : kSuites) known += fmt::format(" {}", suite.name);
  fmt::print(stderr, "unknown suite '{}'; there are:{}\n", name, known);
  return 2;
}

}  // namespace
}  // namespace autopilot

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: autopilot_cases SUITE FILE|FOLDER\n", stderr);
    return 2;
  }
  try {
    return autopilot::run(words[1], words[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
