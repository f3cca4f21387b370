#include "core/decide/compiled.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/expr/expression.h"

namespace autopilot::decide {
namespace {

constexpr std::array<std::string_view, 5> kBuiltInTypes = {
    "route.update_weight", "route.pause", "destination.pause", "budget.shift", "deploy.set_weight"};

bool is_path(std::string_view text) {
  bool start = true;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (start ? !letter : !(letter || digit || c == '.')) return false;
    start = c == '.';
  }
  return !start;
}

}  // namespace

bool CompiledRule::concerns(std::string_view type) const {
  for (const std::string& t : types) {
    if (t == type) return true;
  }
  return types.empty();
}

// Turns one set of policies into programs; exists only while a CompiledSet is built.
class PolicyCompiler {
 public:
  explicit PolicyCompiler(CompiledSet& set)
      : set_(set),
        plain_(policy::environment_for(set.project_, false)),
        with_risk_(policy::environment_for(set.project_, true)) {}

  void fix_slots() {
    const auto slot = [&](std::initializer_list<std::string> path) {
      return set_.slots_.slot(expr::Path(path));
    };
    FixedSlots& f = set_.fixed_;
    f.id = slot({"action", "id"});
    f.type = slot({"action", "type"});
    f.algorithm = slot({"action", "algorithm"});
    f.target = slot({"action", "target"});
    f.risk = slot({"action", "risk"});
    f.key = slot({"action", "idempotency_key"});
    f.created = slot({"action", "created_at"});
    f.weight = data_slot("weight");
    f.old_weight = data_slot("old_weight");
    f.budget = data_slot("budget");
    f.old_budget = data_slot("old_budget");
    f.destination = data_slot("destination_id");
    f.channel = data_slot("channel");
    f.now = slot({"now"});
    f.risk_variable = slot({"risk"});
    f.run = slot({"run"});
    f.actor_id = slot({"actor", "id"});
    f.actor_role = slot({"actor", "role"});
    f.context_time = slot({"context", "time"});
    f.context_actor = slot({"context", "actor"});
    f.context_role = slot({"context", "role"});
  }

  CompiledPolicy compile(policy::Policy model) {
    where_ = model.id;
    CompiledPolicy out;
    out.model = std::move(model);
    const policy::Policy& p = out.model;
    for (const policy::Selector& s : p.selector) {
      out.selector.push_back({set_.slots_.slot({"segment", s.attribute}), s.values});
    }
    const bool shared = p.rollout > 0 && p.rollout < 1;
    if (shared) {
      out.rollout_key =
          condition(p.rollout_key.value_or(policy::Expression{"action.target", {}}), plain_);
    }
    if (p.cron) compile_schedule(out);
    for (const policy::Gate& g : p.gates) out.gates.push_back(condition(g.when, plain_));
    return out;
  }

  // Rules keep pointers into the model, so they are compiled once it stands where it stays.
  void compile_rules(CompiledPolicy& p) {
    where_ = p.model.id;
    for (const policy::Mutation& m : p.model.mutations) p.mutations.push_back(mutation(m));
    for (const policy::Guard& g : p.model.guards) p.guards.push_back(guard(g));
    for (const policy::Limit& l : p.model.limits) p.limits.push_back(limit(l));
  }

  std::unique_ptr<Condition> condition(const policy::Expression& expression,
                                       const expr::Environment& environment) {
    const expr::CheckedExpr checked = expr::parse_and_check(expression.source, environment);
    if (!checked.ok()) {
      throw Error(ErrorKind::storage,
                  fmt::format("policy {}: {} in \"{}\"", where_, checked.faults.front().message,
                              expression.source),
                  "validate the policies and apply them again");
    }
    auto out = std::make_unique<Condition>();
    out->program = expr::compile(checked, set_.slots_);
    out->constant_true = trim(expression.source) == "true";
    out->number = set_.condition_count_++;
    return out;
  }

  std::unique_ptr<Condition> risk_model(const policy::Expression& expression) {
    where_ = "autopilot.yaml";
    return condition(expression, plain_);
  }

