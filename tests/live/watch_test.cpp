// `deploy watch` in a real terminal: drawn in place on screens of all sizes, its keys, and a
// terminal that is as it was on whatever way out.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <memory>

#include "core/base/text.h"
#include "tests/integration/shop.h"
#include "tests/live/rig.h"
#include "tests/live/tmux.h"

namespace autopilot::live {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCanary = "    - {name: canary, weight: 5%, hold: 1s}\n";
constexpr const char* kGate = R"(    - {gate: ops, timeout: 10m}
    - {name: half, weight: 50%, hold: 1s}
)";
constexpr const char* kApproval = "    - {approval: 1}\n";
constexpr const char* kMetrics = "    latency: {provider: exec, argv: [sh, latency], window: 5s}\n";
constexpr const char* kLatency = R"(echo 0.$(date +%N)
)";

constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

bool has_bars(const std::string& text) {
  for (const char* bar : kBars) {
    if (text.find(bar) != std::string::npos) return true;
  }
  return false;
}

class LiveWatch : public ::testing::Test {
 protected:
  integration::Shop project;
  std::unique_ptr<integration::Process> runner;
  std::unique_ptr<Tmux> terminal;

  void SetUp() override {
    if (!is_installed("tmux")) GTEST_SKIP() << "tmux is not installed";
    project.write("latency", kLatency);
    apply(kCanary);
    project.must({"deploy", "run", "shop", "--version", "v0", "-q"});
    apply(std::string(kCanary) + kGate);
  }
  void TearDown() override { runner.reset(); }

  void apply(const std::string& steps) const { project.apply(steps, kMetrics); }

