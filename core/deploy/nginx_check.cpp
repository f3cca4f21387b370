#include "core/deploy/nginx_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/deploy/counts_fit.h"
#include "core/deploy/nginx_copies.h"
#include "core/deploy/nginx_install.h"
#include "core/deploy/nginx_probe.h"
#include "core/deploy/nginx_split.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr int kPassedKeys = 4;  // through to each slot

SplitCheck broken(std::string why) { return {false, std::move(why), Value(Map{})}; }

class NginxCheck {
 public:
  NginxCheck(World& world, const NginxSpec& spec) : world_(world), spec_(spec) {}

  SplitCheck run(const NginxState& state, const std::vector<Match>& past) {
    const std::vector<Asked> all = requests(state, past);
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, all);
    if (!answers.why.empty()) {
      return broken(answers.why + "; " + what_to_look_at(spec_, answers.why));
    }
    SplitCheck check = judge(state, all, answers);
    if (check.holds) pass_some_through(state, all, check);
    return check;
  }

 private:
  // Plain keys first, then tries of every match, that in force and those that should not be.
  std::vector<Asked> requests(const NginxState& state, const std::vector<Match>& past) {
    std::vector<Asked> all;
    for (std::string& key : probe_keys(spec_.probe.keys, share_to_draw(state)))
      all.emplace_back(std::move(key));
    plain_ = all.size();
    std::vector<Match> matches = past;
    if (!state.match.empty()) matches.insert(matches.begin(), state.match);
    for (const Match& match : matches) {
      for (Carried& carried : tries_of(match))
        all.emplace_back(all[(all.size() - plain_) % plain_].key, std::move(carried));
    }
    return all;
  }

  // Bucket sizes matter only where the split is drawn by key.
  int share_to_draw(const NginxState& state) const {
    return spec_.key.kind == SplitKey::Kind::request ? 0 : state.bp;
  }

  SplitCheck judge(const NginxState& state, const std::vector<Asked>& all,
                   const NginxAnswers& answers) {
    if (auto fault = judge_state(state, answers.says)) return broken(*fault);
    Tally tally;
    for (std::size_t i = 0; i < all.size(); ++i) count(state, all[i], answers.says[i], i, tally);
    const auto asked = static_cast<std::int64_t>(plain_);
    if (!draws_by_key(state) && !counts_fit(tally.to_canary, asked, state.bp / 10000.0))
      tally.wrong = asked;
    if (!copies_by_key() && !counts_fit(tally.copies, asked, copied_bp(state) / 10000.0))
      tally.wrong = asked;
    return told(state, all, answers, tally);
  }

  struct Tally {
    std::int64_t to_canary = 0, copies = 0;  // of the plain keys
    std::int64_t chosen = 0;                 // by the match
    std::int64_t wrong = 0;
    std::string first_wrong;
  };

  void count(const NginxState& state, const Asked& asked, const NginxSays& says, std::size_t i,
             Tally& tally) const {
    const std::string key = key_of(spec_, asked);
    const bool is_chosen = accepts(state.match, asked.carried);
    const bool is_canary = says.pool == pool_name(spec_, state.canary);
    const bool is_stable = says.pool == pool_name(spec_, 1 - state.canary);
    const bool should = is_chosen || in_first_bucket(key, state.bp) || state.is_final();
    bool is_wrong = !(is_canary || is_stable);
    is_wrong |= (draws_by_key(state) || is_chosen) && is_canary != should;
    is_wrong |= !says.copy.empty() && says.copy != copy_name(spec_, state.canary);
    is_wrong |= copies_by_key() && says.copy.empty() == is_copied(state, asked);
    is_wrong |= is_canary && !says.copy.empty();
    tally.chosen += is_chosen && is_canary;
    tally.to_canary += i < plain_ && is_canary;
    tally.copies += i < plain_ && !says.copy.empty();
    if (is_wrong && tally.wrong++ == 0) tally.first_wrong = described(asked, says);
  }

  static std::string described(const Asked& asked, const NginxSays& says) {
    std::string what = "key " + asked.key;
    for (const auto& [name, value] : asked.carried.headers)
      what += fmt::format(", {}: {}", name, value);
    for (const auto& [name, value] : asked.carried.cookies)
      what += fmt::format(", cookie {}={}", name, value);
    return fmt::format("{} goes to {}{}", what, says.pool,
                       says.copy.empty() ? "" : " and is copied to " + says.copy);
  }

  SplitCheck told(const NginxState& state, const std::vector<Asked>& all,
                  const NginxAnswers& answers, const Tally& tally) const {
    SplitCheck check;
    check.holds = tally.wrong == 0;
    const std::string& canary = spec_.slots[state.canary].name;
    check.why = fmt::format("{} of {} keys go to {}", tally.to_canary, plain_, canary);
    if (all.size() > plain_)
      check.why +=
          fmt::format(", and {} of {} tries of matches", tally.chosen, all.size() - plain_);
    if (state.mirror_bp > 0) check.why += fmt::format(", copies of {}", tally.copies);
    if (tally.wrong > 0) check.why += fmt::format(", {} not where they should", tally.wrong);
    if (!tally.first_wrong.empty()) check.why += ": " + tally.first_wrong;
    const auto asked = static_cast<std::int64_t>(plain_);
    check.observed = Map{{"keys", asked},
                         {canary, tally.to_canary},
                         {spec_.slots[1 - state.canary].name, asked - tally.to_canary},
                         {"wrong", tally.wrong},
                         {"state", answers.says[0].state},
                         {"configuration", answers.says[0].hash}};
    if (all.size() > plain_)
      check.observed.as_map()["matches"] =
          Map{{"tried", static_cast<std::int64_t>(all.size() - plain_)}, {"chosen", tally.chosen}};
    if (state.mirror_bp > 0) check.observed.as_map()["copies"] = tally.copies;
    return check;
  }

  bool draws_by_key(const NginxState& state) const {
    return state.is_final() || state.bp == 0 || copies_by_key();
  }
  bool copies_by_key() const { return spec_.key.kind != SplitKey::Kind::request; }

  static int copied_bp(const NginxState& state) {
    return state.is_final() ? 0 : std::min(state.mirror_bp, kWhole - state.bp);
  }
  bool is_copied(const NginxState& state, const Asked& asked) const {
    return !accepts(state.match, asked.carried) &&
           in_second_bucket(key_of(spec_, asked), state.bp, copied_bp(state));
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

  // That nginx draws well says nothing if it proxies elsewhere: some requests are followed to the
  // slot that answers them. What does not answer in time proves nothing either way.
  void pass_some_through(const NginxState& state, const std::vector<Asked>& all,
                         SplitCheck& check) {
    if (spec_.probe.path.empty()) return;
    int left[4] = {kPassedKeys, kPassedKeys, kPassedKeys, kPassedKeys};
    std::int64_t passed = 0, silent = 0;
    std::vector<std::string> copies;
    for (const Asked& asked : all) {
      const bool is_chosen = accepts(state.match, asked.carried);
      const bool is_copied_one = copies_by_key() && is_copied(state, asked);
      const bool to_canary =
          is_chosen || in_first_bucket(key_of(spec_, asked), state.bp) || state.is_final();
      int& more = left[is_chosen ? 3 : is_copied_one ? 2 : to_canary ? 1 : 0];
      if (more == 0) continue;
      --more;
      if (is_copied_one) copies.push_back(fmt::format("{:016x}", world_.random.next()));
      const NginxPassed answer =
          pass_through(world_.sockets, spec_, asked, is_copied_one ? copies.back() : "");
      if (!answer.why.empty()) {
        ++silent;
        more = 0;  // one that hangs is not waited for again
        continue;
      }
      ++passed;
      const std::string fault = judge_passed(state, to_canary, is_chosen, answer);
      if (fault.empty()) continue;
      check.holds = false;
      check.why = fault;
      break;
    }
    check.observed.as_map()["passed"] = passed;
    check.observed.as_map()["silent"] = silent;
    if (check.holds && !copies.empty()) follow_copies(state, copies, check);
  }

  void follow_copies(const NginxState& state, const std::vector<std::string>& ids,
                     SplitCheck& check) {
    const CopiesSeen seen = await_copies(world_, spec_, state.canary, ids);
    check.observed.as_map()["copies_seen"] = seen.arrived;
    check.observed.as_map()["copies_answered"] = seen.answered;
    if (seen.arrived > 0) return;
    check.holds = false;
    check.why = fmt::format(
        "no copy of {} reaches {}: {} has no line of one. Has its location a mirror of its own, or "
        "may autopilot not read the file?",
        spec_.probe.path, spec_.slots[state.canary].name, copy_log(spec_));
  }

  std::string judge_passed(const NginxState& state, bool to_canary, bool is_chosen,
                           const NginxPassed& answer) {
    if (answer.state.empty()) {
      return fmt::format(
          "answers for {} lack the header {}: another server {{}} answers, or its location has an "
          "add_header of its own, which hides that of {}",
          spec_.probe.path, spec_.header, spec_.config);
    }
    const std::size_t slot = to_canary ? state.canary : 1 - state.canary;
    const bool by_chance = !draws_by_key(state) && !is_chosen;
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
  std::size_t plain_ = 0;  // requests that carry nothing but their key
};

}  // namespace

SplitCheck check_nginx(World& world, const NginxSpec& spec, const NginxState& state,
                       const std::vector<Match>& past) {
  return NginxCheck(world, spec).run(state, past);
}

}  // namespace autopilot::deploy
