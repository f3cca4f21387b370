#include "core/deploy/traffic_nginx.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/deploy/nginx_check.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/nginx_install.h"
#include "core/deploy/nginx_probe.h"
#include "core/deploy/open_sockets.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

class NginxTraffic final : public Traffic {
 public:
  NginxTraffic(NginxSpec spec, World& world) : spec_(std::move(spec)), world_(world) {}

  Value install(const std::vector<int>& steps_bp) override {
    make_flags_folder();
    const NginxText text = nginx_text(spec_, nginx_states(with_present_step(steps_bp)));
    const bool changed = install_nginx(world_, spec_, text);
    return Map{{"changed", changed}, {"configuration", text.hash}};
  }

  void set(const Split& split) override {
    const NginxState state = state_of(spec_, split);
    refuse_unknown_step(state);
    make_flags_folder();
    const std::string wanted = flag_name(spec_, state);
    std::vector<std::string> others = flags();
    const auto at = std::find(others.begin(), others.end(), wanted);
    const bool is_set = at != others.end();
    if (is_set) others.erase(at);
    if (!is_set && others.empty()) world_.files.create(flag_path(spec_, state), "");
    if (!is_set && !others.empty()) {
      world_.files.rename(spec_.flags + "/" + others.back(), flag_path(spec_, state));
      others.pop_back();
    }
    for (const std::string& name : others) world_.files.remove(spec_.flags + "/" + name);
  }

  SplitCheck verify(const Split& split) override {
    return check_nginx(world_, spec_, state_of(spec_, split));
  }

  std::map<std::string, int> shares() override {
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, {"autopilot-0"});
    if (answers.says.empty()) return {};
    const std::optional<NginxState> state = state_named(answers.says[0].state);
    if (!state) return {};
    return {{spec_.slots[state->canary].name, state->bp},
            {spec_.slots[1 - state->canary].name, kWhole - state->bp}};
  }

  // What nginx holds open to the slot. Idle connections among it are closed after
  // keepalive_timeout.
  std::optional<std::int64_t> open_connections(const std::string& slot) override {
    for (const Slot& known : spec_.slots) {
      if (known.name == slot) return open_to_all_of(known);
    }
    return std::nullopt;
  }

  bool takes_any_weight() const override { return false; }

 private:
  std::optional<std::int64_t> open_to_all_of(const Slot& slot) {
    std::int64_t sum = 0;
    for (const Slot& one : slots_by_host(slot)) {
      const std::optional<std::int64_t> open = sockets_open_to(world_.files, one);
      if (!open) return std::nullopt;
      sum += *open;
    }
    return sum;
  }

  void make_flags_folder() {
    if (!world_.files.is_directory(spec_.flags)) world_.files.make_directories(spec_.flags);
  }

  // What is in force must stay so when the configuration is replaced.
  std::vector<int> with_present_step(std::vector<int> steps_bp) {
    for (const std::string& name : flags()) {
      if (const auto state = state_named(name)) steps_bp.push_back(state->bp);
    }
    return steps_bp;
  }

  std::vector<std::string> flags() {
    std::vector<std::string> found;
    if (!world_.files.is_directory(spec_.flags)) return found;
    for (const FileEntry& entry : world_.files.list(spec_.flags)) {
      if (!entry.is_directory && state_named(entry.name)) found.push_back(entry.name);
    }
    return found;
  }

  std::optional<NginxState> state_named(const std::string& flag) const {
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string prefix = spec_.slot_ids[i] + "-";
      if (flag.rfind(prefix, 0) != 0) continue;
      const std::string digits = flag.substr(prefix.size());
      if (digits.empty() || digits.size() > 5 ||
          digits.find_first_not_of("0123456789") != std::string::npos) {
        continue;
      }
      return NginxState{i, std::stoi(digits)};
    }
    return std::nullopt;
  }

  void refuse_unknown_step(const NginxState& state) {
    if (!world_.files.exists(spec_.config)) {
      throw Error(ErrorKind::outside, fmt::format("{} is missing", spec_.config),
                  "the traffic of this deployment was not installed, or the file was removed");
    }
    if (state.bp == kWhole) return;
    const std::string& lines = spec_.server_config.empty() ? spec_.config : spec_.server_config;
    if (world_.files.read(lines).find("-f " + flag_path(spec_, state) + ")") != std::string::npos)
      return;
    throw Error(ErrorKind::invalid,
                fmt::format("{} % is no step that nginx was configured for", state.bp / 100.0),
                "nginx gives the shares of the steps only; HAProxy and exec take any");
  }

  NginxSpec spec_;
  World& world_;
};

}  // namespace

std::unique_ptr<Traffic> make_nginx_traffic(const Value& spec, const Site& site, World& world) {
  NginxSpec read = read_nginx_spec(spec, site);
  for (std::string* path : {&read.config, &read.server_config, &read.flags}) {
    *path = absolute_path(world, *path);
  }
  return std::make_unique<NginxTraffic>(std::move(read), world);
}

}  // namespace autopilot::deploy
