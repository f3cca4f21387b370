// Two users of one machine and one state file: who asks and who approves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/value.h"
#include "tests/integration/shop.h"

namespace autopilot::integration {
namespace {

using ::testing::HasSubstr;

class TwoUsersTest : public ::testing::Test {
 protected:
  Shop project;

  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "only root can be two users";
    ::chmod(project.root().c_str(), 0755);
    if (project.run_as_nobody({"version"}).exit != 0)
      GTEST_SKIP() << "the executable is for root alone";
    const std::string canary = "    - {name: canary, weight: 5%, hold: 1s}\n";
    project.apply(canary);
    project.must({"deploy", "run", "shop", "--version", "v0", "-q"});
    project.apply(canary + "    - {approval: 1}\n");
  }
};

TEST_F(TwoUsersTest, the_second_user_of_a_shared_state_approves_by_deploy_promote) {
  Process runner(project.command({"deploy", "run", "shop", "--version", "v1", "-q"}));
  for (int i = 0; i < 200 && project.state() != "gate"; ++i) runner.pump_for(100'000);
  project.share_with_nobody();

  const Ended own = project.run({"deploy", "promote", "shop"});
  EXPECT_EQ(own.exit, 7) << describe(own);
  EXPECT_THAT(own.err, HasSubstr("whoever asks cannot approve"));
  const Ended named = project.run({"--as", "ben", "deploy", "promote", "shop"});
  EXPECT_EQ(named.exit, 7) << "another name does not make another user: " << describe(named);
  EXPECT_EQ(project.state(), "gate");

  const Ended other = project.run_as_nobody({"deploy", "promote", "shop"});
  EXPECT_EQ(other.exit, 0) << describe(other);
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.exit, 0) << describe(ended);
  EXPECT_THAT(project.run({"approvals", "--json"}).out, ::testing::Not(HasSubstr("\"open\"")));
  EXPECT_EQ(project.run({"state", "check"}).exit, 0);
}

TEST_F(TwoUsersTest, a_state_of_one_user_is_closed_to_the_other) {
  ::chmod(project.root().c_str(), 0755);
  const Ended other = project.run_as_nobody({"deploy", "status", "shop"});
  EXPECT_EQ(other.exit, 9) << describe(other);
}

}  // namespace
}  // namespace autopilot::integration
