// Replay on several threads: so many decisions that it is worth them, and what one thread would
// say.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/state/replay_run.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

constexpr std::int64_t kPage = decide::Archive::kPageRows;
constexpr std::int64_t kDecisions = 8192 + 100;

class ReplayTest : public StateTest {
 protected:
  // Under two revisions, so that the threads ask for the policies of both.
  ReplayTest() {
    put({policy("p", R"({"limits": [{"name": "hourly", "max": 5000, "per": "1h"}]})")});
    record(kDecisions / 2);
    put({policy("p", R"({"mutations": [{"field": "n", "clamp": [0, 6000]}],
                         "guards": [{"name": "odd", "deny": "int(action.data.n) % 2 == 1"}]})"),
         policy("q", R"({"guards": [{"name": "all", "warn": "true"}]})")});
    record(kDecisions - kDecisions / 2);
  }

  void record(std::int64_t count) {
    Process process(path, fakes.world);
    std::vector<std::string> lines;
    for (std::int64_t i = 0; i < count; ++i) {
      lines.push_back(fmt::format(
          R"({{"id":"a{0}","type":"route.pause","algorithm":"bandit","data":{{"n":{0}}}}})", i));
    }
    ASSERT_EQ(process.decide(lines).lines.size(), lines.size());
  }

  // Changes the body of the decision after so many others.
  void change(std::int64_t skip, const std::string& to) {
    store->database().execute(fmt::format(
        "UPDATE decision SET body = {} WHERE seq = (SELECT seq FROM decision ORDER BY seq "
        "LIMIT 1 OFFSET {})",
        to, skip));
  }
  std::string id(std::int64_t skip) {
    Statement query = store->database().prepare(
        "SELECT json_extract(body, '$.id') FROM decision ORDER BY seq LIMIT 1 OFFSET ?1");
    return query.bind(skip).step() ? std::string(query.text(0)) : "";
  }
};

TEST_F(ReplayTest, of_many_decisions_gives_the_same_bytes) {
  const decide::ReplaySummary summary = state::replay_range(*store, {});
  EXPECT_EQ(summary.checked, kDecisions);
  EXPECT_EQ(summary.differing, 0);
  EXPECT_TRUE(summary.examples.empty());
}

TEST_F(ReplayTest, shows_the_first_differences_whichever_thread_found_them) {
  std::vector<std::string> first;
  for (std::int64_t i = 0; i < 15; ++i) {
    change(i * 500 + 7, R"(replace(body, '"risk":', '"risk":9'))");
    if (i < 10) first.push_back(id(i * 500 + 7));
  }
  const decide::ReplaySummary summary = state::replay_range(*store, {});
  EXPECT_EQ(summary.checked, kDecisions);
  EXPECT_EQ(summary.differing, 15);
  std::vector<std::string> shown;
  for (const auto& example : summary.examples) shown.push_back(example.id);
  EXPECT_EQ(shown, first);
}

// The second page fails at its first record, so whoever has it is done before the first page's
// reader comes to that one's last.
TEST_F(ReplayTest, tells_the_first_record_that_cannot_be_read) {
  change(kPage - 1, R"(replace(body, '"proposed":{', '"proposed":{"first":1,"first":1,'))");
  change(kPage, R"(replace(body, '"proposed":{', '"proposed":{"second":1,"second":1,'))");
  const Error error = error_of([&] { state::replay_range(*store, {}); });
  EXPECT_EQ(error.kind(), ErrorKind::storage);
  EXPECT_NE(std::string(error.what()).find(id(kPage - 1)), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find("first"), std::string::npos) << error.what();
}

}  // namespace
}  // namespace autopilot::testing
