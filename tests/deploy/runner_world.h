#pragma once
// A proxy, slots, metrics and policies that a Runner acts on, made of nothing.

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/deploy/providers.h"

namespace autopilot::deploy::testing {

// What outlives a process: the proxy, the slots, the service behind them.
struct Outside {
  int canary_bp = 0, mirror_bp = 0;
  Match match;
  std::map<std::string, std::string> running{{"blue", "v1"}};
  bool proxy_is_dead = false, proxy_lies = false;
  std::int64_t bad_per_reading = 0;
  std::vector<std::string> deeds;
  std::set<std::string> asked;
};

class FakeTraffic final : public Traffic {
 public:
  explicit FakeTraffic(Outside& o) : o_(o) {}
  Value install(const std::vector<Routing>&) override { return {}; }
  void set(const Split& split) override {
    if (o_.proxy_is_dead) throw Error(ErrorKind::outside, "connection refused");
    if (o_.proxy_lies && split.canary_bp > 0) return;
    o_.canary_bp = split.canary_bp;
    o_.match = split.match;
    o_.mirror_bp = split.mirror_bp;
    o_.deeds.push_back("weight " + std::to_string(split.canary_bp) +
                       (split.match.empty() ? "" : " match") +
                       (split.mirror_bp > 0 ? " mirror" : ""));
  }
  SplitCheck verify(const Split& split) override {
    if (o_.proxy_is_dead) return {false, "connection refused", {}};
    const bool is_so = o_.canary_bp == split.canary_bp && o_.match == split.match &&
                       o_.mirror_bp == split.mirror_bp;
    return {is_so, "seen " + std::to_string(o_.canary_bp), {}};
  }
  std::map<std::string, int> shares() override { return {}; }
  std::optional<std::int64_t> open_connections(const std::string&) override { return 0; }
  bool takes_any_weight() const override { return true; }

 private:
  Outside& o_;
};

class FakeProcess final : public Process {
 public:
  explicit FakeProcess(Outside& o) : o_(o) {}
  void start(const Slot& slot, const std::string& version) override {
    if (o_.running[slot.name] != version) o_.deeds.push_back("start " + slot.name + " " + version);
    o_.running[slot.name] = version;
  }
  void stop(const Slot& slot, Duration) override {
    if (!o_.running[slot.name].empty()) o_.deeds.push_back("stop " + slot.name);
    o_.running[slot.name].clear();
  }
  Running observe(const Slot& slot) override {
    Running r;
    r.version = o_.running[slot.name];
    r.running = !r.version.empty();
    return r;
  }

 private:
  Outside& o_;
};

class FakeMetrics final : public Metrics {
 public:
  explicit FakeMetrics(Outside& o) : o_(o) {}
  Reply read(const Query& query) override {
    Reply reply;
    reply.reading = Reading::increments;
    const bool canary = query.arm == "canary" &&
                        (o_.canary_bp > 0 || !o_.match.empty());  // who is served can be failed
    reply.total.push_back({"", {{query.to, 100}}});
    reply.bad.push_back({"", {{query.to, canary ? static_cast<double>(o_.bad_per_reading) : 0}}});
    return reply;
  }
  bool has_history() const override { return true; }

 private:
  Outside& o_;
};

// A source that answers nothing until its gate is opened.
class HangingMetrics final : public Metrics {
 public:
  explicit HangingMetrics(std::shared_future<void> gate) : gate_(std::move(gate)) {}
  Reply read(const Query&) override {
    gate_.wait();
    Reply reply;
    reply.no_data = "it hung";
    return reply;
  }
  bool has_history() const override { return false; }

 private:
  std::shared_future<void> gate_;
};

// Likewise, until it is told to stop.
class StoppableMetrics final : public Metrics {
 public:
  explicit StoppableMetrics(const Stop& stop) : stop_(stop) {}
  Reply read(const Query&) override {
    wait_for(stop_);
    Reply reply;
    reply.no_data = "it was stopped";
    return reply;
  }
  bool has_history() const override { return false; }

  static void wait_for(const Stop& stop) {
    pollfd told{stop.descriptor(), POLLIN, 0};
    ::poll(&told, 1, 60'000);
  }

 private:
  const Stop& stop_;
};

// What tasks did, from whatever thread.
class TaskLog {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(what);
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  std::int64_t count(const std::string& what) {
    const std::vector<std::string> now = all();
    return std::count(now.begin(), now.end(), what);
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> all_;
};

// Each succeeds; where they hang, once it is told to stop.
class FakeTasks final : public Tasks {
 public:
  FakeTasks(TaskLog& log, bool hang) : log_(log), hang_(hang) {}
  TaskResult check(const CheckModel& check, const TaskCall& call) override {
    return done("check " + check.name, call);
  }
  TaskResult hook(const std::vector<std::string>& argv, const TaskCall& call) override {
    return done("hook " + argv.front(), call);
  }
  TaskResult smoke(const std::string& file, const TaskCall& call) override {
    return done("smoke " + file, call);
  }
  TaskResult load(const Value&, const TaskCall& call) override { return done("load", call); }

 private:
  TaskResult done(const std::string& what, const TaskCall& call) {
    log_.add(what);
    if (!hang_) return {true, "", {}};
    StoppableMetrics::wait_for(call.stop);
    log_.add("cut off " + what);
    return {false, "it was cut off", {}};
  }

  TaskLog& log_;
  const bool hang_;
};

class FakeDecider final : public Decider {
 public:
  explicit FakeDecider(Outside& o) : o_(o) {}
  Decided decide(const Question& q) override {
    o_.asked.insert(q.rollout + "/" + std::to_string(q.effect));
    return {"allowed", "d", "", q.weight_bp};
  }
  Decided resume(const Question& q, const std::string&) override { return decide(q); }

 private:
  Outside& o_;
};

}  // namespace autopilot::deploy::testing
