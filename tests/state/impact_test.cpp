// What a plan would have made of recorded decisions, and that keeping their columns beside the
// state changes no answer: whether the files are fresh, stale, damaged, of another state or absent.
#include <gtest/gtest.h>

#include "core/decide/history.h"
#include "core/decide/summary.h"
#include "core/state/impact_run.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

constexpr const char* kLoose =
    R"({"mutations": [{"name": "top", "field": "weight", "clamp": [0, 0.8]}],
                                   "limits": [{"name": "hourly", "max": 50, "per": "1h"}]})";
constexpr const char* kTight =
    R"({"mutations": [{"name": "top", "field": "weight", "clamp": [0, 0.5]}],
                                   "guards": [{"name": "floor", "deny": "metrics.cvr < 0.02"}],
                                   "limits": [{"name": "hourly", "max": 20, "per": "1h"}]})";

class ImpactTest : public StateTest {
 protected:
  void SetUp() override { put({policy("p", kLoose)}); }

  static std::string line_of(int i) {
    return fmt::format(
        R"({{"action":{{"id":"a{0}","type":"route.update_weight","algorithm":"bandit",)"
        R"("data":{{"weight":{1},"old_weight":0.6}}}},"context":{{"metrics":{{"cvr":{2}}}}}}})",
        i, 0.4 + 0.1 * (i % 7), 0.01 * (i % 5));
  }

  // Decides that many actions, a second apart.
  void decide(int count) {
    Process process(path, fakes.world);
    for (int i = 0; i < count; ++i) {
      fakes.clock.tick(Duration::seconds(1));
      process.decide(line_of(next_++));
    }
  }

  // Decides as many at once.
  void decide_at_once(int count) {
    std::vector<std::string> lines;
    for (int i = 0; i < count; ++i) lines.push_back(line_of(next_++));
    fakes.clock.tick(Duration::seconds(1));
    Process(path, fakes.world).decide(lines);
  }

  // All that is said of the decisions under other policies.
  std::string impact(Files* files, decide::Range range = {}) {
    FakeFiles none;
    const auto set = state::compile_documents("", {policy("p", kTight)});
    const decide::Impact found =
        state::impact_on(*store, files != nullptr ? *files : none, range, set);
    return decide::impact_headline(found) + to_json(decide::impact_data(found));
  }
  std::string impact() { return impact(&fakes.files); }
  std::string from_lines() { return impact(nullptr); }

  std::vector<std::string> kept() {
    std::vector<std::string> out;
    for (const auto& [name, text] : fakes.files.texts) {
      if (name.find(".columns") != std::string::npos) out.push_back(name);
    }
    return out;
  }

  int next_ = 0;
};

TEST_F(ImpactTest, is_nothing_without_decisions) {
  EXPECT_NE(impact().find("no decisions are recorded"), std::string::npos);
}

TEST_F(ImpactTest, is_the_same_from_lines_and_from_files) {
  decide(100);
  const std::string expected = from_lines();
  EXPECT_NE(expected.find("\"rule\":\"floor\""), std::string::npos);
  EXPECT_NE(expected.find("\"rule\":\"hourly\""), std::string::npos);
  EXPECT_EQ(impact(), expected);
  ASSERT_EQ(kept().size(), 1u);
  fakes.files.writes.clear();
  EXPECT_EQ(impact(), expected);
  EXPECT_TRUE(fakes.files.writes.empty()) << "a fresh file is not written again";
}

TEST_F(ImpactTest, follows_decisions_that_were_added) {
  decide(60);
  impact();
  decide(40);
  EXPECT_EQ(impact(), from_lines());
  EXPECT_EQ(kept().size(), 1u) << "the file that was not full has grown";
}

TEST_F(ImpactTest, of_a_range_is_the_same_whatever_files_know) {
  decide(30);
  const decide::Range late = decide::Archive(store->database()).newest(10);
  const std::string expected = impact(nullptr, late);
  EXPECT_EQ(impact(&fakes.files, late), expected);
  decide(30);
  EXPECT_EQ(impact(), from_lines());
  EXPECT_EQ(impact(&fakes.files, late), impact(nullptr, late));
  const decide::Range middle{late.begin, decide::Archive(store->database()).newest(20).begin};
  EXPECT_EQ(impact(&fakes.files, middle), impact(nullptr, middle));
}

