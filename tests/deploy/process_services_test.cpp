// systemd and compose against recorded answers.
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/deploy/process.h"
#include "tests/fakes.h"

namespace autopilot::deploy {
namespace {

using testing::FakeProcesses;
using testing::FakeWorld;

std::string recorded_answer(const std::string& name) {
  std::ifstream file("testdata/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Services : public ::testing::Test {
 protected:
  Services() {
    fakes.processes.answer = [this](const FakeProcesses::Call& call) {
      calls.push_back(join(call.words, " "));
      Captured done;
      if (calls.back().find(" show ") != std::string::npos ||
          calls.back().find(" ps ") != std::string::npos) {
        done.out = answer;
      }
      if (slow_stop && calls.back().find(" stop ") != std::string::npos) {
        slow_stop = false;
        done.end = Captured::End::timed_out;
      }
      return done;
    };
  }
  std::unique_ptr<Process> systemd() {
    return make_process(parse_json(R"({"provider": "systemd", "unit": "shop@{{slot}}.service",
        "environment_file": "/etc/shop/{{slot}}.env", "environment": {"GREETING": "a \"b\" $c"}})")
                            .value,
                        site, fakes.world);
  }
  std::unique_ptr<Process> compose() {
    return make_process(
        parse_json(R"({"provider": "compose", "file": "/srv/shop.yaml", "service": "app"})").value,
        site, fakes.world);
  }

  FakeWorld fakes;
  Site site{"shop", {{"blue", 8001}, {"green", 8002}}, "/site"};
  Slot blue = site.slots[0];
  std::vector<std::string> calls;
  std::string answer;
  bool slow_stop = false;
};

TEST_F(Services, a_unit_is_started_with_its_version_in_a_file) {
  answer = recorded_answer("systemctl/show-inactive.txt");
  systemd()->start(blue, "v1");
  EXPECT_EQ(fakes.files.texts["/etc/shop/blue.env"],
            "VERSION=\"v1\"\nPORT=\"8001\"\nSLOT=\"blue\"\nGREETING=\"a \\\"b\\\" \\$c\"\n");
  EXPECT_EQ(calls[1], "systemctl reset-failed shop@blue.service");
  EXPECT_EQ(calls[2], "systemctl start shop@blue.service");
}

TEST_F(Services, a_unit_that_runs_is_known_by_its_invocation) {
  answer = recorded_answer("systemctl/show-active.txt");
  EXPECT_TRUE(systemd()->observe(blue).running);
  EXPECT_EQ(systemd()->observe(blue).version, "");  // somebody else started it
  systemd()->start(blue, "v2");
  EXPECT_EQ(calls[3], "systemctl stop shop@blue.service");
  const Running running = systemd()->observe(blue);
  EXPECT_EQ(running.version, "v2");
  EXPECT_EQ(running.pid, 4711);
  calls.clear();
  systemd()->start(blue, "v2");
  EXPECT_EQ(calls.size(), 1u);
}

TEST_F(Services, a_unit_that_does_not_stop_in_time_is_killed) {
  slow_stop = true;
  systemd()->stop(blue, Duration::seconds(5));
  EXPECT_EQ(calls, (std::vector<std::string>{"systemctl stop shop@blue.service",
                                             "systemctl kill --signal=SIGKILL shop@blue.service",
                                             "systemctl stop shop@blue.service"}));
}

TEST_F(Services, a_unit_that_does_not_exist_is_told) {
  answer = recorded_answer("systemctl/show-missing.txt");
  try {
    systemd()->start(blue, "v1");
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "systemd has no unit shop@blue.service");
  }
}

TEST_F(Services, a_project_of_compose_gets_version_port_and_slot) {
  answer = "";
  compose()->start(blue, "v1");
  EXPECT_EQ(calls[1],
            "docker compose --file /srv/shop.yaml --project-name shop-blue up --detach --no-build "
            "--remove-orphans app");
  EXPECT_EQ(fakes.processes.captured[1].limits.set,
            (std::vector<std::pair<std::string, std::string>>{
                {"VERSION", "v1"}, {"PORT", "8001"}, {"SLOT", "blue"}}));
}

TEST_F(Services, containers_are_read_in_both_forms_that_compose_prints) {
  answer = recorded_answer("compose/ps-lines.txt");
  compose()->start(blue, "v1");
  const Running running = compose()->observe(blue);
  EXPECT_TRUE(running.running);
  EXPECT_EQ(running.version, "v1");
  answer = recorded_answer("compose/ps-list.txt");
  EXPECT_FALSE(compose()->observe(blue).running);
  EXPECT_EQ(compose()->observe(blue).why, "container shop-blue-app-1 is exited");
  answer = "Cannot connect to the Docker daemon";
  EXPECT_THROW(compose()->observe(blue), Error);
}

TEST_F(Services, stopping_a_project_takes_its_containers_down) {
  compose()->stop(blue, Duration::milliseconds(1500));
  EXPECT_EQ(calls[0],
            "docker compose --file /srv/shop.yaml --project-name shop-blue down --timeout=2");
}

}  // namespace
}  // namespace autopilot::deploy
