// A rollout over two machines that are reached by a real sshd each: started a machine at a time,
// one slot in the eyes of the rollout, and rolled back together. The machines are addresses of this
// one; their systemctl is a script of ours that keeps to what systemctl prints.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "core/base/json.h"
#include "tests/integration/project.h"
#include "tests/live/rig.h"

namespace autopilot::live {
namespace {

using integration::Ended;
using integration::Process;

constexpr const char* kSshd = "/usr/sbin/sshd";

// shop@SLOT, a program for each slot. Versions begin with how they fail: `absent-` is not on web2.
constexpr const char* kSystemctl = R"sh(#!/bin/sh
cd "$MACHINE" || exit 1
verb=$1
for unit; do :; done
lives() { [ -s "$unit.pid" ] && [ -d "/proc/$(cat "$unit.pid")" ] &&
  [ "$(cut -d' ' -f3 "/proc/$(cat "$unit.pid")/stat")" != Z ];
}
case $verb in
  show)
    state=inactive sub=dead pid=0
    if lives; then state=active sub=running pid=$(cat "$unit.pid")
    elif [ -e "$unit.failed" ]; then state=failed sub=failed; fi
    echo "LoadState=loaded
ActiveState=$state
SubState=$sub
MainPID=$pid
InvocationID=$(cat "$unit.invocation" 2>/dev/null)" ;;
  start)
    lives && exit 0
    slot=${unit#shop@}
    . "./$slot.env"
    tr -d - < /proc/sys/kernel/random/uuid > "$unit.invocation"
    case $VERSION$NAME in absent-*web2) touch "$unit.failed"; exit 1 ;; esac
    set --
    case $VERSION in errors-*) set -- --errors 0.2 ;; esac
    setsid "$BACKEND" "$PORT" "$VERSION" --at "$ADDRESS" "$@" > "$unit.log" 2>&1 < /dev/null &
    echo $! > "$unit.pid" ;;
  stop)
    lives || exit 0
    kill -TERM "$(cat "$unit.pid")"
    while lives; do sleep 0.05; done ;;
  kill) lives && kill -KILL "$(cat "$unit.pid")" ;;
  reset-failed) rm -f "$unit.failed" ;;
esac
)sh";

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0) continue;
    std::ifstream file(entry.path() / "stat");
    const std::string stat{std::istreambuf_iterator<char>(file), {}};
    const std::size_t name_end = stat.rfind(") ");
    if (name_end != std::string::npos && std::atoi(stat.c_str() + name_end + 4) == parent)
      out.push_back(pid);
  }
  return out;
}

