// Slots on hosts that ssh reaches: with a program in the place of ssh that gives its line to a
// shell as sshd does, and a systemctl that keeps its units in files.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/system.h"
#include "core/base/text.h"
#include "core/deploy/health.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/process.h"
#include "core/deploy/remote_processes.h"
#include "core/deploy/spec.h"
#include "tests/fakes.h"
#include "tests/state/scratch.h"

namespace autopilot::deploy {
namespace {

// Options up to "--", a host, one line: the line runs in a folder of that host, with a PATH of its
// own. A host without a folder cannot be reached.
constexpr const char* kSsh = R"sh(#!/bin/sh
while [ "$1" != "--" ]; do shift; done
shift
[ $# -eq 2 ] || { echo "ssh: $# words after --" >&2; exit 254; }
cd "ROOT/$1" 2>/dev/null || {
  echo "ssh: connect to host $1 port 22: Connection refused" >&2
  exit 255
}
echo "$1: $2" >>ROOT/log
PATH=ROOT/bin:$PATH exec sh -c "$2"
)sh";

// Its units live in ./UNIT; one does not start on a host that has a file "broken".
constexpr const char* kSystemctl = R"sh(#!/bin/sh
for unit; do :; done
case $1 in
  show)
    state=inactive
    [ -e "$unit" ] && state=active
    printf 'LoadState=loaded\nActiveState=%s\nSubState=dead\nMainPID=0\nInvocationID=%s\n' \
      $state "$(cat "$unit" 2>/dev/null)"
    ;;
  start) [ -e broken ] || date +%s%N >"$unit" ;;
  stop) rm -f "$unit" ;;
esac
)sh";

class Hosts : public ::testing::Test {
 protected:
  Hosts() {
    std::filesystem::create_directories(scratch.path("bin"));
    program("ssh", kSsh);
    program("bin/systemctl", kSystemctl);
    for (const char* host : {"web1", "web2", "web3"}) {
      std::filesystem::create_directories(scratch.path(host));
      site.hosts.push_back({host, host});
    }
    site.folder = scratch.path("site");
    site.ssh = {scratch.path("ssh"), "-v"};
    blue = Slot{"blue", 8001, "web1", {"web2", "web3"}};
    site.slots = {blue, Slot{"green", 8002, "web1", {"web2", "web3"}}};
  }

