#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/deploy/process_providers.h"
#include "core/deploy/programs.h"
#include "core/deploy/slot_record.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kUpTimeout = Duration::seconds(600);  // images are pulled meanwhile

// A compose project for each slot of one compose file, which reads VERSION, PORT and SLOT.
class ComposeProcess final : public Process {
 public:
  ComposeProcess(const Value& spec, const Site& site, World& world)
      : spec_(spec), site_(site), world_(world), compose_(texts_in(spec, "compose")) {
    text_in(spec, "file");
    if (compose_.empty()) compose_ = {"docker", "compose"};
  }

  void start(const Slot& slot, const std::string& version) override {
    const Running present = observe(slot);
    if (present.running && present.version == version) return;
    if (present.running) stop(slot, duration_in(spec_, "grace", Duration::seconds(10)));
    std::vector<std::string> more{"up", "--detach", "--no-build", "--remove-orphans"};
    const std::string service = text_in(spec_, "service", "");
    if (!service.empty()) more.push_back(service);
    run(slot, version, more);
    const std::vector<Value> up = containers(slot);
    save_slot_record(world_, site_, slot,
                     Map{{"version", version}, {"container", up.empty() ? "" : id_of(up[0])}});
  }

  void stop(const Slot& slot, Duration grace) override {
    const std::int64_t seconds = (grace.nanos + 999'999'999) / 1'000'000'000;
    run(slot, recorded_version(slot), {"down", fmt::format("--timeout={}", seconds)});
  }

  Running observe(const Slot& slot) override {
    Running out;
    out.why = "no container runs";
    const Value record = load_slot_record(world_, site_, slot);
    for (const Value& container : containers(slot)) {
      const std::string state = text_of(container, "State");
      if (state != "running" && state != "restarting") {
        out.why = fmt::format("container {} is {}", text_of(container, "Name"), state);
        continue;
      }
      out.running = true;
      out.started = id_of(container);
      out.why.clear();
      if (text_of(record, "container") == out.started) out.version = text_of(record, "version");
      break;
    }
    return out;
  }

 private:
  static std::string id_of(const Value& container) { return text_of(container, "ID"); }

  std::string recorded_version(const Slot& slot) {
    const std::string version = text_of(load_slot_record(world_, site_, slot), "version");
    return version.empty() ? "unknown" : version;  // the file's variables must have some value
  }

  std::string run(const Slot& slot, const std::string& version,
                  const std::vector<std::string>& more) {
    const Placeholders known = process_words(site_, slot, version);
    std::vector<std::string> words = compose_;
    const std::string project =
        fmt::format("{}-{}", plain_name(site_.deployment, 24), plain_name(slot.name, 24));
    for (const std::string& word : {std::string("--file"), fill(text_in(spec_, "file"), known),
                                    std::string("--project-name"), project}) {
      words.push_back(word);
    }
    words.insert(words.end(), more.begin(), more.end());
    CaptureLimits limits;
    limits.time = kUpTimeout;
    limits.pass = texts_in(spec_, "pass");
    for (const char* name : {"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"}) {
      limits.pass.push_back(name);
    }
    limits.set = {{"VERSION", version}, {"PORT", std::to_string(slot.port)}, {"SLOT", slot.name}};
    for (const auto& [name, value] : pairs_in(spec_, "environment")) {
      limits.set.emplace_back(name, fill(value, known));
    }
    return output_of(world_, words, limits);
  }

  // `ps --format json` prints a list in older releases of compose, a line for each container in
  // newer ones.
  std::vector<Value> containers(const Slot& slot) {
    const std::string text = run(slot, recorded_version(slot), {"ps", "--all", "--format", "json"});
    std::vector<Value> out;
    for (const std::string& line : split(text, '\n')) {
      if (trim(line).empty()) continue;
      const Value value = parse_json_or_throw(trim(line), "the answer of docker compose ps");
      if (!value.is_list()) out.push_back(value);
      if (value.is_list()) out.insert(out.end(), value.as_list().begin(), value.as_list().end());
    }
    return out;
  }

  Value spec_;
  Site site_;
  World& world_;
  std::vector<std::string> compose_;
};

}  // namespace

std::unique_ptr<Process> make_compose_process(const Value& spec, const Site& site, World& world) {
  return std::make_unique<ComposeProcess>(spec, site, world);
}

}  // namespace autopilot::deploy
