#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/process_providers.h"
#include "core/deploy/programs.h"
#include "core/deploy/slot_record.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

// One line of an EnvironmentFile (systemd.exec(5)): in double quotes, where \ and " are escaped.
std::string environment_line(const std::string& name, const std::string& value) {
  std::string out = name + "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') out += '\\';
    out += c;
  }
  return out + "\"\n";
}

// A unit for each slot, usually instances of a template: shop@blue.service. It reads VERSION, PORT
// and SLOT from a file that is written before it starts.
class SystemdProcess final : public Process {
 public:
  SystemdProcess(const Value& spec, const Site& site, World& world, PutFile put_file)
      : spec_(spec),
        site_(site),
        world_(world),
        put_file_(std::move(put_file)),
        systemctl_(texts_in(spec, "systemctl")) {
    text_in(spec, "unit");
    text_in(spec, "environment_file");
    if (systemctl_.empty()) systemctl_ = {"systemctl"};
    if (flag_in(spec, "user", false)) systemctl_.push_back("--user");
  }

  void start(const Slot& slot, const std::string& version) override {
    const Placeholders known = process_words(site_, slot, version);
    const Running present = observe(slot);
    if (present.running && present.version == version) return;
    std::string lines = environment_line("VERSION", version) +
                        environment_line("PORT", std::to_string(slot.port)) +
                        environment_line("SLOT", slot.name);
    for (const auto& [name, value] : pairs_in(spec_, "environment")) {
      lines += environment_line(name, fill(value, known));
    }
    if (present.running) run({"stop", unit(slot)});
    put_file_(environment_file(slot), lines);
    run({"reset-failed", unit(slot)}, true);
    run({"start", unit(slot)});
    // What the unit was started with: the file may be edited later.
    save_slot_record(world_, site_, slot,
                     Map{{"version", version}, {"invocation", show(slot).at("InvocationID")}});
  }

  // The unit's own TimeoutStopSec applies too; when it is longer than the grace, what is left is
  // killed.
  void stop(const Slot& slot, Duration grace) override {
    CaptureLimits limits;
    limits.time = grace;
    const Captured asked = world_.processes.capture(words({"stop", unit(slot)}), "", limits);
    if (asked.ok()) return;
    if (asked.end == Captured::End::timed_out) {
      run({"kill", "--signal=SIGKILL", unit(slot)});
      run({"stop", unit(slot)});
      return;
    }
    run({"stop", unit(slot)});
  }

  Running observe(const Slot& slot) override {
    const std::map<std::string, std::string> seen = show(slot);
    Running out;
    const std::string& state = seen.at("ActiveState");
    out.running = state == "active" || state == "activating" || state == "reloading";
    out.pid = std::atoll(seen.at("MainPID").c_str());
    out.started = seen.at("InvocationID");
    const Value record = load_slot_record(world_, site_, slot);
    if (text_of(record, "invocation") == out.started) out.version = text_of(record, "version");
    if (!out.running) {
      out.why = fmt::format("{} is {} ({})", unit(slot), state, seen.at("SubState"));
    }
    return out;
  }

 private:
  std::string unit(const Slot& slot) const {
    return fill(text_in(spec_, "unit"), {{"slot", slot.name}, {"deployment", site_.deployment}});
  }

  std::string environment_file(const Slot& slot) const {
    return fill(text_in(spec_, "environment_file"),
                {{"slot", slot.name}, {"deployment", site_.deployment}});
  }

  std::vector<std::string> words(const std::vector<std::string>& more) const {
    std::vector<std::string> all = systemctl_;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  void run(const std::vector<std::string>& more, bool may_fail = false) {
    if (may_fail) {
      world_.processes.capture(words(more), "", {});
      return;
    }
    output_of(world_, words(more));
  }

  // `systemctl show` prints NAME=value lines and succeeds for units that do not exist.
  std::map<std::string, std::string> show(const Slot& slot) {
    std::map<std::string, std::string> out{{"LoadState", ""},
                                           {"ActiveState", ""},
                                           {"SubState", ""},
                                           {"MainPID", "0"},
                                           {"InvocationID", ""}};
    const std::string text = output_of(
        world_, words({"show", "--property=LoadState,ActiveState,SubState,MainPID,InvocationID",
                       unit(slot)}));
    for (const std::string& line : split(text, '\n')) {
      const std::size_t equals = line.find('=');
      if (equals != std::string::npos) out[line.substr(0, equals)] = line.substr(equals + 1);
    }
    if (out["LoadState"] == "not-found") {
      throw Error(ErrorKind::outside, fmt::format("systemd has no unit {}", unit(slot)),
                  "install it, or its template, and run: systemctl daemon-reload");
    }
    return out;
  }

  Value spec_;
  Site site_;
  World& world_;
  PutFile put_file_;
  std::vector<std::string> systemctl_;
};

}  // namespace

std::unique_ptr<Process> make_systemd_process(const Value& spec, const Site& site, World& world,
                                              PutFile put_file) {
  return std::make_unique<SystemdProcess>(spec, site, world, std::move(put_file));
}

}  // namespace autopilot::deploy
