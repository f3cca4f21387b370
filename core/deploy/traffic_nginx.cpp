#include "core/deploy/traffic_nginx.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/private_files.h"
#include "core/base/text.h"
#include "core/deploy/counts_fit.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/nginx_probe.h"
#include "core/deploy/nginx_split.h"
#include "core/deploy/open_sockets.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr std::size_t kMostDump = 16 << 20;  // of nginx -T
constexpr int kAgreeing = 3;                 // answers in a row that show a reload to be done
constexpr Duration kReloadTimeout = Duration::seconds(10);
constexpr Duration kReloadPoll = Duration::milliseconds(20);
constexpr int kPassedKeys = 4;  // through to each slot

SplitCheck broken(std::string why) { return {false, std::move(why), Value(Map{})}; }

// Lines of nginx's that say what is wrong, without what it says besides.
std::string complaint(const Captured& run) {
  for (const std::string& line : split(run.err, '\n')) {
    const std::size_t at = line.find("[emerg] ");
    if (at == std::string::npos) continue;
    // Once a log is open, "PID#THREAD: " comes before the message.
    const std::size_t from = line.find_first_not_of("0123456789#", at + 8);
    const bool has_ids = line.compare(from, 2, ": ") == 0;
    return line.substr(has_ids ? from + 2 : at + 8);
  }
  const std::string_view first = trim(run.err);
  if (!first.empty()) return std::string(first.substr(0, first.find('\n')));
  return run.end == Captured::End::not_started ? "it cannot be started" : "it says nothing";
}

class NginxTraffic final : public Traffic {
 public:
  NginxTraffic(NginxSpec spec, World& world) : spec_(std::move(spec)), world_(world) {}

  Value install(const std::vector<int>& steps_bp) override {
    make_flags_folder();
    const NginxText text = nginx_text(spec_, nginx_states(with_present_step(steps_bp)));
    const bool is_written =
        !differs(spec_.config, text.config) &&
        (text.server_config.empty() || !differs(spec_.server_config, text.server_config));
    if (is_written && runs(text.hash)) {
      return Map{{"changed", false}, {"configuration", text.hash}};
    }
    write_tested(text);
    reload(text.hash);
    return Map{{"changed", true}, {"configuration", text.hash}};
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
    const NginxState state = state_of(spec_, split);
    const std::vector<std::string> keys = probe_keys(spec_.probe.keys, share_to_draw(state));
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, keys);
    if (!answers.why.empty()) return broken(answers.why + "; " + what_to_look_at(answers.why));
    SplitCheck check = judge(state, keys, answers);
    if (check.holds) pass_some_through(state, keys, check);
    return check;
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
      if (known.name == slot) return sockets_open_to(world_.files, known);
    }
    return std::nullopt;
  }

  bool takes_any_weight() const override { return false; }

 private:
  // --- the configuration

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

  bool differs(const std::string& path, const std::string& text) {
    return !world_.files.exists(path) || world_.files.read(path) != text;
  }

  bool runs(const std::string& hash) {
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, {"autopilot-0"});
    return !answers.says.empty() && answers.says[0].hash == hash;
  }

  // A configuration that nginx refuses is taken back: a later reload by whomever must not fail for
  // it.
  void write_tested(const NginxText& text) {
    std::vector<std::pair<std::string, std::optional<std::string>>> before;
    const auto write = [&](const std::string& path, const std::string& contents) {
      if (path.empty()) return;
      before.emplace_back(
          path, world_.files.exists(path) ? std::optional(world_.files.read(path)) : std::nullopt);
      write_config(path, contents);
    };
    write(spec_.server_config, text.server_config);
    write(spec_.config, text.config);
    const Captured test = run(spec_.nginx, "-T");
    if (!test.ok()) {
      for (const auto& [path, contents] : before) {
        contents ? world_.files.write(path, *contents) : world_.files.remove(path);
      }
      throw Error(ErrorKind::outside, "nginx refuses its configuration: " + complaint(test),
                  fmt::format("{} shows it; what autopilot wrote has been taken back",
                              join(spec_.nginx, " ") + " -t"));
    }
    refuse_unread(test.out, spec_.config, "http {}");
    if (!spec_.server_config.empty()) refuse_unread(test.out, spec_.server_config, "server {}");
  }

  void write_config(const std::string& path, const std::string& contents) {
    try {
      world_.files.write(path, contents);
    } catch (const Error& e) {
      throw Error(e.kind(), e.what(),
                  "run autopilot as a user that may write it, or let traffic.config name a file in "
                  "a folder that nginx includes and you may write");
    }
  }

  // nginx -T prints each file that it reads.
  void refuse_unread(const std::string& dump, const std::string& path, std::string_view place) {
    for (const std::string& name : {path, world_.files.real_path(path)}) {
      if (dump.find("# configuration file " + name + ":") != std::string::npos) return;
    }
    throw Error(ErrorKind::outside, fmt::format("nginx does not read {}", path),
                fmt::format("put this line into {} of its configuration: include {};", place,
                            world_.files.real_path(path)));
  }

  Captured run(std::vector<std::string> words, const std::string& option) {
    if (!option.empty()) words.push_back(option);
    CaptureLimits limits;
    limits.output = kMostDump;
    return world_.processes.capture(words, "", limits);
  }

  // The exit code of a reload says nothing of it: nginx is asked until it runs the new one.
  void reload(const std::string& hash) {
    const Captured asked = run(spec_.reload, "");
    if (!asked.ok()) {
      throw Error(ErrorKind::outside, "nginx cannot be told to reload: " + complaint(asked),
                  "when it does not run, start it: it will read the new configuration");
    }
    const std::int64_t deadline = world_.clock.monotonic_nanos() + kReloadTimeout.nanos;
    int agreeing = 0;
    while (agreeing < kAgreeing) {
      agreeing = runs(hash) ? agreeing + 1 : 0;
      if (agreeing == 0 && world_.clock.monotonic_nanos() > deadline) refuse_reload(hash);
      if (agreeing == 0) world_.clock.sleep(kReloadPoll);
    }
  }

  [[noreturn]] void refuse_reload(const std::string& hash) {
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, {"autopilot-0"});
    if (!answers.why.empty()) {
      throw Error(ErrorKind::outside, answers.why, what_to_look_at(answers.why));
    }
    throw Error(ErrorKind::outside,
                fmt::format("nginx was told to reload and still runs configuration {}, not {}",
                            answers.says.at(0).hash, hash),
                "its error log says why");
  }

  std::string what_to_look_at(const std::string& why) const {
    if (why.find("refused") != std::string::npos || why.find("no such") != std::string::npos ||
        why.find("No such") != std::string::npos) {
      return "nginx does not run, or does not listen there (traffic.probe.address)";
    }
    if (why.find("does not know") != std::string::npos) {
      return fmt::format("is {} included, and is the Host {} its server (traffic.probe.host)?",
                         spec_.server_config.empty() ? spec_.config : spec_.server_config,
                         spec_.probe.host);
    }
    return "traffic.probe says where it was asked";
  }

  // --- the flags

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

  // --- the check

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
    if (by_chance && answer.upstream == address_of(spec_.slots[1 - slot])) return {};
    if (answer.upstream == address_of(spec_.slots[slot])) return {};
    return fmt::format(
        "{} is served by {} where nginx chose {} ({}): proxy_pass does not go to "
        "http://$ap_{}_pool",
        spec_.probe.path, answer.upstream.empty() ? "nginx itself" : answer.upstream,
        spec_.slots[slot].name, address_of(spec_.slots[slot]), spec_.id);
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
