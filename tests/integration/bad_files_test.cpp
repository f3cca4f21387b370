// Files that are not what they seem, that may not be touched, or for which there is no room.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "tests/integration/project.h"

namespace autopilot::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string actions(std::size_t count, std::size_t first = 0) {
  std::string lines;
  for (std::size_t i = 0; i < count; ++i)
    lines += action_line("bandit", fmt::format("{:06}", first + i));
  return lines;
}

void expect_sound(const Project& project) {
  for (const auto& check : {std::vector<std::string>{"state", "check"}, {"audit", "verify"}}) {
    const Ended ended = project.run(check);
    EXPECT_EQ(ended.exit, 0) << describe(ended);
  }
}

TEST(BadFilesTest, a_folder_called_like_a_file_is_searched) {
  const Project project;
  project.write("policies/x.yaml/inside.yaml", policy("inside"));
  EXPECT_THAT(project.must({"plan"}).out, HasSubstr("Policy/inside"));
}

TEST(BadFilesTest, pipes_and_devices_among_documents_are_refused_at_once) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  ASSERT_EQ(::mkfifo(project.path("policies/pipe.yaml").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("/dev/zero", project.path("policies/zero.yaml").c_str()), 0);
  const Ended ended = project.run({"plan"});
  EXPECT_EQ(ended.exit, 9) << describe(ended);
  EXPECT_THAT(ended.err, HasSubstr("policies/pipe.yaml: it is no regular file"));
  EXPECT_THAT(ended.err, HasSubstr("policies/zero.yaml: it is no regular file"));
}

TEST(BadFilesTest, input_without_end_is_refused) {
  const Project project;
  const Ended ended = project.run({"validate", "/dev/zero"});
  EXPECT_EQ(ended.exit, 9) << describe(ended);
  EXPECT_THAT(ended.err, HasSubstr("/dev/zero: it has more than 256 MiB"));
}

TEST(BadFilesTest, links_that_lead_in_circles_are_followed_once) {
  const Project project;
  project.write("policies/a/p.yaml", policy("p"));
  for (const char* name : {"up", "again", "more"})
    ASSERT_EQ(::symlink("..", project.path(fmt::format("policies/a/{}", name)).c_str()), 0);
  EXPECT_THAT(project.must({"validate"}).out, HasSubstr("1 file, 1 valid document"));
}

TEST(BadFilesTest, a_link_to_nothing_is_named) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  ASSERT_EQ(::symlink("nowhere", project.path("policies/gone.yaml").c_str()), 0);
  const Ended ended = project.run({"plan"});
  EXPECT_EQ(ended.exit, 9) << describe(ended);
  EXPECT_THAT(ended.err, HasSubstr("cannot read policies/gone.yaml: No such file or directory"));
}

TEST(BadFilesTest, a_file_where_the_folder_of_the_state_should_be_is_named) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  project.write(".autopilot", "");
  for (const auto& command : {std::vector<std::string>{"apply", "--yes"}, {"decide"}}) {
    const Ended ended = project.run(command, actions(1));
    EXPECT_EQ(ended.exit, 9) << describe(ended);
    EXPECT_THAT(ended.err, HasSubstr(".autopilot"));
    EXPECT_THAT(ended.err, HasSubstr("Not a directory"));
  }
}

// As a user who may not do everything.
class BadFilesTest_Nobody : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "takes root to become another user";
    project_.write("policies/p.yaml", policy("p"));
    ::chmod(project_.root().c_str(), 0755);
    if (run({"--version"}).exit != 0) GTEST_SKIP() << "the executable is for root alone";
  }

  Ended run(std::vector<std::string> arguments, std::string input = {}) const {
    Command command = project_.command(std::move(arguments), std::move(input));
    command.as_nobody = true;
    return integration::run(command);
  }

  // `command` fails as files do, names `what` and why, and creates or changes nothing.
  void expect_refused(const std::vector<std::string>& command, const std::string& what,
                      const std::string& why) const {
    SCOPED_TRACE(::testing::PrintToString(command));
    const auto before = project_.files();
    const Ended ended = run(command, actions(1));
    EXPECT_EQ(ended.exit, 9) << describe(ended);
    EXPECT_THAT(ended.err, HasSubstr(what));
    EXPECT_THAT(ended.err, HasSubstr(why));
    EXPECT_EQ(project_.files(), before);
  }

  Project project_;
};

TEST_F(BadFilesTest_Nobody, unreadable_files_and_folders_are_named) {
  ::chmod(project_.path("policies/p.yaml").c_str(), 0);
  expect_refused({"validate"}, "policies/p.yaml", "Permission denied");
  expect_refused({"plan"}, "policies/p.yaml", "Permission denied");
  ::chmod(project_.path("policies").c_str(), 0);
  expect_refused({"plan"}, "policies", "Permission denied");
  ::chmod(project_.path("autopilot.yaml").c_str(), 0);
  expect_refused({"plan"}, "autopilot.yaml", "Permission denied");
}

TEST_F(BadFilesTest_Nobody, a_read_only_folder_is_named) {
  EXPECT_EQ(run({"plan"}).exit, 0);
  expect_refused({"plan", "-o", "new.plan"}, "new.plan", "Permission denied");
  expect_refused({"init", "sub"}, "sub", "Permission denied");
  expect_refused({"apply", "--yes"}, ".autopilot", "Permission denied");
  expect_refused({"decide"}, ".autopilot", "Permission denied");
}

