// What an Algorithm may say and can hardly mean: a memory shorter than the wait for rewards, arms
// that starve, settings that its method does not know, a column that is two things.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/units.h"
#include "core/policy/kinds.h"
#include "core/policy/places.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kIndexMethods[] = {"ucb1",        "ucb_tuned", "kl_ucb",
                                              "kl_ucb_plus", "imed",      "lin_ucb"};

// Which methods know a setting of the optimizer.
struct MethodSetting {
  std::string_view field;
  std::vector<std::string_view> methods;
};

const std::vector<MethodSetting>& method_settings() {
  static const std::vector<MethodSetting> settings{
      {"noise", {"gaussian", "lin_ts"}},
      {"width", {"lin_ucb"}},
      {"lambda", {"lin_ts", "lin_ucb"}},
      {"leader_share", {"top_two"}},
      {"batch", {"ucb1", "ucb_tuned", "kl_ucb", "kl_ucb_plus", "imed"}},
  };
  return settings;
}

class AlgorithmLint {
 public:
  explicit AlgorithmLint(const CheckInput& input)
      : input_(input), places_(input.root), spec_(*input.content.get("spec")) {}

  void check() {
    short_memory();
    starving_arms();
    unused_settings();
    shared_columns();
    unjoined_rewards();
  }

 private:
  Diagnostic& warning(std::string code, Span where, std::string message) {
    return input_.diagnostics.warning(std::move(code), where, std::move(message));
  }
  const Value* at(std::string_view section, std::string_view field) const {
    const Value* holder = spec_.get(section);
    return holder == nullptr ? nullptr : holder->get(field);
  }
  Span span(std::string_view section, std::string_view field) const {
    const YamlEntry* entry = places_.entry(section);
    const YamlNode* found = entry == nullptr ? nullptr : entry->value.find(field);
    return found != nullptr ? found->span : places_.span(section);
  }
  std::optional<Duration> duration(std::string_view section, std::string_view field) const {
    const Value* found = at(section, field);
    return found == nullptr || !found->is_string() ? std::nullopt
                                                   : parse_duration(found->as_string());
  }
  std::string method() const {
    const Value* found = at("optimizer", "method");
    return found == nullptr ? "thompson" : found->as_string();
  }

  // A play counts when the wait for its rewards is over, at its own time: by then it is forgotten.
  void short_memory() {
    const auto wait = duration("events", "attribution"), window = duration("optimizer", "window");
    if (!wait || !window || *window > *wait) return;
    warning("short-memory", span("optimizer", "window"),
            fmt::format("nothing is ever learnt: a play counts after {}, and is forgotten after {}",
                        at("events", "attribution")->as_string(),
                        at("optimizer", "window")->as_string()))
        .help = "make the window longer than events.attribution";
  }

  // An index method gives some arms nothing at all, and what is never played no backtest can judge.
  void starving_arms() {
    const std::string name = method();
    if (std::find(std::begin(kIndexMethods), std::end(kIndexMethods), name) ==
        std::end(kIndexMethods))
      return;
    const bool has_floor = at("optimizer", "floor") != nullptr;
    for (const auto& [arm, value] : spec_.get("arms")->as_map()) {
      if (has_floor || value.get("floor") != nullptr) continue;
      const bool is_written = at("optimizer", "method") != nullptr;
      warning(
          "starving-arms", is_written ? span("optimizer", "method") : places_.span("arms"),
          fmt::format("{} gives arms no traffic at all between steps: what they earn meanwhile is "
                      "not seen, and no backtest can tell it from the logs",
                      name))
          .help = "give every arm some: optimizer: {floor: 1%}";
      return;
    }
  }

  void unused_settings() {
    const std::string name = method();
    for (const MethodSetting& setting : method_settings()) {
      const auto& methods = setting.methods;
      const bool is_known = std::find(methods.begin(), methods.end(), name) != methods.end();
      if (is_known || at("optimizer", setting.field) == nullptr) continue;
      warning("unused-setting", span("optimizer", setting.field),
              fmt::format("{} does nothing: {} does not know it", setting.field, name))
          .help = fmt::format("it is for {}", fmt::join(methods, ", "));
    }
  }

  void shared_columns() {
    std::map<std::string, std::string_view> role_of;
    for (const std::string_view role : {"arm", "reward", "time", "id", "generation"}) {
      const Value* found = at("events", "columns");
      const Value* column = found == nullptr ? nullptr : found->get(role);
      const bool has_default = role == "arm" || role == "reward" || role == "time";
      if (column == nullptr && !has_default) continue;
      const std::string name = column == nullptr ? std::string(role) : column->as_string();
      const auto [other, is_new] = role_of.emplace(name, role);
      if (is_new) continue;
      warning("shared-column", span("events", "columns"),
              fmt::format("the column {} is both {} and {}", name, other->second, role))
          .help = "events.columns names another column for one of them";
    }
  }

  // Without a wait, a reward on a line of its own comes too late.
  void unjoined_rewards() {
    const Value* columns = at("events", "columns");
    if (columns == nullptr || columns->get("id") == nullptr) return;
    const auto wait = duration("events", "attribution");
    if (wait && wait->nanos > 0) return;
    warning("unjoined-rewards", span("events", "columns"),
            "an id joins rewards with plays, but no play waits for its rewards")
        .help = "say how long they take: events: {attribution: 30m}";
  }

  const CheckInput& input_;
  Places places_;
  const Value& spec_;
};

}  // namespace

void warn_of_algorithm(const CheckInput& input) { AlgorithmLint(input).check(); }

}  // namespace autopilot::policy