 private:
  int data_slot(const std::string& field) { return set_.slots_.slot({"action", "data", field}); }

  void compile_schedule(CompiledPolicy& p) {
    const CronResult parsed = parse_cron(*p.model.cron);
    p.cron = parsed.cron;
    p.zone = TimeZone::load(p.model.timezone);
    if (p.cron && p.zone) return;
    throw Error(ErrorKind::storage,
                p.cron ? fmt::format("policy {}: unknown time zone {}", where_, p.model.timezone)
                       : fmt::format("policy {}: cron {}: {}", where_, *p.model.cron, parsed.fault),
                "is the tzdata package installed?");
  }

  void rule(const policy::Rule& model, CompiledRule& out, const expr::Environment& environment) {
    out.types = model.types;
    if (model.when) out.when = condition(*model.when, environment);
  }

  CompiledMutation mutation(const policy::Mutation& model) {
    CompiledMutation out;
    rule(model, out, plain_);
    out.model = &model;
    if (!model.field.empty()) out.field = data_slot(model.field);
    if (!model.from.empty()) out.from = data_slot(model.from);
    for (const policy::FieldSet& s : model.set) {
      out.set.push_back({s.field, data_slot(s.field), condition(s.value, plain_)});
    }
    return out;
  }

  CompiledGuard guard(const policy::Guard& model) {
    CompiledGuard out;
    rule(model, out, with_risk_);
    out.model = &model;
    if (model.kind != policy::Guard::Kind::require)
      out.condition = condition(model.condition, with_risk_);
    for (const std::string& name : model.require) {
      out.require.push_back({name, data_slot(name), set_.slots_.slot({"action", name})});
    }
    out.message = message(model.message);
    return out;
  }

  CompiledLimit limit(const policy::Limit& model) {
    CompiledLimit out;
    rule(model, out, with_risk_);
    out.model = &model;
    if (model.sum) out.sum = condition(*model.sum, with_risk_);
    if (model.key) out.key = condition(*model.key, with_risk_);
    out.max_micros = std::llround(std::min(model.max, 9e12) * 1e6);
    return out;
  }

  // "CVR {metrics.cvr_1h} is low" → text and values. An unmatched brace is text.
  std::vector<MessagePart> message(std::string_view text) {
    std::vector<MessagePart> parts;
    while (!text.empty()) {
      const std::size_t open = text.find('{');
      const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
      if (close == std::string_view::npos) {
        parts.push_back({std::string(text), nullptr, -1});
        break;
      }
      if (open > 0) parts.push_back({std::string(text.substr(0, open)), nullptr, -1});
      parts.push_back(placeholder(text.substr(open + 1, close - open - 1)));
      text.remove_prefix(close + 1);
    }
    return parts;
  }

  MessagePart placeholder(std::string_view inside) {
    MessagePart part;
    part.text = std::string(inside);
    if (is_path(inside)) {
      part.slot = set_.slots_.slot(split(inside, '.'));
    } else {
      part.value = condition({part.text, {}}, with_risk_);
    }
    return part;
  }

  CompiledSet& set_;
  expr::Environment plain_;
  expr::Environment with_risk_;
  std::string where_;
};

CompiledSet::CompiledSet(std::string revision, policy::Project project,
                         std::vector<policy::Policy> policies)
    : revision_(std::move(revision)), project_(std::move(project)) {
  // What comes first gets the lower slots; the order of the files means nothing.
  std::sort(policies.begin(), policies.end(), [](const policy::Policy& a, const policy::Policy& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.id < b.id;
  });
  PolicyCompiler compiler(*this);
  compiler.fix_slots();
  add(compiler, std::move(policies));
  for (const policy::ActionType& t : project_.action_types) {
    types_.push_back(t.name);
    if (t.risk) risks_[t.name] = compiler.risk_model(*t.risk);
  }
  settle();
}