// With its programs, which end with it.
class Machine {
 public:
  Machine(std::string name, std::string address)
      : name_(std::move(name)), address_(std::move(address)), port_(free_port()) {
    ::mkdir(folder_.path("bin").c_str(), 0755);
    folder_.write("bin/systemctl", kSystemctl);
    ::chmod(folder_.path("bin/systemctl").c_str(), 0755);
    make_key("host");
  }
  ~Machine() {
    for (const char* slot : {"blue", "green"}) {
      const int pid = std::atoi(folder_.read(fmt::format("shop@{}.pid", slot)).c_str());
      if (pid > 1) ::kill(pid, SIGKILL);
    }
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void let_in(const std::string& public_key) {
    folder_.write("authorized_keys", public_key);
    folder_.write("sshd_config", fmt::format(R"(ListenAddress 127.0.0.1:{1}
HostKey {0}/host
AuthorizedKeysFile {0}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
ForceCommand cd "$MACHINE" && exec sh -c "$SSH_ORIGINAL_COMMAND"
SetEnv MACHINE={0} NAME={2} ADDRESS={3} BACKEND={4} PATH={0}/bin:/usr/bin:/bin
)",
                                             folder_.path(), port_, name_, address_, LIVE_BACKEND));
    open();
  }
  void open() {
    sshd_ = std::make_unique<Program>(
        std::vector<std::string>{kSshd, "-D", "-e", "-f", folder_.path("sshd_config")},
        folder_.path("sshd.log"));
    ASSERT_TRUE(wait_for_port(port_)) << folder_.read("sshd.log");
  }
  // Out of reach, also for connections that were open; what runs there runs on.
  void close() {
    const std::vector<pid_t> sessions = children_of(sshd_->pid());
    sshd_.reset();  // first, or it would let in whom the sessions' end sends here again
    for (const pid_t session : sessions) {
      for (const pid_t command : children_of(session)) ::kill(command, SIGKILL);
      ::kill(session, SIGKILL);
    }
  }
  // With all that runs on it.
  void die() {
    close();
    for (const char* slot : {"blue", "green"}) {
      const int pid = std::atoi(folder_.read(fmt::format("shop@{}.pid", slot)).c_str());
      if (pid > 1) ::kill(pid, SIGKILL);
    }
  }
  std::string client_lines() const {
    return fmt::format(
        "Host {}\n  HostName 127.0.0.1\n  Port {}\n  StrictHostKeyChecking no\n"
        "  UserKnownHostsFile {}\n  ControlMaster auto\n  ControlPath {}\n  ControlPersist 5\n",
        name_, port_, folder_.path("known"), folder_.path("control"));
  }
  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }
  std::string folder() const { return folder_.path(); }
  std::string make_key(const std::string& file) const {
    Program({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder_.path(file)},
            folder_.path("keygen.log"))
        .wait();
    return folder_.read(file + ".pub");
  }
  bool runs(int port, const std::string& version, World& world) const {
    HttpRequest request;
    request.url = fmt::format("http://{}:{}/", address_, port);
    const HttpResult result = world.http.send(request);
    return result.ok() && result.response.body == version + "\n";
  }
  bool is_silent(int port, World& world) const {
    HttpRequest request;
    request.url = fmt::format("http://{}:{}/", address_, port);
    return !world.http.send(request).ok();
  }

 private:
  std::string name_, address_;
  int port_;
  Folder folder_;
  std::unique_ptr<Program> sshd_;
};

class LiveHosts : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(kSshd, X_OK) != 0 || !is_installed("ssh")) GTEST_SKIP() << "sshd is not installed";
    if (!is_installed("nginx")) GTEST_SKIP() << "nginx is not installed";
    if (::geteuid() == 0) ::mkdir("/run/sshd", 0755);  // which sshd of root wants to see
    rig = std::make_unique<Rig>(Proxy::nginx);
    const std::string key = web1.make_key("user");
    for (Machine* machine : {&web1, &web2}) machine->let_in(key);
    project.write("ssh_config",
                  fmt::format("{}{}Host *\n  IdentityFile {}/user\n"
                              "  IdentitiesOnly yes\n  LogLevel ERROR\n",
                              web1.client_lines(), web2.client_lines(), web1.folder()));
    if (!lets_us_in(web1)) GTEST_SKIP() << "sshd does not let this user in (a locked account?)";
    project.write("policies/shop.yaml", document());
    project.must({"apply", "--yes", "-q"});
    project.must({"deploy", "run", "shop", "--version", "v1", "-q"});
  }

  bool lets_us_in(const Machine& machine) {
    return rig->world()
        .processes
        .capture({"ssh", "-F", project.path("ssh_config"), "-o", "BatchMode=yes", machine.name(),
                  "true"},
                 "", {})
        .ok();
  }

  std::string document(const std::string& hold = "2s", const std::string& hosts = "web1, web2") {
    Map traffic = rig->traffic_spec().as_map();
    traffic["directory"] = rig->folder().path("flags");
    List words = traffic.find("nginx")->as_list();
    words[0] = "/usr/sbin/nginx";
    traffic["nginx"] = std::move(words);
    return fmt::format(R"(apiVersion: autopilot/v1
kind: Deployment
metadata: {{id: shop}}
spec:
  hosts: [{}]
  addresses: {{{}}}
  hosts_batch: 1
  ssh: [ssh, -F, {}]
  slots: {{blue: {{port: {}}}, green: {{port: {}}}}}
  interval: 1s
  process: {{provider: systemd, unit: "shop@{{{{slot}}}}", environment_file: "{{{{slot}}}}.env", grace: 5s}}
  traffic: {}
  health: {{http: /health, timeout: 1s}}
  metrics: {{m: {{provider: probe, url: "http://{{{{host}}}}:{{{{port}}}}/"}}}}
  steps: [{{name: canary, weight: 10%, hold: {}}}, {{name: half, weight: 50%, hold: 2s}}]
  rollback: [{{name: errors, when: canary.m > 0.05}}]
  deadlines: {{prepare: 15s, drain: 5s, promote: 10s, rollback: 4s}}
)",
                       hosts,
                       hosts == "web1"
                           ? "web1: " + web1.address()
                           : fmt::format("web1: {}, web2: {}", web1.address(), web2.address()),
                       project.path("ssh_config"), blue(), green(), to_json(traffic), hold);
  }

  int blue() const { return rig->site().slots[0].port; }
  int green() const { return rig->site().slots[1].port; }
  Ended run(const std::string& version) {
    return project.run({"deploy", "run", "shop", "--version", version});
  }
  // A rollout of v2 that is in the middle of its first hold, of ten seconds.
  std::unique_ptr<Process> in_a_hold() {
    project.write("policies/shop.yaml", document("10s"));
    project.must({"apply", "--yes", "-q"});
    auto runner =
        std::make_unique<Process>(project.command({"deploy", "run", "shop", "--version", "v2"}));
    EXPECT_TRUE(comes(*runner, [&] { return held() >= 2; })) << to_pretty_json(status());
    return runner;
  }
  double held() const { return status().get("held_seconds")->as_double(); }
  // Whether it holds within thirty seconds.
  static bool comes(Process& runner, const std::function<bool()>& holds) {
    for (int i = 0; i < 150; ++i) {
      if (holds()) return true;
      runner.pump_for(200'000);
    }
    return false;
  }
  Value status() const {
    return parse_json_or_throw(project.run({"deploy", "status", "shop", "--json"}).out, "status");
  }
  bool both_run(int port, const std::string& version) {
    return web1.runs(port, version, rig->world()) && web2.runs(port, version, rig->world());
  }
  bool both_are_silent(int port) {
    return web1.is_silent(port, rig->world()) && web2.is_silent(port, rig->world());
  }

  std::unique_ptr<Rig> rig;
  Machine web1{"web1", "127.0.0.2"}, web2{"web2", "127.0.0.3"};
  integration::Project project;
};

