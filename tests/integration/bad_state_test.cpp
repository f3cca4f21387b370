// A state file that is damaged, foreign, too new or changed by hand is named and left alone.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <functional>

#include "core/base/json.h"
#include "core/base/sqlite.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kPage = 8192;
constexpr std::size_t kUserVersion = 60;  // offsets in SQLite's header, 4 bytes each
constexpr std::size_t kApplicationId = 68;

std::string actions(std::size_t count) {
  std::string lines;
  for (std::size_t i = 0; i < count; ++i) lines += action_line("bandit", fmt::format("{:04}", i));
  return lines;
}

class BadStateTest : public ::testing::Test {
 protected:
  // A sound state as one file that needs nothing beside it.
  static void SetUpTestSuite() {
    const Project project;
    project.write("policies/p.yaml", policy("p", "  limits:\n    - {name: l, max: 5, per: 1d}\n"));
    project.must({"apply", "--yes"});
    project.must({"decide"}, actions(300));
    Database(project.state_path()).checkpoint();
    sound_ = project.read(".autopilot/state.db");
  }

  void SetUp() override {
    project_.write("policies/p.yaml", policy("p", "  limits:\n    - {name: l, max: 5, per: 1d}\n"));
    use(sound_);
  }

  void use(const std::string& bytes) const {
    for (const char* beside : {"-wal", "-shm", ".lock"})
      ::unlink((project_.state_path() + beside).c_str());
    project_.write(".autopilot/state.db", bytes);
  }

  void execute(const std::string& sql) const { Database(project_.state_path()).execute(sql); }

  static std::string sound_;
  Project project_;
};
std::string BadStateTest::sound_;

const std::vector<std::vector<std::string>>& commands() {
  static const std::vector<std::vector<std::string>> all{{"state", "info"},
                                                         {"state", "check"},
                                                         {"audit", "verify"},
                                                         {"audit", "list"},
                                                         {"plan"},
                                                         {"apply", "--yes"},
                                                         {"log"},
                                                         {"diff", "HEAD~1", "HEAD"},
                                                         {"export"},
                                                         {"state", "lock"},
                                                         {"decide"},
                                                         {"show", "latest"},
                                                         {"replay", "--all"}};
  return all;
}

TEST_F(BadStateTest, what_is_no_state_or_a_newer_one_is_refused_by_every_command_and_kept) {
  const auto with = [&](std::size_t at, std::string_view bytes) {
    std::string changed = sound_;
    return changed.replace(at, bytes.size(), bytes);
  };
  const std::vector<std::pair<std::string, std::string>> bad{
      {with(0, "garbage garbage!"), "is no state of autopilot"},
      {sound_.substr(0, 10), "is no state of autopilot"},
      {sound_.substr(0, sound_.size() / 2), "is damaged"},
      {with(kUserVersion, std::string("\0\0\0\x63", 4)),
       "was written by a newer autopilot (version 99"},
      {with(kApplicationId, std::string(4, '\0')), "belongs to another program"},
      {"PK\x03\x04 something else altogether", "is no state of autopilot"},
  };
  for (const auto& [bytes, message] : bad) {
    SCOPED_TRACE(message);
    use(bytes);
    for (const auto& command : commands()) {
      const Ended ended = project_.run(command, actions(1));
      EXPECT_EQ(ended.exit, 9) << ::testing::PrintToString(command) << describe(ended);
      EXPECT_THAT(ended.err, HasSubstr(".autopilot/state.db"));
      EXPECT_THAT(ended.err, HasSubstr(message));
    }
    EXPECT_EQ(project_.read(".autopilot/state.db"), bytes);
  }
}

TEST_F(BadStateTest, a_state_that_was_emptied_is_no_new_state) {
  project_.must({"state", "info"});  // makes the WAL
  project_.write(".autopilot/state.db", "");
  for (const auto& command : commands()) {
    const Ended ended = project_.run(command, actions(1));
    EXPECT_EQ(ended.exit, 9) << ::testing::PrintToString(command) << describe(ended);
    EXPECT_THAT(ended.err,
                HasSubstr("the state .autopilot/state.db is damaged: the file is empty"));
  }
}

