// `autopilot test --watch` with a clock and files that do as they are told.
#include "commands/trial.h"

#include <gtest/gtest.h>

#include "cli/output.h"
#include "tests/fakes.h"

namespace autopilot::commands {
namespace {

constexpr char kPolicy[] =
    "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p}\nspec: {guards: [{name: g, deny: "
    "metrics.a > 1}]}\n";
constexpr char kTest[] =
    "apiVersion: autopilot/v1\nkind: PolicyTest\nmetadata: {id: t}\nspec: {cases: [{name: x, "
    "action: {type: route.pause}, context: {metrics: {a: 2}}, expect: {result: blocked}}]}\n";

struct Stop {};

class Watch : public ::testing::Test {
 protected:
  testing::FakeWorld fake;
  cli::Output output{fake.world};
  cli::Globals globals;
  std::string out, err;

  Watch() {
    fake.environment.directory = "/w";
    fake.files.texts["/w/autopilot.yaml"] = fake.files.texts["autopilot.yaml"] = "";
    fake.files.texts["policies/p.yaml"] = kPolicy;
    fake.files.texts["policies/t.yaml"] = kTest;
  }

  // Does one thing at each sleep, then stops.
  void watch(std::vector<std::function<void()>> meanwhile) {
    std::size_t slept = 0;
    fake.clock.on_sleep = [&] {
      if (slept == meanwhile.size()) throw Stop{};
      meanwhile[slept++]();
    };
    cli::Context context(fake.world, globals, output);
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    EXPECT_THROW(watch_trial(context, {}), Stop);
    out = ::testing::internal::GetCapturedStdout();
    err = ::testing::internal::GetCapturedStderr();
  }
};

TEST_F(Watch, runs_again_when_a_file_changes_and_sleeps_in_between) {
  const Instant before = fake.clock.time;
  watch({[] {}, [] {}, [&] { fake.files.texts["policies/p.yaml"] += "# more\n"; }, [] {}});
  EXPECT_EQ(out, "1 case in 1 test: all passed\n1 case in 1 test: all passed\n");
  EXPECT_EQ(err, "\nchanged: policies/p.yaml\n");
  EXPECT_GE(fake.clock.time, before + Duration::milliseconds(1000));
}

TEST_F(Watch, notices_new_files_and_removed_ones) {
  watch({[&] { fake.files.texts["tests/new.yaml"] = kTest; },
         [&] { fake.files.texts["tests/new.yaml"].replace(63, 1, "u"); },
         [&] { fake.files.texts.erase("policies/t.yaml"); }});
  EXPECT_NE(err.find("changed: tests/new.yaml\n"), std::string::npos) << err;
  EXPECT_NE(err.find("changed: policies/t.yaml\n"), std::string::npos) << err;
}

TEST_F(Watch, faults_do_not_end_it) {
  watch({[&] { fake.files.texts["policies/p.yaml"] = "kind: [\n"; },
         [&] { fake.files.texts["policies/p.yaml"] = kPolicy; },
         [&] { fake.files.texts.erase("policies/t.yaml"); },
         [&] { fake.files.texts["policies/t.yaml"] = kTest; }});
  EXPECT_EQ(out,
            "1 case in 1 test: all passed\n1 case in 1 test: all passed\n1 case in 1 test: all "
            "passed\n");
  EXPECT_NE(err.find("nothing was run"), std::string::npos) << err;
  EXPECT_NE(err.find("there is no test in policies"), std::string::npos) << err;
}

}  // namespace
}  // namespace autopilot::commands
