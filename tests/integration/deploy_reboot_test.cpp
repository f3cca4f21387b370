// The machine restarts in the middle of a rollout: every process is gone and the boot id is another
// one. The next tick takes the canary's traffic away before anything else.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/json.h"
#include "tests/integration/shop.h"

namespace autopilot::integration {
namespace {

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

class DeployRebootTest : public ::testing::Test {
 protected:
  Shop project;

  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "only root can give a process another boot id";
    project.interval = 10;  // no gap, however long a look takes
    project.apply("    - {name: canary, weight: 5%, hold: 1h}\n");
    project.must({"deploy", "run", "shop", "--version", "v0", "-q"});
  }
  // deploy tick as it would be after the machine came up again. Exit 125: the system forbids it.
  int tick_after_boot() const {
    project.write("boot_id", "11111111-2222-4333-8444-555555555555\n");
    const pid_t child = ::fork();
    if (child == 0) {
      const bool done = make_mounts_private() && ::mount(project.path("boot_id").c_str(), kBootId,
                                                         nullptr, MS_BIND, nullptr) == 0;
      ::_exit(done ? project.run({"deploy", "tick", "shop", "-q"}).exit : 125);
    }
    int ended = 0;
    ::waitpid(child, &ended, 0);
    return WEXITSTATUS(ended);
  }
};

TEST_F(DeployRebootTest, the_canary_gets_nothing_then_stable_starts_then_the_canary_and_the_hold) {
  project.must({"deploy", "start", "shop", "--version", "v1", "-q"});
  for (int i = 0; i < 20; ++i) {
    project.run({"deploy", "tick", "shop", "-q"});
    if (project.status().get("held_seconds")->as_double() >= 2) break;
    ::usleep(600'000);
  }
  const Value before = project.status();
  ASSERT_EQ(before.get("weight")->as_double(), 0.05) << to_pretty_json(before);
  ASSERT_GE(before.get("held_seconds")->as_double(), 2);
  const std::string canary = before.get("canary")->as_string();
  const std::string stable = before.get("stable")->as_string();

  project.kill_services();
  project.write("deeds", "");
  const int exit = tick_after_boot();
  if (exit == 125) GTEST_SKIP() << "the system does not allow another boot id";
  EXPECT_EQ(exit, 3);
  // What runs in a slot writes for itself, in its own time: in the file, in the order of the deeds.
  for (int i = 0; i < 100 && lines_of(project.read("deeds")).size() < 5; ++i) ::usleep(50'000);
  // Nothing again once stable runs: the proxy may have needed it.
  EXPECT_EQ(
      lines_of(project.read("deeds")),
      (std::vector<std::string>{"set " + canary + " 0", "start " + stable, "set " + canary + " 0",
                                "start " + canary, "set " + canary + " 500"}));
  const Value after = project.status();
  EXPECT_EQ(after.get("state")->as_string(), "stepping");
  EXPECT_EQ(after.get("weight")->as_double(), 0.05);
  EXPECT_LT(after.get("held_seconds")->as_double(), before.get("held_seconds")->as_double())
      << "the hold begins anew";
}

}  // namespace
}  // namespace autopilot::integration
