// Replays what the fuzzer has learnt and found.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/expression_run.h"

namespace autopilot::expr {
namespace {

TEST(ExpressionCorpus, runs_without_breaking_a_promise) {
  const std::filesystem::path folder = "testdata/fuzz/expression";
  ASSERT_TRUE(std::filesystem::is_directory(folder)) << "run from the repository's root";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string source((std::istreambuf_iterator<char>(file)),
                             std::istreambuf_iterator<char>());
    SCOPED_TRACE(entry.path().string());
    fuzz::run_expression(source);
    ++count;
  }
  EXPECT_GE(count, 100u);
}

}  // namespace
}  // namespace autopilot::expr