  void program(const std::string& name, std::string text) {
    for (std::size_t at; (at = text.find("ROOT")) != text.npos;) {
      text.replace(at, 4, scratch.path(""));
    }
    scratch.write(name, text);
    std::filesystem::permissions(scratch.path(name), std::filesystem::perms::owner_all);
  }
  std::unique_ptr<Process> process() {
    const Value spec = parse_json(R"({"provider": "systemd", "unit": "shop@{{slot}}",
        "environment_file": "{{slot}}.env", "environment": {"GREETING": "it's $HOME"}})")
                           .value;
    return make_process(spec, site, system.world());
  }
  bool runs_on(const std::string& host) {
    return std::filesystem::exists(scratch.path(host + "/shop@blue"));
  }
  std::string fault(const std::function<void()>& act) {
    try {
      act();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  testing::Scratch scratch;
  System system;
  Site site{"shop", {}, ""};
  Slot blue;
};

TEST_F(Hosts, words_arrive_as_they_are_however_odd) {
  RemoteProcesses there(system.world().processes, {scratch.path("ssh")}, "web1");
  const std::vector<std::string> odd{"",      " ",  "it's", "''", "\"",  "$HOME", "`id`",  "$(id)",
                                     "a\\b",  "\\", "*",    "~",  "a=b", "-n",    "--",    "a\nb",
                                     "#x",    "!!", ";",    "&&", "<",   "{a,b}", "[a-z]", "\t",
                                     "größe", "%s", "\\n",  "|",  "(",   "a b  c"};
  std::vector<std::string> words{"printf", "%s\\0"};
  words.insert(words.end(), odd.begin(), odd.end());
  const Captured run = there.capture(words, "", {});
  ASSERT_TRUE(run.ok()) << run.err;
  std::string wanted;
  for (const std::string& word : odd) wanted += word + '\0';
  EXPECT_EQ(run.out, wanted);
}

TEST_F(Hosts, variables_and_input_arrive_and_those_of_this_machine_do_not) {
  RemoteProcesses there(system.world().processes, {scratch.path("ssh")}, "web1");
  CaptureLimits limits;
  limits.set = {{"GREETING", "it's $HOME"}};
  const Captured run =
      there.capture({"sh", "-c", "printf '%s|' \"$GREETING\"; cat"}, "input", limits);
  EXPECT_EQ(run.out, "it's $HOME|input");

  testing::FakeWorld fakes;
  limits.pass = {"DOCKER_HOST"};
  limits.time = Duration::seconds(5);
  RemoteProcesses(fakes.processes, {}, "deploy@web1").capture({"true"}, "", limits);
  const testing::FakeProcesses::Call& call = fakes.processes.captured.at(0);
  EXPECT_EQ(join(call.words, " "),
            "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o "
            "ServerAliveCountMax=3 -- deploy@web1 env 'GREETING=it'\\''s $HOME' true");
  EXPECT_EQ(call.limits.pass, std::vector<std::string>{"SSH_AUTH_SOCK"});
  EXPECT_TRUE(call.limits.set.empty());
  EXPECT_EQ(call.limits.time.nanos, Duration::seconds(15).nanos);
}

TEST_F(Hosts, out_of_reach_is_told_from_known_not_to_run) {
  const auto p = process();
  p->start(blue, "v1");
  EXPECT_TRUE(p->observe(blue).is_known);
  program("ssh", "#!/bin/sh\necho refused >&2\nexit 255\n");
  const Running away = p->observe(blue);
  EXPECT_FALSE(away.running);
  EXPECT_FALSE(away.is_known) << "its health tells";
  EXPECT_NE(away.why.find("web1"), std::string::npos) << away.why;
}

TEST_F(Hosts, a_version_is_started_on_every_host_one_after_the_other) {
  process()->start(blue, "v1");
  for (const char* host : {"web1", "web2", "web3"}) {
    EXPECT_TRUE(runs_on(host));
    EXPECT_EQ(scratch.read(std::string(host) + "/blue.env"),
              "VERSION=\"v1\"\nPORT=\"8001\"\nSLOT=\"blue\"\nGREETING=\"it's \\$HOME\"\n");
  }
  const std::string log = scratch.read("log");
  EXPECT_LT(log.rfind("web1:"), log.find("web2:"));
  EXPECT_LT(log.rfind("web2:"), log.find("web3:"));
  const Running seen = process()->observe(blue);
  EXPECT_TRUE(seen.running);
  EXPECT_EQ(seen.version, "v1");
  EXPECT_EQ(seen.why, "");
  EXPECT_EQ(seen.pid, 0);
}

TEST_F(Hosts, a_batch_is_started_before_it_is_looked_at) {
  site.hosts_batch = 2;
  process()->start(blue, "v1");
  const std::string log = scratch.read("log");
  EXPECT_LT(log.find("web2: systemctl start"), log.rfind("web1: systemctl show"));
  EXPECT_LT(log.rfind("web1:"), log.find("web3:"));
}

TEST_F(Hosts, a_host_that_fails_fails_the_start_and_the_hosts_after_it_are_left_alone) {
  scratch.write("web2/broken", "");
  EXPECT_EQ(fault([&] { process()->start(blue, "v1"); }), "web2: shop@blue is inactive (dead)");
  EXPECT_TRUE(runs_on("web1"));
  EXPECT_FALSE(runs_on("web3"));
  const Running seen = process()->observe(blue);
  EXPECT_FALSE(seen.running);
  EXPECT_EQ(
      seen.why,
      "web1: v1 runs; web2: shop@blue is inactive (dead); web3: shop@blue is inactive (dead)");
  process()->stop(blue, Duration::seconds(2));
  EXPECT_FALSE(runs_on("web1"));
}

TEST_F(Hosts, a_host_that_cannot_be_reached_is_told_and_keeps_no_other_running) {
  process()->start(blue, "v1");
  std::filesystem::rename(scratch.path("web2"), scratch.path("gone"));
  const Running seen = process()->observe(blue);
  EXPECT_FALSE(seen.running);
  EXPECT_EQ(
      seen.why,
      "web1: v1 runs; web2: systemctl show --property=LoadState,ActiveState,SubState,MainPID,"
      "InvocationID failed (exit 255): ssh: connect to host web2 port 22: Connection refused; "
      "web3: v1 runs");
  EXPECT_EQ(fault([&] { process()->stop(blue, Duration::seconds(2)); }),
            "web2: systemctl stop shop@blue failed (exit 255): ssh: connect to host web2 port 22: "
            "Connection refused");
  EXPECT_FALSE(runs_on("web1"));
  EXPECT_FALSE(runs_on("web3"));
}

TEST_F(Hosts, versions_that_differ_are_no_version) {
  process()->start(blue, "v1");
  site.hosts = {{"web1", "web1"}};
  process()->start({"blue", 8001, "web1"}, "v2");
  site.hosts = {{"web1", "web1"}, {"web2", "web2"}};
  const Running seen = process()->observe({"blue", 8001, "web1", {"web2"}});
  EXPECT_TRUE(seen.running);
  EXPECT_EQ(seen.version, "");
  EXPECT_EQ(seen.why, "web1: v2 runs; web2: v1 runs");
}

TEST_F(Hosts, providers_of_this_machine_are_refused) {
  const Value exec = parse_json(R"({"provider": "exec", "argv": ["x"]})").value;
  EXPECT_EQ(fault([&] { make_process(exec, site, system.world()); }),
            "process: exec does not reach web1 over ssh");
}

TEST_F(Hosts, health_is_that_of_every_host) {
  testing::FakeWorld fakes;
  fakes.sockets.listening = {"web1:8001", "web3:8001"};
  const auto health = make_health(parse_json(R"({"tcp": true})").value, site, fakes.world);
  const HealthAnswer answer = health->check(blue, "v1");
  EXPECT_FALSE(answer.healthy);
  EXPECT_EQ(answer.why.substr(0, 6), "web2: ");
  fakes.sockets.listening.insert("web2:8001");
  EXPECT_TRUE(health->check(blue, "v1").healthy);
}

TEST_F(Hosts, nginx_has_every_host_of_a_slot_in_its_pool) {
  const Value spec = parse_json(R"({"listen": "80", "key": "request_id"})").value;
  site.slots = {{"blue", 8001, "10.0.0.1", {"10.0.0.2"}}, {"green", 8002, "10.0.0.1", {"fd00::2"}}};
  const std::string text = nginx_text(read_nginx_spec(spec, site), nginx_states({500})).config;
  EXPECT_NE(
      text.find("upstream ap_shop_blue {\n  server 10.0.0.1:8001;\n  server 10.0.0.2:8001;\n"),
      std::string::npos);
  EXPECT_NE(text.find("  server 10.0.0.1:8002;\n  server [fd00::2]:8002;\n"), std::string::npos);
}

}  // namespace
}  // namespace autopilot::deploy