  // A rollout that somebody runs, and one who watches it.
  void watch(int columns = 100, int rows = 40) {
    runner = std::make_unique<integration::Process>(
        project.command({"deploy", "run", "shop", "--version", "v1", "-q"}));
    for (int i = 0; i < 100 && state() != "stepping" && state() != "gate"; ++i)
      runner->pump_for(100'000);
    look(columns, rows);
  }
  // `before`: words that run it as somebody else.
  void look(int columns = 100, int rows = 40, const std::string& before = "",
            const std::string& after = "") {
    begin_to_look(columns, rows, before, after);
    EXPECT_TRUE(terminal->shows("q quit")) << terminal->text();
  }
  void begin_to_look(int columns, int rows, const std::string& before, const std::string& after) {
    terminal = std::make_unique<Tmux>(project.root(), columns, rows);
    // What the shell says afterwards tells how it ended, and whether the terminal echoes.
    terminal->type(
        fmt::format("clear; sh -c 'echo $$ >pid; exec {}{} deploy watch shop{}' ; echo exit=$?",
                    before, AUTOPILOT_EXECUTABLE, after));
    terminal->press("Enter");
  }
  std::string state() const {
    const Value now = project.status();
    return now.is_null() || now.get("version")->as_string() == "v0" ? ""
                                                                    : now.get("state")->as_string();
  }
  int ended() { return runner->wait().exit; }

  // As before: its own screen, a cursor, an echo, lines.
  void expect_restored(const std::string& exit) const {
    EXPECT_TRUE(terminal->shows("exit=" + exit)) << terminal->text();
    EXPECT_FALSE(terminal->is_drawn_on());
    EXPECT_TRUE(terminal->has_cursor());
    terminal->type("clear; stty -a | tr ' ;' '\\n\\n' | grep -x -e echo -e icanon -e isig | xargs");
    terminal->press("Enter");
    EXPECT_TRUE(terminal->shows("isig icanon echo")) << terminal->text();
  }

  // A rollout begins, and is seen up to its end by who waited for it.
  void expect_watched(const char* id) {
    runner = std::make_unique<integration::Process>(
        project.command({"deploy", "run", "shop", "--version", id, "-q"}));
    EXPECT_TRUE(terminal->shows("waits  gate ops")) << terminal->text();
    EXPECT_TRUE(terminal->is_drawn_on());
    EXPECT_EQ(terminal->lines().front().find(id), 0U) << terminal->text();
    terminal->type("p");
    EXPECT_EQ(ended(), 0);
    EXPECT_TRUE(terminal->shows("waiting for the next rollout")) << terminal->text();
  }
};

TEST_F(LiveWatch, draws_in_place_and_p_opens_the_gate) {
  watch();
  EXPECT_TRUE(terminal->is_drawn_on());
  EXPECT_FALSE(terminal->has_cursor());
  EXPECT_TRUE(terminal->shows("waits  gate ops")) << terminal->text();
  EXPECT_TRUE(terminal->shows(has_bars)) << terminal->text();
  const std::string before = terminal->text();
  EXPECT_TRUE(terminal->shows([&](const std::string& now) { return now != before; }))
      << "nothing is drawn anew: " << before;
  EXPECT_EQ(terminal->lines().front().find("shop-2"), 0U) << "it has not scrolled";
  terminal->press("Up");  // no letter
  terminal->type("p");
  expect_restored("0");  // the rollout went on, and ended
  EXPECT_EQ(ended(), 0);
}

TEST_F(LiveWatch, p_asks_approvals_as_deploy_promote_does) {
  apply(std::string(kCanary) + kApproval);
  watch();
  EXPECT_TRUE(terminal->shows("waits for approval")) << terminal->text();
  terminal->type("p");
  EXPECT_TRUE(terminal->shows("whoever asks cannot approve")) << terminal->text();
}

TEST_F(LiveWatch, p_approves_where_somebody_else_asked) {
  if (!integration::is_root() || !is_installed("setpriv"))
    GTEST_SKIP() << "only root, with setpriv, can be two users";
  apply(std::string(kCanary) + kApproval);
  runner = std::make_unique<integration::Process>(
      project.command({"deploy", "run", "shop", "--version", "v1", "-q"}));
  for (int i = 0; i < 200 && state() != "gate"; ++i) runner->pump_for(100'000);
  project.share_with_nobody();
  look(100, 40, "setpriv --reuid=65534 --regid=65534 --clear-groups ");
  EXPECT_TRUE(terminal->shows("waits for approval")) << terminal->text();
  terminal->type("p");
  EXPECT_TRUE(terminal->shows("exit=0")) << terminal->text();
  EXPECT_EQ(ended(), 0);
}

TEST_F(LiveWatch, a_and_y_take_everything_back_and_a_alone_does_nothing) {
  watch();
  terminal->type("ax");
  EXPECT_TRUE(terminal->shows(
      [](const std::string& t) { return t.find("y to confirm") == std::string::npos; }));
  terminal->type("y");
  EXPECT_NE(state(), "rolled_back");
  terminal->type("a");
  EXPECT_TRUE(terminal->shows("y to confirm"));
  terminal->type("y");
  expect_restored("1");
  EXPECT_EQ(ended(), 1);
  EXPECT_EQ(state(), "rolled_back");
}

TEST_F(LiveWatch, where_none_is_under_way_it_stays_for_the_next_ones_until_q) {
  look();
  EXPECT_TRUE(terminal->shows("waiting for the next rollout")) << terminal->text();
  EXPECT_EQ(terminal->lines().front().find("shop-1"), 0U) << terminal->text();
  for (const char* id : {"shop-2", "shop-3"}) expect_watched(id);
  terminal->type("q");
  expect_restored("0");
}

TEST_F(LiveWatch, with_follow_it_stays_after_the_rollout_that_is_under_way) {
  runner = std::make_unique<integration::Process>(
      project.command({"deploy", "run", "shop", "--version", "v1", "-q"}));
  for (int i = 0; i < 100 && state() != "gate"; ++i) runner->pump_for(100'000);
  look(100, 40, "", " --follow");
  terminal->type("p");
  EXPECT_EQ(ended(), 0);
  EXPECT_TRUE(terminal->shows("waiting for the next rollout")) << terminal->text();
  terminal->type("pay");  // of no use now
  terminal->type("q");
  expect_restored("0");
}

// Nothing was ever deployed.
class LiveWatchFirst : public LiveWatch {
 protected:
  void SetUp() override {
    if (!is_installed("tmux")) GTEST_SKIP() << "tmux is not installed";
    project.write("latency", kLatency);
    apply(std::string(kCanary) + kGate);
    begin_to_look(100, 40, "", " --follow");
    EXPECT_TRUE(terminal->shows("shop was never deployed: waiting for its first rollout"))
        << terminal->text();
    EXPECT_FALSE(terminal->is_drawn_on());
  }
};

TEST_F(LiveWatchFirst, it_waits_for_the_very_first_rollout_and_stays_for_the_next) {
  for (const char* id : {"shop-1", "shop-2"}) expect_watched(id);
  terminal->type("q");
  expect_restored("0");
}

TEST_F(LiveWatchFirst, an_interrupt_ends_the_wait_for_it) {
  terminal->press("C-c");
  EXPECT_TRUE(terminal->shows("^C")) << terminal->text();
  // It was ended by the signal, so the shell has dropped the rest of the line.
  terminal->type("echo exit=$?");
  terminal->press("Enter");
  expect_restored("130");
}

TEST_F(LiveWatch, q_leaves_the_rollout_running) {
  watch();
  EXPECT_TRUE(terminal->shows("waits  gate ops"));
  terminal->type("q");
  expect_restored("4");
  EXPECT_EQ(state(), "gate");
}

TEST_F(LiveWatch, so_does_an_interrupt) {
  watch();
  terminal->press("C-c");
  expect_restored("130");
  EXPECT_NE(state(), "rolled_back");
}

TEST_F(LiveWatch, so_does_a_request_to_end) {
  watch();
  ::kill(std::atoi(project.read("pid").c_str()), SIGTERM);
  expect_restored("130");
  EXPECT_NE(state(), "rolled_back");
}

TEST_F(LiveWatch, what_nobody_runs_is_carried_out_by_who_watches) {
  project.must({"deploy", "start", "shop", "--version", "v1", "-q"});
  project.run({"deploy", "tick", "shop", "-q"});
  look();
  terminal->type("ay");
  expect_restored("1");
  EXPECT_EQ(state(), "rolled_back");
}

TEST_F(LiveWatch, an_error_is_told_on_a_terminal_as_it_was) {
  if (!is_installed("python3")) GTEST_SKIP() << "python3 is not installed";
  project.must({"deploy", "start", "shop", "--version", "v1", "-q"});
  look();
  Program({"python3", "-c",
           "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); "
           "d.execute('DROP TABLE deploy_event'); d.commit()",
           project.state_path()},
          project.path("python.log"))
      .wait();
  expect_restored("9");
}

TEST_F(LiveWatch, fits_a_small_terminal_and_follows_its_size) {
  watch(40, 10);
  EXPECT_TRUE(terminal->shows(" hidden")) << terminal->text();
  EXPECT_TRUE(terminal->shows(has_bars)) << terminal->text();
  EXPECT_EQ(terminal->lines().front().find("shop-2"), 0U) << terminal->text();
  EXPECT_LE(terminal->lines().size(), 10U);

  terminal->resize(120, 40);
  EXPECT_TRUE(terminal->shows([](const std::string& t) {
    return t.find("hidden") == std::string::npos && t.find("rules") != std::string::npos;
  })) << terminal->text();

  terminal->resize(60, 12);
  EXPECT_TRUE(terminal->shows(" hidden")) << terminal->text();
  EXPECT_EQ(terminal->lines().front().find("shop-2"), 0U) << terminal->text();
  EXPECT_THAT(terminal->lines().back(), HasSubstr("q quit"));
  terminal->type("q");
  EXPECT_TRUE(terminal->shows("exit="));
  EXPECT_FALSE(terminal->is_drawn_on());
}

}  // namespace
}  // namespace autopilot::live
