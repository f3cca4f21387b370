// What nginx is told by the name of a flag.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/nginx_config.h"

namespace autopilot::deploy {
namespace {

int share_of_second(const NginxState& state) {
  return state.canary == 1 ? state.bp : kWhole - state.bp;
}

bool read_points(const std::string& digits, int& into) {
  if (digits.empty() || digits.size() > 5 ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  into = std::stoi(digits);
  return into <= kWhole;
}

}  // namespace

std::string pool_name(const NginxSpec& spec, std::size_t slot) {
  return fmt::format("ap_{}_{}", spec.id, spec.slot_ids.at(slot));
}

std::string probe_path(const NginxSpec& spec) { return "/.autopilot/" + spec.id; }

std::string copy_name(const NginxSpec& spec, std::size_t slot) {
  return pool_name(spec, slot) + "_copy";
}

std::string copy_log(const NginxSpec& spec) { return spec.flags + "/copies.log"; }

std::string flag_name(const NginxSpec& spec, const NginxState& state) {
  std::string name = fmt::format("{}-{}", spec.slot_ids.at(state.canary), state.bp);
  if (!state.match.empty()) name += "-m" + id_of(state.match);
  if (state.mirror_bp > 0) name += fmt::format("-s{}", state.mirror_bp);
  return name;
}

std::optional<NginxFlag> flag_named(const NginxSpec& spec, const std::string& name) {
  const std::vector<std::string> parts = split(name, '-');
  const auto slot = std::find(spec.slot_ids.begin(), spec.slot_ids.end(), parts[0]);
  if (slot == spec.slot_ids.end() || parts.size() < 2) return std::nullopt;
  NginxFlag flag;
  flag.canary = static_cast<std::size_t>(slot - spec.slot_ids.begin());
  if (!read_points(parts[1], flag.bp)) return std::nullopt;
  std::size_t at = 2;
  if (at < parts.size() && parts[at].rfind('m', 0) == 0) flag.match_id = parts[at++].substr(1);
  if (at < parts.size() && parts[at].rfind('s', 0) == 0 &&
      !read_points(parts[at++].substr(1), flag.mirror_bp))
    return std::nullopt;
  return at == parts.size() ? std::optional(flag) : std::nullopt;
}

std::string flag_path(const NginxSpec& spec, const NginxState& state) {
  return spec.flags + "/" + flag_name(spec, state);
}

NginxState state_of(const NginxSpec& spec, const Split& split) {
  const auto index = [&](const std::string& name) -> std::size_t {
    if (name == spec.slots[0].name) return 0;
    if (name == spec.slots[1].name) return 1;
    throw Error(ErrorKind::invalid, fmt::format("{} has no slot {}", spec.deployment, name));
  };
  const std::size_t canary = index(split.canary), stable = index(split.stable);
  if (canary == stable || split.canary_bp < 0 || split.canary_bp > kWhole) {
    throw Error(ErrorKind::bug, "no split: " + split.canary + " and " + split.stable);
  }
  if (split.canary_bp == kWhole) return {canary, kWhole};
  if (split.canary_bp == 0 && split.match.empty() && split.mirror_bp == 0) return {stable, kWhole};
  return {canary, split.canary_bp, split.match, split.mirror_bp};
}

std::vector<NginxState> nginx_states(const std::vector<Routing>& steps) {
  std::vector<NginxState> states{{0, kWhole}, {1, kWhole}};
  for (const Routing& step : steps) {
    const bool is_nothing = step.weight_bp <= 0 && step.match.empty() && step.mirror_bp == 0;
    if (is_nothing || step.weight_bp >= kWhole) continue;
    for (const std::size_t canary : {0u, 1u})
      states.push_back({canary, step.weight_bp, step.match, step.mirror_bp});
  }
  const auto order = [](const NginxState& state) {
    return std::tuple(share_of_second(state), state.canary, id_of(state.match), state.mirror_bp);
  };
  std::sort(states.begin(), states.end(),
            [&](const NginxState& a, const NginxState& b) { return order(a) < order(b); });
  states.erase(
      std::unique(states.begin(), states.end(),
                  [&](const NginxState& a, const NginxState& b) { return order(a) == order(b); }),
      states.end());
  return states;
}

bool looks_twice(const std::vector<NginxState>& states) {
  return std::any_of(states.begin(), states.end(), [](const NginxState& state) {
    return !state.match.empty() || state.mirror_bp > 0;
  });
}

}  // namespace autopilot::deploy
