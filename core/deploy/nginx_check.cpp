#include "core/deploy/nginx_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/deploy/counts_fit.h"
#include "core/deploy/nginx_install.h"
#include "core/deploy/nginx_probe.h"
#include "core/deploy/nginx_split.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr int kPassedKeys = 4;  // through to each slot

bool is_at(const std::string& address, const Slot& slot) {
  const std::vector<Slot> all = slots_by_host(slot);
  return std::any_of(all.begin(), all.end(),
                     [&](const Slot& one) { return address_of(one) == address; });
}

SplitCheck broken(std::string why) { return {false, std::move(why), Value(Map{})}; }

class NginxCheck {
 public:
  NginxCheck(World& world, const NginxSpec& spec) : world_(world), spec_(spec) {}

  SplitCheck run(const NginxState& state) {
    const std::vector<std::string> keys = probe_keys(spec_.probe.keys, share_to_draw(state));
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, keys);
    if (!answers.why.empty()) {
      return broken(answers.why + "; " + what_to_look_at(spec_, answers.why));
    }
    SplitCheck check = judge(state, keys, answers);
    if (check.holds) pass_some_through(state, keys, check);
    return check;
  }

 private:
  // Bucket sizes matter only where the split is drawn by key.
  int share_to_draw(const NginxState& state) const {
    return spec_.key.kind == SplitKey::Kind::request ? 0 : state.bp;
  }

  SplitCheck judge(const NginxState& state, const std::vector<std::string>& keys,
                   const NginxAnswers& answers) {
    if (auto fault = judge_state(state, answers.says)) return broken(*fault);
    std::int64_t to_canary = 0, wrong = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const bool is_canary = answers.says[i].pool == pool_name(spec_, state.canary);
      const bool is_stable = answers.says[i].pool == pool_name(spec_, 1 - state.canary);
      to_canary += is_canary;
      wrong += !(is_canary || is_stable) ||
               (draws_by_key(state) && is_canary != in_first_bucket(keys[i], state.bp));
    }
    const auto asked = static_cast<std::int64_t>(keys.size());
    if (!draws_by_key(state) && !counts_fit(to_canary, asked, state.bp / 10000.0)) wrong = asked;
    SplitCheck check;
    check.holds = wrong == 0;
    const std::string& canary = spec_.slots[state.canary].name;
    check.why = fmt::format("{} of {} keys go to {}{}", to_canary, asked, canary,
                            wrong == 0 ? "" : fmt::format(", {} not where they should", wrong));
    check.observed = Map{{"keys", asked},
                         {canary, to_canary},
                         {spec_.slots[1 - state.canary].name, asked - to_canary},
                         {"wrong", wrong},
                         {"state", answers.says[0].state},
                         {"configuration", answers.says[0].hash}};
    return check;
  }

  bool draws_by_key(const NginxState& state) const {
    return state.bp == kWhole || spec_.key.kind != SplitKey::Kind::request;
  }

  // Every worker must run the file's configuration and see the flag.
  std::optional<std::string> judge_state(const NginxState& state,
                                         const std::vector<NginxSays>& says) {
    const std::string hash =
        world_.files.exists(spec_.config) ? hash_in(world_.files.read(spec_.config)) : "";
    const std::string wanted = flag_name(spec_, state);
    for (const NginxSays& one : says) {
      if (one.hash != hash) {
        return fmt::format("nginx runs configuration {}, {} has {}: it was not reloaded", one.hash,
                           spec_.config, hash.empty() ? "none" : hash);
      }
      if (one.state == wanted) continue;
      if (one.state == "none" && world_.files.exists(flag_path(spec_, state))) {
        return fmt::format(
            "nginx does not see {}: the user of its workers must be able to enter every folder "
            "above "
            "it (chmod o+x)",
            flag_path(spec_, state));
      }
      return fmt::format("nginx is at {}, not at {}{}", one.state, wanted,
                         one.state == "none" ? ": there is no flag in " + spec_.flags : "");
    }
    return std::nullopt;
  }

  // That nginx draws well says nothing if it proxies elsewhere: some keys are followed to the slot
  // that answers them. What does not answer in time proves nothing either way.
  void pass_some_through(const NginxState& state, const std::vector<std::string>& keys,
                         SplitCheck& check) {
    if (spec_.probe.path.empty()) return;
    int left[2] = {kPassedKeys, kPassedKeys};
    std::int64_t passed = 0, silent = 0;
    for (const std::string& key : keys) {
      const bool to_canary = in_first_bucket(key, state.bp) || state.bp == kWhole;
      if (left[to_canary ? 1 : 0] == 0) continue;
      --left[to_canary ? 1 : 0];
      const NginxPassed answer = pass_through(world_.sockets, spec_, key);
      if (!answer.why.empty()) {
        ++silent;
        continue;
      }
      ++passed;
      const std::string fault = judge_passed(state, to_canary, answer);
      if (fault.empty()) continue;
      check.holds = false;
      check.why = fault;
      break;
    }
    check.observed.as_map()["passed"] = passed;
    check.observed.as_map()["silent"] = silent;
  }

  std::string judge_passed(const NginxState& state, bool to_canary, const NginxPassed& answer) {
    if (answer.state.empty()) {
      return fmt::format(
          "answers for {} lack the header {}: another server {{}} answers, or its location has an "
          "add_header of its own, which hides that of {}",
          spec_.probe.path, spec_.header, spec_.config);
    }
    const std::size_t slot = to_canary ? state.canary : 1 - state.canary;
    const bool by_chance = !draws_by_key(state);
    if (by_chance && is_at(answer.upstream, spec_.slots[1 - slot])) return {};
    if (is_at(answer.upstream, spec_.slots[slot])) return {};
    return fmt::format(
        "{} is served by {} where nginx chose {} ({}): proxy_pass does not go to "
        "http://$ap_{}_pool",
        spec_.probe.path, answer.upstream.empty() ? "nginx itself" : answer.upstream,
        spec_.slots[slot].name, addresses_of(spec_.slots[slot]), spec_.id);
  }

  World& world_;
  const NginxSpec& spec_;
};

}  // namespace

SplitCheck check_nginx(World& world, const NginxSpec& spec, const NginxState& state) {
  return NginxCheck(world, spec).run(state);
}

}  // namespace autopilot::deploy
