// Memory of processes and their control groups.
#include "tests/deploy/metrics_world.h"

namespace autopilot::deploy {
namespace {

using testing::Providers;

TEST_F(Providers, memory_is_the_share_of_the_tightest_limit) {
  query.pid = 77;
  EXPECT_EQ(why(R"({"provider":"process"})"), "no process 77 runs");
  auto& files = fake.files.texts;
  files["/proc/77/stat"] = "77 (a) b) S 1 77 77 0";
  files["/proc/77/status"] = "Name:\ta\nVmRSS:\t  1000 kB\n";
  files["/proc/78/stat"] = "78 (w) S 77 77 77 0";
  files["/proc/78/status"] = "VmRSS:\t 500 kB\n";
  files["/proc/79/stat"] = "79 (other) S 1 79 79 0";
  files["/proc/79/status"] = "VmRSS:\t 500 kB\n";
  files["/proc/meminfo"] = "MemTotal:  10000 kB\n";
  EXPECT_EQ(value(R"({"provider":"process","query":"rss"})"), 1500 * 1024);
  EXPECT_NEAR(value(R"({"provider":"process"})"), 0.15, 1e-9);
  files["/proc/77/cgroup"] = "0::/app/blue\n";
  files["/sys/fs/cgroup/app/blue/memory.max"] = "max\n";
  files["/sys/fs/cgroup/app/blue/memory.current"] = "900\n";
  files["/sys/fs/cgroup/app/memory.max"] = "1000\n";
  files["/sys/fs/cgroup/app/memory.current"] = "980\n";
  files["/sys/fs/cgroup/app/memory.stat"] = "anon 1\ninactive_file 20\n";
  EXPECT_NEAR(value(R"({"provider":"process"})"), 0.96, 1e-9);
  query.pid = 0;
  EXPECT_NE(why(R"({"provider":"process"})").find("is not known; give pid_file"),
            std::string::npos);
  files["/run/a.pid"] = "77\n";
  EXPECT_EQ(value(R"({"provider":"process","query":"rss","pid_file":"/run/a.pid"})"), 1500 * 1024);
  files["/run/a.pid"] = "rubbish";
  EXPECT_NE(why(R"({"provider":"process","pid_file":"/run/a.pid"})").find("holds no process id"),
            std::string::npos);
}

}  // namespace
}  // namespace autopilot::deploy