TEST_F(BadStateTest, damaged_pages_are_found_and_crash_no_command) {
  for (std::size_t page = 1; page < sound_.size() / kPage; page += 3) {
    SCOPED_TRACE(page);
    std::string bytes = sound_;
    bytes.replace(page * kPage, kPage, kPage, '\xA5');
    use(bytes);
    const Ended check = project_.run({"state", "check"});
    EXPECT_EQ(check.exit, 9) << describe(check);
    for (const auto& command : commands()) {
      const Ended ended = project_.run(command, actions(1));
      EXPECT_TRUE(ended.signal == 0 && (ended.exit == 0 || ended.exit == 1 || ended.exit == 9))
          << ::testing::PrintToString(command) << describe(ended);
    }
  }
}

TEST_F(BadStateTest, a_decision_changed_by_hand_breaks_the_audit) {
  execute(
      "UPDATE decision SET body = replace(body, 'allowed', 'blocked') WHERE seq = (SELECT min(seq) "
      "FROM decision)");
  EXPECT_EQ(project_.run({"audit", "verify"}).exit, 1);
  EXPECT_EQ(project_.run({"state", "check"}).exit, 9);
  EXPECT_EQ(project_.run({"replay", "--all", "--fail-on-diff"}).exit, 1);
}

TEST_F(BadStateTest, a_removed_decision_breaks_the_audit) {
  execute("DELETE FROM decision WHERE seq = (SELECT max(seq) FROM decision)");
  EXPECT_EQ(project_.run({"audit", "verify"}).exit, 1);
  EXPECT_EQ(project_.run({"state", "check"}).exit, 9);
}

TEST_F(BadStateTest, a_policy_changed_by_hand_decides_nothing) {
  execute("UPDATE content SET body = replace(body, '\"max\":5', '\"max\":500')");
  const Ended decide = project_.run({"decide"}, actions(1));
  EXPECT_EQ(decide.exit, 9) << describe(decide);
  EXPECT_THAT(decide.err, HasSubstr("Policy/p in the state is damaged"));
  EXPECT_EQ(project_.run({"state", "check"}).exit, 9);
}

TEST_F(BadStateTest, missing_tables_are_named) {
  for (const char* table : {"ledger", "audit", "decision", "document"}) {
    use(sound_);
    execute(fmt::format("PRAGMA foreign_keys=OFF; DROP TABLE {}", table));
    const Ended check = project_.run({"state", "check"});
    EXPECT_EQ(check.exit, 9) << describe(check);
    EXPECT_THAT(check.out + check.err, HasSubstr(table));
    const Ended decide = project_.run({"decide"}, action_line("bandit", "new"));
    EXPECT_EQ(decide.exit, 9) << describe(decide);
  }
}

// After a crash of the machine the end of the WAL may be missing or garbled. What was committed
// before stays.
TEST_F(BadStateTest, a_torn_wal_gives_an_earlier_sound_state) {
  Process process(project_.command({"decide"}), true);
  for (int i = 0; i < 10; ++i) {
    process.feed(action_line("bandit", fmt::format("new{}", i)));
    const std::size_t before = process.out().size();
    while (process.out().size() == before && process.pump(1'000'000'000)) {
    }
  }
  process.send(SIGKILL);
  process.wait();
  const std::string wal = project_.read(".autopilot/state.db-wal");
  const std::string file = project_.read(".autopilot/state.db");
  ASSERT_GT(wal.size(), 10 * kPage);
  Dice dice(3);
  for (int i = 0; i < 20; ++i) {
    std::string torn = wal;
    if (i % 2 == 0) {
      torn.resize(dice.below(torn.size()));
    } else {
      torn[dice.below(torn.size())] ^= static_cast<char>(1 << dice.below(8));
    }
    use(file);
    project_.write(".autopilot/state.db-wal", torn);
    const Ended check = project_.run({"state", "check"});
    EXPECT_EQ(check.exit, 0) << describe(check);
    const Value info = parse_json_or_throw(project_.must({"state", "info", "--json"}).out, "info");
    EXPECT_GE(info.get("decisions")->as_int(), 300);
    EXPECT_LE(info.get("decisions")->as_int(), 310);
  }
}

}  // namespace
}  // namespace autopilot::integration
