#include "core/state/hints.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/units.h"
#include "core/policy/loader.h"

namespace autopilot::state {
namespace {

using policy::Policy;

// Collects the hints on one changed policy.
class PolicyHints {
 public:
  PolicyHints(const Policy& before, const Policy& after) : before_(before), after_(after) {}

  std::vector<Hint> all() {
    switches();
    reach();
    compare_rules("guards", before_.guards, after_.guards, &PolicyHints::changed_guard);
    compare_rules("limits", before_.limits, after_.limits, &PolicyHints::changed_limit);
    compare_rules("mutations", before_.mutations, after_.mutations, &PolicyHints::changed_mutation);
    compare_gates();
    return std::move(hints_);
  }

 private:
  void add(Effect effect, std::string path, std::string message) {
    hints_.push_back({effect, std::move(path), std::move(message)});
  }

  void switches() {
    if (before_.mode != after_.mode) {
      const bool starts = after_.mode == policy::Mode::enforce;
      add(starts ? Effect::tightens : Effect::loosens, "spec.mode",
          starts ? "starts to enforce what it only watched" : "only watches what it enforced");
    }
    if (before_.enabled != after_.enabled) {
      add(after_.enabled ? Effect::tightens : Effect::loosens, "spec.enabled",
          after_.enabled ? "is switched on" : "is switched off");
    }
    if (before_.on_error != after_.on_error) {
      const bool blocks = after_.on_error == policy::OnError::block;
      add(blocks ? Effect::tightens : Effect::loosens, "spec.on_error",
          blocks ? "errors block from now on" : "errors are ignored from now on");
    }
    if (before_.authority != after_.authority) {
      const bool lower = after_.authority < before_.authority;
      add(lower ? Effect::loosens : Effect::tightens, "spec.authority",
          lower ? "lower roles may change or override it"
                : "takes a higher role to change or override");
    }
  }

  void reach() {
    if (before_.rollout != after_.rollout) {
      const bool less = after_.rollout < before_.rollout;
      add(less ? Effect::loosens : Effect::tightens, "spec.rollout",
          fmt::format("applies to a {} share: {} to {}", less ? "smaller" : "larger",
                      format_share(before_.rollout), format_share(after_.rollout)));
    }
    compare_rollback();
    if (before_.expires != after_.expires) {
      const bool sooner =
          after_.expires && (!before_.expires || *after_.expires < *before_.expires);
      add(sooner ? Effect::loosens : Effect::tightens, "spec.expires",
          sooner ? "ends sooner" : "ends later");
    }
    if (before_.scope != after_.scope) add(Effect::review, "spec.scope", "applies elsewhere");
    if (before_.cron != after_.cron) add(Effect::review, "spec.active", "is active at other times");
  }

  // A rollback takes the policy away, so whatever makes one likelier lets more pass, some day.
  void compare_rollback() {
    const std::string path = "spec.rollback";
    if (!before_.rollback && !after_.rollback) return;
    if (!before_.rollback) return add(Effect::review, path, "may roll itself back from now on");
    if (!after_.rollback) return add(Effect::review, path, "no longer rolls itself back");
    const policy::Rollback& a = *before_.rollback;
    const policy::Rollback& b = *after_.rollback;
    if (a.when.source != b.when.source)
      add(Effect::review, path + ".when", "rolls itself back under another condition");
    if (a.lasting != b.lasting) {
      add(Effect::review, path + ".for",
          b.lasting < a.lasting ? "rolls itself back sooner" : "rolls itself back later");
    }
    if (a.min_decisions != b.min_decisions) {
      add(Effect::review, path + ".min_decisions",
          fmt::format("is judged by {} decisions instead of {}", b.min_decisions, a.min_decisions));
    }
  }

  // Rules by name. A rule that is gone loosens, a new one tightens, a changed one is judged by
  // `judge`.
  template <class R>
  void compare_rules(const std::string& section, const std::vector<R>& before,
                     const std::vector<R>& after,
                     void (PolicyHints::*judge)(const std::string&, const R&, const R&)) {
    const std::string one = section.substr(0, section.size() - 1);
    for (const R& old : before) {
      const auto now =
          std::find_if(after.begin(), after.end(), [&](const R& r) { return r.name == old.name; });
      const std::string path = path_of(section, old.name);
      if (now == after.end()) {
        add(Effect::loosens, path, one + " removed");
      } else {
        compare_reach(path, old, *now);
        (this->*judge)(path, old, *now);
      }
    }
    for (const R& now : after) {
      const bool is_new = std::none_of(before.begin(), before.end(),
                                       [&](const R& r) { return r.name == now.name; });
      if (is_new) add(Effect::tightens, path_of(section, now.name), one + " added");
    }
  }

  // Unnamed rules are called "guards[0]" already.
  static std::string path_of(const std::string& section, const std::string& name) {
    return name.starts_with(section + "[") ? "spec." + name
                                           : fmt::format("spec.{}[{}]", section, name);
  }

  static std::string source(const std::optional<policy::Expression>& e) {
    return e ? e->source : std::string();
  }

  void compare_reach(const std::string& path, const policy::Rule& a, const policy::Rule& b) {
    if (a.types != b.types) add(Effect::review, path + ".for", "is about other action types");
    if (source(a.when) != source(b.when)) add(Effect::review, path + ".when", "condition changed");
  }