TEST_F(BadFilesTest_Nobody, a_state_of_somebody_else_is_named) {
  project_.must({"apply", "--yes"});
  ::chmod(project_.path(".autopilot").c_str(), 0777);
  for (const auto& command :
       {std::vector<std::string>{"state", "info"}, {"apply", "--yes"}, {"decide"}})
    expect_refused(command, ".autopilot/state.db", "Permission denied");
}

TEST_F(BadFilesTest_Nobody, a_read_only_state_is_named) {
  project_.must({"apply", "--yes"});
  ::chmod(project_.path(".autopilot").c_str(), 0755);
  for (const char* name : {"state.db", "state.db-wal", "state.db-shm", "state.db.lock"})
    ::chmod(project_.path(fmt::format(".autopilot/{}", name)).c_str(), 0644);
  project_.write("policies/p.yaml", policy("p", "  priority: 7\n"));
  expect_refused({"apply", "--yes"}, ".autopilot/state.db", "Permission denied");
  expect_refused({"decide"}, ".autopilot/state.db", "Permission denied");
}

// --- No room

TEST(BadFilesTest, decide_at_the_limit_of_file_sizes_keeps_what_it_said) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  project.must({"apply", "--yes"});
  const std::string lines = actions(3000);
  Command command = project.command({"decide"}, lines);
  command.max_file_bytes = 400'000;
  const Ended ended = run(command);
  EXPECT_EQ(ended.exit, 9) << describe(ended);
  EXPECT_THAT(ended.err,
              HasSubstr("cannot write the state .autopilot/state.db: the limit of 400000 bytes"));
  expect_sound(project);
  const std::vector<std::string> said = lines_of(ended.out);
  const std::vector<std::string> again = lines_of(project.must({"decide"}, lines).out);
  ASSERT_EQ(again.size(), 3001U);
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], again[i]);
  expect_sound(project);
}

TEST(BadFilesTest, apply_at_the_limit_of_file_sizes_creates_no_part_of_a_state) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  for (const std::uint64_t limit : {0, 1000, 20'000, 60'000}) {
    Command command = project.command({"apply", "--yes"});
    command.max_file_bytes = limit;
    const Ended ended = run(command);
    EXPECT_EQ(ended.exit, 9) << limit << describe(ended);
    EXPECT_THAT(ended.err, HasSubstr(".autopilot/state.db"));
    EXPECT_EQ(project.files().count(".autopilot/state.db.new"), 0U);
  }
  project.must({"apply", "--yes"});
  expect_sound(project);
}

TEST(BadFilesTest, a_plan_file_for_which_there_is_no_room_stays_as_it_was) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  project.must({"plan", "-o", "a.plan"});
  const std::string before = project.read("a.plan");
  const auto files = project.files();
  project.write("policies/p.yaml", policy("p", "  priority: 7\n"));
  Command command = project.command({"plan", "-o", "a.plan"});
  command.max_file_bytes = 20;
  const Ended ended = run(command);
  EXPECT_EQ(ended.exit, 9) << describe(ended);
  EXPECT_THAT(ended.err, HasSubstr("cannot write a.plan: File too large"));
  EXPECT_EQ(project.read("a.plan"), before);
  EXPECT_EQ(project.files(), files);
}

// A file system of `kilobytes` that only this process and its children see.
class SmallDisk {
 public:
  SmallDisk(const Project& project, int kilobytes) : at_(project.path("disk")) {
    ::mkdir(at_.c_str(), 0700);
    mounted_ = make_mounts_private() && ::mount("tmpfs", at_.c_str(), "tmpfs", 0,
                                                fmt::format("size={}k", kilobytes).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(at_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  void resize(int kilobytes) const {
    ::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, fmt::format("size={}k", kilobytes).c_str());
  }

 private:
  std::string at_;
  bool mounted_ = false;
};

TEST(BadFilesTest, a_full_disk_stops_decide_and_loses_nothing) {
  const Project project;
  project.write("policies/p.yaml", policy("p"));
  const SmallDisk disk(project, 900);
  if (!disk.mounted()) GTEST_SKIP() << "no file system may be mounted here";
  const std::vector<std::string> at{"--state", "disk/state.db"};
  const auto on_disk = [&](std::vector<std::string> command) {
    command.insert(command.begin(), at.begin(), at.end());
    return command;
  };
  project.must(on_disk({"apply", "--yes"}));
  Process process(project.command(on_disk({"decide"})), true);
  std::string lines;
  for (std::size_t i = 0; i < 40; ++i) {
    lines += actions(50, i * 50);
    process.feed(actions(50, i * 50));
    process.pump_for(5000);
  }
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit, 9) << describe(ended);
  EXPECT_THAT(ended.err, HasSubstr("cannot write the state disk/state.db: the disk is full"));
  const std::vector<std::string> said = lines_of(ended.out);
  EXPECT_GE(said.size(), 1U) << "it should have begun";
  const Ended plan = project.run({"plan", "-o", "disk/a.plan"});
  EXPECT_TRUE(plan.exit == 0 || plan.exit == 9) << describe(plan);
  disk.resize(8000);
  EXPECT_EQ(project.run(on_disk({"state", "check"})).exit, 0);
  EXPECT_EQ(project.run(on_disk({"audit", "verify"})).exit, 0);
  const std::vector<std::string> again = lines_of(project.must(on_disk({"decide"}), lines).out);
  ASSERT_EQ(again.size(), 2001U);
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], again[i]);
}

}  // namespace
}  // namespace autopilot::integration