CompiledSet::CompiledSet(const CompiledSet& base, std::vector<policy::Policy> changed)
    : revision_(base.revision_),
      project_(base.project_),
      slots_(base.slots_),
      fixed_(base.fixed_),
      policies_(base.policies_),
      disabled_(base.disabled_),
      types_(base.types_),
      risks_(base.risks_),
      condition_count_(base.condition_count_) {
  const auto is_changed = [&](const std::string& id) {
    return std::any_of(changed.begin(), changed.end(), [&](const auto& p) { return p.id == id; });
  };
  std::erase_if(policies_.all_, [&](const auto& p) { return is_changed(p->model.id); });
  std::erase_if(disabled_, is_changed);
  PolicyCompiler compiler(*this);
  add(compiler, std::move(changed));
  settle();
}

void CompiledSet::add(PolicyCompiler& compiler, std::vector<policy::Policy> policies) {
  std::vector<std::shared_ptr<CompiledPolicy>> added;
  for (policy::Policy& p : policies) {
    if (p.enabled) {
      added.push_back(std::make_shared<CompiledPolicy>(compiler.compile(std::move(p))));
    } else {
      disabled_.push_back(p.id);
    }
  }
  for (const std::shared_ptr<CompiledPolicy>& p : added) compiler.compile_rules(*p);
  policies_.all_.insert(policies_.all_.end(), added.begin(), added.end());
}

void CompiledSet::settle() {
  std::sort(disabled_.begin(), disabled_.end());
  std::sort(policies_.all_.begin(), policies_.all_.end(), [](const auto& a, const auto& b) {
    return a->model.priority != b->model.priority ? a->model.priority > b->model.priority
                                                  : a->model.id < b->model.id;
  });
  for (const CompiledPolicy& p : policies_) {
    if (p.model.mode == policy::Mode::enforce) enforces_ = true;
  }
  if (slots_.find({"action"}) >= 0)
    slots_.slot({"action", "data"});  // `action` as one value contains it
  find_broad_slots();
}

void CompiledSet::find_broad_slots() {
  const std::vector<expr::Path>& paths = slots_.paths();
  whole_action_ = slots_.find({"action"});
  whole_data_ = slots_.find({"action", "data"});
  whole_actor_ = slots_.find({"actor"});
  has_broad_slots_ =
      whole_data_ >= 0 || std::any_of(paths.begin(), paths.end(), [](const expr::Path& p) {
        return p.size() > 3 && p[0] == "action" && p[1] == "data";
      });
}

bool CompiledSet::knows_type(std::string_view type) const {
  return std::find(kBuiltInTypes.begin(), kBuiltInTypes.end(), type) != kBuiltInTypes.end() ||
         std::find(types_.begin(), types_.end(), type) != types_.end();
}

const Condition* CompiledSet::risk_of(std::string_view type) const {
  if (risks_.empty()) return nullptr;
  const auto found = risks_.find(std::string(type));
  return found == risks_.end() ? nullptr : found->second.get();
}

bool CompiledPolicy::matters_for(std::string_view type, std::string_view algorithm) const {
  if (model.scope == policy::Scope::algorithm &&
      std::find(model.algorithms.begin(), model.algorithms.end(), algorithm) ==
          model.algorithms.end()) {
    return false;
  }
  // A gate or a rollout key that fails must block whatever the action is.
  return !gates.empty() || rollout_key || has_rule_for(type);
}

bool CompiledPolicy::has_rule_for(std::string_view type) const {
  const auto concerns = [&](const CompiledRule& rule) { return rule.concerns(type); };
  return std::any_of(mutations.begin(), mutations.end(), concerns) ||
         std::any_of(guards.begin(), guards.end(), concerns) ||
         std::any_of(limits.begin(), limits.end(), concerns);
}

std::vector<std::uint32_t> CompiledSet::candidates(std::string_view type,
                                                   std::string_view algorithm) const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < policies_.size(); ++i) {
    if (policies_[i].matters_for(type, algorithm)) out.push_back(i);
  }
  return out;
}

}  // namespace autopilot::decide
