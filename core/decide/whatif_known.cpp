// Names in paths are open where policies and actions may use any; a name that occurs nowhere is a
// slip all the same.
#include <fmt/format.h>

#include <set>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/decide/whatif_run.h"

namespace autopilot::decide {
namespace {

using Place = InputTarget::Place;

constexpr std::size_t kLookedThrough = 10'000;  // decisions, for names that no policy reads

const Value* find(const Value& in, const InputTarget& target) {
  const Value* at = &in;
  for (const PathStep& step : target.steps) {
    if (at != nullptr) at = at->get(step.key);
  }
  return at;
}

// What messages call the group of names that the target's last one belongs to.
std::string group_of(const InputTarget& target) {
  std::string out = target.place == Place::action ? "action" : "";
  for (std::size_t i = 0; i + 1 < target.steps.size(); ++i)
    out += (out.empty() ? "" : ".") + target.steps[i].key;
  return out;
}

const policy::Shape& declared(const policy::Project& project, const InputTarget& target) {
  const std::string& root = target.steps[0].key;
  return root == "metrics"    ? project.metrics
         : root == "features" ? project.features
         : root == "segment"  ? project.segment
                              : project.data;
}

class Finder {
 public:
  Finder(const WhatIfPlan& plan, const Rules& rules, const CompiledSet& set, const Chosen& chosen)
      : plan_(plan), rules_(rules), set_(set), chosen_(chosen) {}

  std::vector<std::string> check() {
    std::vector<std::string> unread;
    for (const InputTarget* target : plan_.inputs()) {
      const bool open = (target->place == Place::context || target->place == Place::action) &&
                        target->steps.size() > 1;
      if (!open) continue;
      check_declared(*target);
      if (is_read(set_, *target)) continue;
      check_occurs(*target);
      unread.push_back(plan_.path_of(*target));
    }
    return unread;
  }

 private:
  void check_declared(const InputTarget& target) const {
    const policy::Shape& shape = declared(rules_.project, target);
    if (!shape) return;
    std::vector<std::string> names;
    for (const policy::DeclaredField& field : *shape) {
      if (field.name == target.steps[1].key) return;
      names.push_back(field.name);
    }
    fail(target,
         fmt::format("{} has no declared name {}", target.steps[0].key, target.steps[1].key),
         target.steps[1].key, names);
  }

  void check_occurs(const InputTarget& target) const {
    std::set<std::string> names;
    const InputTarget group{target.place, {target.steps.begin(), target.steps.end() - 1}};
    for (std::size_t i = 0; i < std::min(chosen_.size(), kLookedThrough); ++i) {
      const Record& record = chosen_.all()[i].record;
      const Value in =
          parse_json(target.place == Place::action ? record.proposed : record.context).value;
      if (find(in, target) != nullptr) return;
      const Value* neighbours = find(in, group);
      if (neighbours == nullptr || !neighbours->is_map()) continue;
      for (const auto& [name, value] : neighbours->as_map()) names.insert(name);
    }
    add_read_names(target, names);
    fail(target, "no policy reads it and no decision has it", target.steps.back().key,
         {names.begin(), names.end()});
  }

  void add_read_names(const InputTarget& target, std::set<std::string>& names) const {
    const std::size_t first = target.place == Place::action ? 1 : 0;
    const std::size_t last = first + target.steps.size() - 1;
    for (const expr::Path& path : set_.slots().paths()) {
      if (path.size() <= last || (first == 1) != (path[0] == "action")) continue;
      bool beside = true;
      for (std::size_t i = first; i < last; ++i)
        beside = beside && path[i] == target.steps[i - first].key;
      if (beside) names.insert(path[last]);
    }
  }

  [[noreturn]] void fail(const InputTarget& target, const std::string& why, std::string_view word,
                         const std::vector<std::string>& names) const {
    std::string hint(trim(did_you_mean(word, names)));
    if (hint.empty() && !names.empty())
      hint = fmt::format("{} has {}", group_of(target), join(names, ", "));
    throw Error(ErrorKind::usage, fmt::format("{}: {}", plan_.path_of(target), why), hint);
  }

  const WhatIfPlan& plan_;
  const Rules& rules_;
  const CompiledSet& set_;
  const Chosen& chosen_;
};

// Decisions whose value is no number, for each change that needs one.
std::vector<Left> left_alone(const WhatIfPlan& plan, const Chosen& chosen) {
  std::vector<Left> out;
  for (const InputChange& change : plan.at(std::size_t{0}).inputs) {
    const Place place = change.target->place;
    if (change.assignment.change == Change::set ||
        (place != Place::action && place != Place::context))
      continue;
    Left left{change.assignment.path, 0};
    for (const ChosenDecision& d : chosen.all()) {
      const Value in =
          parse_json(place == Place::action ? d.record.proposed : d.record.context).value;
      const Value* value = find(in, *change.target);
      left.count += value == nullptr || !value->is_number() ? 1 : 0;
    }
    if (left.count > 0) out.push_back(std::move(left));
  }
  return out;
}

}  // namespace

void check_names(const WhatIfPlan& plan, const TrialsSetting& setting, WhatIf& out) {
  // Policies that only monitor are left out of the set; what they read is known all the same.
  const std::shared_ptr<const CompiledSet> all = compile_rules(*setting.rules);
  out.unread = Finder(plan, *setting.rules, *all, *setting.chosen).check();
  out.left_alone = left_alone(plan, *setting.chosen);
}

}  // namespace autopilot::decide