  void changed_guard(const std::string& path, const policy::Guard& a, const policy::Guard& b) {
    using Kind = policy::Guard::Kind;
    if (a.kind != b.kind) {
      const bool weaker = b.kind == Kind::warn || (b.kind == Kind::approve && a.kind != Kind::warn);
      add(weaker ? Effect::loosens : Effect::tightens, path,
          weaker ? "guard is weaker" : "guard is stronger");
    } else if (a.condition.source != b.condition.source) {
      add(Effect::review, path, "condition changed");
    }
    if (a.approvals != b.approvals) {
      const bool fewer = b.approvals < a.approvals;
      add(fewer ? Effect::loosens : Effect::tightens, path + ".approvals",
          fmt::format("{} approvals instead of {}", b.approvals, a.approvals));
    }
  }

  void changed_limit(const std::string& path, const policy::Limit& a, const policy::Limit& b) {
    if (a.max != b.max) {
      const bool raised = b.max > a.max;
      add(raised ? Effect::loosens : Effect::tightens, path + ".max",
          fmt::format("limit {} from {} to {}", raised ? "raised" : "lowered", double_text(a.max),
                      double_text(b.max)));
    }
    if (a.per != b.per) {
      const bool shorter = a.per && b.per && *b.per < *a.per;
      const bool longer = a.per && b.per && *b.per > *a.per;
      add(shorter  ? Effect::loosens
          : longer ? Effect::tightens
                   : Effect::review,
          path + ".per",
          shorter  ? "window shortened"
          : longer ? "window lengthened"
                   : "window changed");
    }
    if (source(a.key) != source(b.key))
      add(Effect::review, path + ".key", "counts apart by something else");
  }

  void changed_mutation(const std::string& path, const policy::Mutation& a,
                        const policy::Mutation& b) {
    using Kind = policy::Mutation::Kind;
    if (a.kind != b.kind || a.field != b.field)
      return add(Effect::review, path, "does something else");
    if (a.kind == Kind::clamp && (a.low != b.low || a.high != b.high)) {
      const bool wider = b.low <= a.low && b.high >= a.high;
      const bool narrower = b.low >= a.low && b.high <= a.high;
      add(wider      ? Effect::loosens
          : narrower ? Effect::tightens
                     : Effect::review,
          path + ".clamp",
          wider      ? "range widened"
          : narrower ? "range narrowed"
                     : "range moved");
    }
    if (a.kind == Kind::max_delta && a.delta != b.delta) {
      const bool larger = b.delta > a.delta;
      add(larger ? Effect::loosens : Effect::tightens, path + ".max_delta",
          fmt::format("{} steps allowed", larger ? "larger" : "only smaller"));
    }
  }

  void compare_gates() {
    const auto names = [](const std::vector<policy::Gate>& gates) {
      std::vector<std::string> all;
      for (const policy::Gate& gate : gates) all.push_back(gate.name);
      return all;
    };
    if (names(before_.gates) != names(after_.gates))
      add(Effect::review, "spec.gates", "applies under other conditions");
  }

  const Policy& before_;
  const Policy& after_;
  std::vector<Hint> hints_;
};

std::vector<Hint> hints_for_policy(const policy::Document* before, const policy::Document* after) {
  if (before == nullptr) return {};
  if (after == nullptr) return {{Effect::loosens, "", "policy removed"}};
  try {
    const Policy old = policy::policy_from(*before);
    const Policy now = policy::policy_from(*after);
    return PolicyHints(old, now).all();
  } catch (const Error&) {  // advice only: whoever uses the document will say what is wrong with it
    return {};
  }
}

// The spec with `approvals`, or all else of it.
Value part_of_spec(const policy::Document* document, bool approvals) {
  const Value* spec = document == nullptr ? nullptr : document->content.get("spec");
  if (spec == nullptr || !spec->is_map()) return Map{};
  Map part;
  for (const auto& [name, value] : spec->as_map()) {
    if ((name == "approvals") == approvals) part.append(name, value);
  }
  return part;
}

std::vector<Hint> hints_for_project(const policy::Document* before, const policy::Document* after) {
  std::vector<Hint> hints;
  if (!(part_of_spec(before, false) == part_of_spec(after, false)))
    hints.push_back({Effect::review, "", "changes what expressions mean or how risk is computed"});
  if (!(part_of_spec(before, true) == part_of_spec(after, true)))
    hints.push_back({Effect::review, "", "changes who must approve what"});
  return hints;
}

}  // namespace

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::loosens:
      return "loosens";
    case Effect::tightens:
      return "tightens";
    case Effect::review:
      return "review";
  }
  return "review";
}

std::vector<Hint> hints_for(const policy::Document* before, const policy::Document* after) {
  const policy::Document& any = before != nullptr ? *before : *after;
  if (any.kind == "Policy") return hints_for_policy(before, after);
  if (any.kind == "Access") return {{Effect::review, "", "changes who may do what"}};
  if (any.kind == "Budget") return {{Effect::review, "", "changes what optimize budget proposes"}};
  if (any.kind == "Project") return hints_for_project(before, after);
  return {};
}

}  // namespace autopilot::state