TEST_F(LiveHosts, a_version_arrives_on_all_of_them_without_a_failed_request) {
  EXPECT_TRUE(both_run(green(), "v1"));
  Load load(*rig, Load::Tool::wrk, 60);
  const Ended ended = run("v2");
  const Load::Result result = load.stop();
  EXPECT_EQ(ended.exit, 0) << ended.out << ended.err;
  EXPECT_EQ(result.failed, 0) << result.text;
  EXPECT_GT(result.requests, 1000);
  EXPECT_TRUE(both_run(blue(), "v2"));
  EXPECT_TRUE(both_are_silent(green()));
}

TEST_F(LiveHosts, a_version_that_one_of_them_cannot_start_is_taken_from_all) {
  const Ended ended = run("absent-v2");
  EXPECT_EQ(ended.exit, 1) << ended.out << ended.err;
  EXPECT_NE(ended.out.find("web2"), std::string::npos) << "who could not: " << ended.out;
  EXPECT_TRUE(both_are_silent(blue()));
  EXPECT_TRUE(both_run(green(), "v1"));
  EXPECT_EQ((ended.out + ended.err).find("has 10%"), std::string::npos) << "it got traffic";
}

TEST_F(LiveHosts, a_bad_version_is_taken_from_all) {
  const Ended ended = run("errors-v2");
  EXPECT_EQ(ended.exit, 1) << ended.out << ended.err;
  EXPECT_NE(ended.out.find("errors"), std::string::npos) << ended.out;
  EXPECT_TRUE(both_are_silent(blue()));
  EXPECT_TRUE(both_run(green(), "v1"));
}

TEST_F(LiveHosts, one_that_is_out_of_reach_for_a_while_takes_nothing_back) {
  const auto runner = in_a_hold();
  web2.close();
  runner->pump_for(5'000'000);
  EXPECT_EQ(status().get("state")->as_string(), "stepping") << to_pretty_json(status());
  web2.open();
  const Ended ended = runner->wait();
  EXPECT_EQ(ended.exit, 0) << ended.out << ended.err;
  EXPECT_TRUE(both_run(blue(), "v2"));
  EXPECT_TRUE(both_are_silent(green()));
}

