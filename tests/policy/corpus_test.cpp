// What the fuzzer found, and what it started from, holds in every build.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fuzz/documents_run.h"

namespace {

TEST(documents_corpus, every_input_keeps_the_promises) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("testdata/fuzz/documents")) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    SCOPED_TRACE(entry.path());
    autopilot::fuzz::run_documents(text.str());
    ++files;
  }
  EXPECT_GE(files, 20u);
}

}  // namespace
