// The machine restarts in the middle of a rollout: every process is gone and the boot id is another
// one. The next tick takes the canary's traffic away before anything else.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/json.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

// The proxy lives elsewhere: it remembers its weights, and notes what it is told.
constexpr const char* kDeployment = R"(apiVersion: autopilot/v1
kind: Deployment
metadata: {id: shop}
spec:
  slots: {blue: {port: 1}, green: {port: 2}}
  interval: 2s
  process: {provider: exec, argv: [sh, serve, "{{slot}}"]}
  traffic: {provider: exec, set: [sh, proxy, set, "{{canary}}", "{{bp}}", "{{stable}}"], read: [sh, proxy, read]}
  metrics:
    errors: {provider: exec, argv: [sh, counts], kind: count, bad: bad, total: total, window: 10s}
  steps:
    - {name: canary, weight: 5%, hold: 1h}
  rollback:
    - {name: errors, when: canary.errors > 0.02, for: 4s}
)";
constexpr const char* kServe = R"(echo "start $1" >> deeds
exec sleep 600
)";
constexpr const char* kProxy = R"(case $1 in
  set) echo "set $2 $3" >> deeds
       echo "{\"weights\": {\"$2\": $3, \"$4\": $((10000 - $3))}, \"open\": {\"blue\": 0, \"green\": 0}}" > w.tmp
       mv w.tmp weights.json ;;
  read) cat weights.json ;;
esac
)";
constexpr const char* kCounts =
    R"(n=$(($(date +%s) % 1000000 * 100)); echo "{\"bad\": 0, \"total\": $n}"
)";

class DeployRebootTest : public ::testing::Test {
 protected:
  Project project;

  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "only root can give a process another boot id";
    project.write("policies/shop.yaml", kDeployment);
    project.write("serve", kServe);
    project.write("proxy", kProxy);
    project.write("counts", kCounts);
    project.must({"apply", "--yes", "-q"});
    project.must({"deploy", "run", "shop", "--version", "v0", "-q"});
  }
  void TearDown() override { kill_all(); }

  // Everything that runs in the slots.
  void kill_all() const {
    for (const char* slot : {"blue", "green"}) {
      const JsonResult record =
          parse_json(project.read(fmt::format(".autopilot/deploy/shop/{}.process.json", slot)));
      const Value* pid = record.ok ? record.value.get("pid") : nullptr;
      if (pid != nullptr && pid->is_integer() && pid->as_int() > 1)
        ::kill(-static_cast<pid_t>(pid->as_int()), SIGKILL);
    }
  }
  Value status() const {
    return parse_json_or_throw(project.run({"deploy", "status", "shop", "--json"}).out, "status");
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
    if (status().get("held_seconds")->as_double() >= 2) break;
    ::usleep(600'000);
  }
  const Value before = status();
  ASSERT_EQ(before.get("weight")->as_double(), 0.05) << to_pretty_json(before);
  ASSERT_GE(before.get("held_seconds")->as_double(), 2);
  const std::string canary = before.get("canary")->as_string();
  const std::string stable = before.get("stable")->as_string();

  kill_all();
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
  const Value after = status();
  EXPECT_EQ(after.get("state")->as_string(), "stepping");
  EXPECT_EQ(after.get("weight")->as_double(), 0.05);
  EXPECT_LT(after.get("held_seconds")->as_double(), before.get("held_seconds")->as_double())
      << "the hold begins anew";
}

}  // namespace
}  // namespace autopilot::integration