TEST_F(LiveHosts, one_that_stays_out_of_reach_is_stuck_and_the_others_go_back) {
  const auto runner = in_a_hold();
  web2.close();
  project.run({"deploy", "abort", "shop", "-q"});
  EXPECT_TRUE(comes(*runner, [&] { return status().get("state")->as_string() == "stuck"; }))
      << to_pretty_json(status());
  const Ended stuck = project.run({"deploy", "status", "shop"});
  EXPECT_EQ(stuck.exit, 8);
  EXPECT_NE(stuck.out.find("web2"), std::string::npos) << stuck.out;
  EXPECT_EQ(status().get("weight")->as_double(), 0);
  EXPECT_TRUE(web1.is_silent(blue(), rig->world())) << "what can be reached goes back";
  EXPECT_TRUE(web2.runs(blue(), "v2", rig->world()));
  EXPECT_TRUE(both_run(green(), "v1"));

  web2.open();
  const Ended ended = runner->wait();
  EXPECT_EQ(ended.exit, 1) << ended.out << ended.err;
  EXPECT_TRUE(both_are_silent(blue()));
}

// What serves there goes on serving, so the new version gets everything; the old one cannot be
// stopped.
TEST_F(LiveHosts, one_that_stays_out_of_reach_makes_the_end_stuck_until_it_is_back) {
  const auto runner = in_a_hold();
  web2.close();
  EXPECT_TRUE(comes(*runner, [&] { return status().get("state")->as_string() == "stuck"; }))
      << to_pretty_json(status());
  const Ended stuck = project.run({"deploy", "status", "shop"});
  EXPECT_EQ(stuck.exit, 8) << stuck.out;
  EXPECT_NE(stuck.out.find("web2"), std::string::npos) << stuck.out;
  EXPECT_NE(stuck.out.find("autopilot deploy promote shop leaves"), std::string::npos) << stuck.out;
  EXPECT_EQ(status().get("weight")->as_double(), 1);
  EXPECT_TRUE(both_run(blue(), "v2"));
  web2.open();
  const Ended ended = runner->wait();
  EXPECT_EQ(ended.exit, 0) << ended.out << ended.err;
  EXPECT_TRUE(both_are_silent(green()));
}

TEST_F(LiveHosts, the_old_version_can_be_left_on_one_that_never_comes_back) {
  const auto runner = in_a_hold();
  web2.close();
  EXPECT_TRUE(comes(*runner, [&] { return status().get("state")->as_string() == "stuck"; }))
      << to_pretty_json(status());
  const Ended left = project.run({"deploy", "promote", "shop"});
  EXPECT_EQ(left.exit, 0) << left.out << left.err;
  const Ended ended = runner->wait();
  EXPECT_EQ(ended.exit, 0) << ended.out << ended.err;
  EXPECT_NE(ended.err.find("leaves the old version as it is"), std::string::npos) << ended.err;
  EXPECT_TRUE(web2.runs(green(), "v1", rig->world()));
}

// Without an abort: its health takes the rollout back, and what ran there cannot be stopped.
TEST_F(LiveHosts, one_that_dies_for_good_is_left_out_by_a_document_without_it) {
  {
    const auto runner = in_a_hold();
    web2.die();
    EXPECT_TRUE(comes(*runner, [&] { return status().get("state")->as_string() == "stuck"; }))
        << to_pretty_json(status());
  }
  const Ended stuck = project.run({"deploy", "status", "shop"});
  EXPECT_EQ(stuck.exit, 8) << stuck.out;
  EXPECT_NE(stuck.out.find("deploy abort shop --use-applied"), std::string::npos) << stuck.out;
  EXPECT_EQ(status().get("weight")->as_double(), 0) << stuck.out;
  EXPECT_TRUE(web1.is_silent(blue(), rig->world()));

  project.write("policies/shop.yaml", document("2s", "web1"));
  project.must({"apply", "--yes", "-q"});
  const Ended back =
      project.run({"deploy", "abort", "shop", "--use-applied", "--reason", "web2 burnt down"});
  EXPECT_EQ(back.exit, 0) << back.out << back.err;
  EXPECT_EQ(status().get("state")->as_string(), "rolled_back");
  const Ended next = run("v3");
  EXPECT_EQ(next.exit, 0) << next.out << next.err;
  EXPECT_TRUE(web1.runs(blue(), "v3", rig->world()));
}

}  // namespace
}  // namespace autopilot::live
