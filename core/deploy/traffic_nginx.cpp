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

  Value install(const std::vector<Routing>& steps) override {
    make_flags_folder();
    carry_over_flag();
    const NginxText text = nginx_text(spec_, nginx_states(with_present_step(steps)));
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
    return check_nginx(world_, spec_, state_of(spec_, split), split.past);
  }

  std::map<std::string, int> shares() override {
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, {"autopilot-0"});
    if (answers.says.empty()) return {};
    const std::optional<NginxFlag> state = flag_named(spec_, answers.says[0].state);
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

  // A folder that is new to an nginx that runs holds no flag yet: loaded without one, it would send
  // all requests to the first slot, whoever has them now.
  void carry_over_flag() {
    if (!flags().empty()) return;
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, {"autopilot-0"});
    if (answers.says.empty() || !flag_named(spec_, answers.says[0].state)) return;
    world_.files.create(spec_.flags + "/" + answers.says[0].state, "");
  }

  // What is in force must stay so when the configuration is replaced.
  std::vector<Routing> with_present_step(std::vector<Routing> steps) {
    for (const std::string& name : flags()) {
      const NginxFlag flag = *flag_named(spec_, name);
      const auto known = std::find_if(steps.begin(), steps.end(), [&](const Routing& step) {
        return id_of(step.match) == flag.match_id;
      });
      if (known == steps.end() && !flag.match_id.empty()) refuse_strange_match(name, flag);
      steps.emplace_back(flag.bp, flag.match_id.empty() ? Match{} : known->match, flag.mirror_bp);
    }
    return steps;
  }

  // Of no step of this deployment: what it chooses is not known, and to load a configuration
  // without it would send all requests to the first slot.
  [[noreturn]] void refuse_strange_match(const std::string& name, const NginxFlag& flag) {
    throw Error(
        ErrorKind::outside,
        fmt::format("{}/{} is in force, whose match is none of the steps", spec_.flags, name),
        fmt::format("give everything to one version first: mv {0}/{1} {0}/{2}-10000", spec_.flags,
                    name, spec_.slot_ids[1 - flag.canary]));
  }

  std::vector<std::string> flags() {
    std::vector<std::string> found;
    if (!world_.files.is_directory(spec_.flags)) return found;
    for (const FileEntry& entry : world_.files.list(spec_.flags)) {
      if (!entry.is_directory && flag_named(spec_, entry.name)) found.push_back(entry.name);
    }
    return found;
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
                fmt::format("nginx was not configured for {}",
                            to_text(Routing(state.bp, state.match, state.mirror_bp))),
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
