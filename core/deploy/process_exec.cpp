#include <fmt/format.h>
#include <signal.h>

#include "core/base/error.h"
#include "core/deploy/log_tail.h"
#include "core/deploy/process_providers.h"
#include "core/deploy/slot_record.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kStopPoll = Duration::milliseconds(20);
constexpr Duration kKillTimeout = Duration::seconds(5);
constexpr Duration kConnectTimeout = Duration::seconds(1);

// A program of yours, started in a session of its own. Its record file is written before it begins,
// so that none ever runs unknown.
class ExecProcess final : public Process {
 public:
  ExecProcess(const Value& spec, const Site& site, World& world)
      : spec_(spec),
        site_(site),
        world_(world),
        grace_(duration_in(spec, "grace", Duration::seconds(10))) {
    const Value* words = spec_.get("argv");
    if (words == nullptr || !words->is_list() || words->as_list().empty()) {
      throw Error(ErrorKind::invalid, "process.argv must be a list of words");
    }
  }

  void start(const Slot& slot, const std::string& version) override {
    const Launch launch = launch_of(slot, version);
    const Running present = observe(slot);
    if (present.running && present.version == version) return;
    stop(slot, grace_);
    refuse_taken_port(slot);
    const auto log_from = static_cast<std::int64_t>(log_size(world_, launch.log));
    world_.children.start(launch, [&](const Child& child) {
      save_slot_record(world_, site_, slot,
                       Map{{"version", version},
                           {"pid", child.pid},
                           {"started", child.started},
                           {"token", child.token},
                           {"words", launch.words.at(0)},
                           {"log", launch.log},
                           {"log_from", log_from}});
    });
  }

  void stop(const Slot& slot, Duration grace) override {
    const Child child = recorded(slot);
    if (child.pid == 0) return;
    if (world_.children.members(child).empty()) return;
    world_.children.signal(child, SIGTERM);
    if (gone_within(child, grace)) return;
    // Whatever starts between a look and a signal is found by the next look.
    const std::int64_t deadline = world_.clock.monotonic_nanos() + kKillTimeout.nanos;
    while (!world_.children.members(child).empty()) {
      world_.children.signal(child, SIGKILL);
      if (world_.clock.monotonic_nanos() > deadline) {
        throw Error(ErrorKind::outside,
                    fmt::format("process {} in slot {} cannot be ended", child.pid, slot.name));
      }
      world_.clock.sleep(kStopPoll);
    }
  }

  Running observe(const Slot& slot) override {
    const Value record = load_slot_record(world_, site_, slot);
    const Child child = child_in(record);
    Running out;
    if (child.pid == 0) {
      out.why = "never started";
      return out;
    }
    out.running = world_.children.runs(child);
    out.version = text_of(record, "version");
    out.pid = child.pid;
    out.started = child.started;
    if (out.running) return out;
    out.why = is_of_this_boot(child) ? "it has ended" + why_it_ended(record)
                                     : "the machine was restarted";
    return out;
  }

  bool has_ended(const Slot& slot) override {
    const Child child = recorded(slot);
    return child.pid != 0 && is_of_this_boot(child) && !world_.children.runs(child);
  }

 private:
  static Child child_in(const Value& record) {
    const Value* pid = record.get("pid");
    if (pid == nullptr || pid->kind() != Value::Kind::integer) return {};
    return {pid->as_int(), text_of(record, "started"), text_of(record, "token")};
  }

  bool is_of_this_boot(const Child& child) {
    return child.started.substr(0, child.started.find('/')) == world_.environment.boot_id();
  }

  std::string why_it_ended(const Value& record) {
    const Value* from = record.get("log_from");
    if (from == nullptr || !from->is_integer()) return {};
    return "; " +
           last_words(world_, text_of(record, "log"), static_cast<std::uint64_t>(from->as_int()));
  }

  Child recorded(const Slot& slot) { return child_in(load_slot_record(world_, site_, slot)); }

  Launch launch_of(const Slot& slot, const std::string& version) {
    const Placeholders known = process_words(site_, slot, version);
    Launch launch;
    launch.words = fill_words(*spec_.get("argv"), known);
    for (const char* name : {"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"}) pass(name, launch);
    for (const std::string& name : texts_in(spec_, "pass")) pass(name, launch);
    for (const auto& [name, value] : pairs_in(spec_, "environment")) {
      launch.environment.emplace_back(name, fill(value, known));
    }
    launch.folder = fill(text_in(spec_, "directory", ""), known);
    const std::string log = fill(text_in(spec_, "log", ""), known);
    launch.log = log.empty() ? slot_file(world_, site_, slot, "log") : log;
    launch.token = fmt::format("{}-{}-{:016x}", plain_name(site_.deployment, 24),
                               plain_name(slot.name, 24), world_.random.next());
    return launch;
  }

  void pass(const std::string& name, Launch& launch) {
    if (const auto value = world_.environment.get(name))
      launch.environment.emplace_back(name, *value);
  }

  // A program that could not listen would look healthy: another one answers in its place.
  void refuse_taken_port(const Slot& slot) {
    if (slot.port == 0 || !world_.sockets.connect(address_of(slot), {kConnectTimeout}).ok()) return;
    throw Error(
        ErrorKind::outside,
        fmt::format("{} is taken: another program listens there", address_of(slot)),
        fmt::format("it is none that autopilot started in slot {}; stop it, or give the slot "
                    "another port",
                    slot.name));
  }

  bool gone_within(const Child& child, Duration grace) {
    const std::int64_t deadline = world_.clock.monotonic_nanos() + grace.nanos;
    for (;;) {
      // The members are looked for only once the leader is gone: it costs a look at all processes.
      if (!world_.children.runs(child) && world_.children.members(child).empty()) return true;
      if (world_.clock.monotonic_nanos() >= deadline) return false;
      world_.clock.sleep(kStopPoll);
    }
  }

  Value spec_;
  Site site_;
  World& world_;
  Duration grace_;
};

}  // namespace

std::unique_ptr<Process> make_exec_process(const Value& spec, const Site& site, World& world) {
  return std::make_unique<ExecProcess>(spec, site, world);
}

}  // namespace autopilot::deploy
