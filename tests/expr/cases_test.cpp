// Runs the case files: our own always, the published conformance cases where they are at hand.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/expr/batch.h"

namespace autopilot::expr {
namespace {

Value load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse_json_or_throw(text, path.string());
}

// How many of a file's cases were run; each that does not hold is a failure of the test.
int run_file(const std::filesystem::path& path) {
  int count = 0;
  const Value file = load(path);
  for (const Value& test : file.get("tests")->as_list()) {
    const Value* skipped = test.get("skipped_by");
    if (skipped != nullptr && !skipped->as_list().empty()) continue;
    std::string why;
    EXPECT_TRUE(holds(*test.get("expect"), run_case(test), why))
        << test.get("id")->as_string() << ": " << test.get("expr")->as_string() << "\n"
        << why;
    ++count;
  }
  return count;
}

TEST(Cases, our_own_cases_hold) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("testdata/expr")) {
    if (entry.path().extension() == ".json") count += run_file(entry.path());
  }
  EXPECT_GT(count, 400);
}

TEST(Cases, the_published_conformance_cases_hold) {
  const char* shared = std::getenv("AUTOPILOT_SHARED");
  const auto path = std::filesystem::path(shared != nullptr ? shared : "../shared") /
                    "testdata/cel/conformance.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no conformance cases at " << path;
  EXPECT_GT(run_file(path), 800);
}

TEST(Cases, a_judge_that_accepts_everything_would_be_noticed) {
  const auto expect_int =
      parse_json(R"({"kind":"value","value":{"type":"int","value":"1"}})").value;
  const auto expect_error = parse_json(R"({"kind":"error","phase":"eval"})").value;
  const auto result = [](const char* json) { return parse_json(json).value; };
  std::string why;
  EXPECT_TRUE(holds(expect_int, result(R"({"value":{"type":"int","value":"1"}})"), why));
  EXPECT_FALSE(holds(expect_int, result(R"({"value":{"type":"uint","value":"1"}})"), why));
  EXPECT_FALSE(holds(expect_int, result(R"({"value":{"type":"int","value":"2"}})"), why));
  EXPECT_FALSE(holds(expect_int, result(R"({"error":"x","phase":"eval"})"), why));
  EXPECT_TRUE(holds(expect_error, result(R"({"error":"x","phase":"eval"})"), why));
  EXPECT_FALSE(holds(expect_error, result(R"({"error":"x","phase":"check"})"), why));
  EXPECT_FALSE(holds(expect_error, result(R"({"value":{"type":"null"}})"), why));
}

TEST(Cases, minus_zero_is_not_zero_and_maps_have_no_order) {
  const auto value = [](const char* json) {
    return Value(Map{{"kind", "value"}, {"value", parse_json(json).value}});
  };
  const auto result = [](const char* json) {
    return Value(Map{{"value", parse_json(json).value}});
  };
  const char* zero = R"({"type":"double","value":"0.0","bits":"0000000000000000"})";
  const char* minus = R"({"type":"double","value":"-0.0","bits":"8000000000000000"})";
  const char* ab =
      R"({"type":"map","entries":[[{"type":"int","value":"1"},{"type":"null"}],[{"type":"int","value":"2"},{"type":"null"}]]})";
  const char* ba =
      R"({"type":"map","entries":[[{"type":"int","value":"2"},{"type":"null"}],[{"type":"int","value":"1"},{"type":"null"}]]})";
  std::string why;
  EXPECT_FALSE(holds(value(zero), result(minus), why));
  EXPECT_TRUE(holds(value(minus), result(minus), why));
  EXPECT_TRUE(holds(value(ab), result(ba), why));
}

}  // namespace
}  // namespace autopilot::expr