TEST_F(ImpactTest, of_several_blocks_does_not_depend_on_where_files_begin) {
  decide_at_once(static_cast<int>(decide::kBlockRows) + 3000);
  const std::string expected = from_lines();
  const decide::Range late = decide::Archive(store->database()).newest(5000);
  EXPECT_EQ(impact(&fakes.files, late), impact(nullptr, late));
  EXPECT_EQ(kept().size(), 1u) << "only what was read";
  EXPECT_EQ(impact(), expected);
  EXPECT_EQ(kept().size(), 2u) << "up to where the other begins";
  fakes.files.writes.clear();
  EXPECT_EQ(impact(), expected);
  EXPECT_TRUE(fakes.files.writes.empty());
  decide_at_once(static_cast<int>(decide::kBlockRows));
  EXPECT_EQ(impact(), from_lines());
  EXPECT_EQ(kept().size(), 3u) << "the one at the end has grown until it was full";
  fakes.files.texts.erase(kept()[1]);
  EXPECT_EQ(impact(), from_lines());
}

TEST_F(ImpactTest, does_not_believe_damaged_files) {
  decide(50);
  const std::string expected = impact();
  const std::string name = kept().front();
  const std::string good = fakes.files.texts[name];
  for (std::size_t at = 0; at < good.size(); at += 41) {
    fakes.files.texts[name] = good;
    fakes.files.texts[name][at] ^= 0x10;
    ASSERT_EQ(impact(), expected) << at;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, good.size() / 2, good.size() - 1}) {
    fakes.files.texts[name] = good.substr(0, size);
    ASSERT_EQ(impact(), expected) << size;
    EXPECT_EQ(fakes.files.texts[name], good) << "made anew";
  }
}

TEST_F(ImpactTest, does_not_believe_files_of_another_state) {
  decide(20);
  const std::string early = scratch.path("early.db");
  store->database().copy_to(early);
  decide(30);
  impact();
  // The state is put back to what it was, and something else happens.
  store.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  std::filesystem::copy_file(early, path);
  store = state::Store::open(path);
  next_ += 3;
  decide(25);
  EXPECT_EQ(impact(), from_lines());
}

TEST_F(ImpactTest, does_not_believe_files_when_the_chain_or_the_newest_decision_was_changed) {
  decide(20);
  impact();
  store->database().execute(
      "UPDATE audit SET hash = zeroblob(32) WHERE seq = (SELECT max(seq) FROM audit)");
  fakes.files.writes.clear();
  impact();
  EXPECT_FALSE(fakes.files.writes.empty()) << "made anew";
  store->database().execute(
      "UPDATE decision SET result = 3, body = replace(body, '\"result\":\"allowed\"', "
      "'\"result\":\"blocked\"')");
  EXPECT_EQ(impact(), from_lines());
}

TEST_F(ImpactTest, does_without_files_that_cannot_be_read_or_written) {
  decide(20);
  const std::string expected = from_lines();
  impact();
  const std::string name = kept().front();
  fakes.files.broken.insert(name);
  EXPECT_EQ(impact(), expected);
  fakes.files.broken.insert(decide::history_folder(path));
  EXPECT_EQ(impact(), expected);
}

TEST_F(ImpactTest, plans_with_what_is_applied_and_not_changed) {
  put({policy("p", kLoose), policy("q", R"({"guards": [{"name": "q", "deny": "false"}]})")});
  const state::Plan changes = plan({policy("p", kTight), policy("r")});
  std::string names;
  for (const policy::Document& d : state::documents_after(changes, *store, fakes.clock.now()))
    names += d.id + " ";
  EXPECT_EQ(names, "p r ");
}

}  // namespace
}  // namespace autopilot::testing
