#include "core/policy/lint_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cfloat>

#include "core/base/cron.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/expr/expression.h"
#include "core/policy/loader.h"

namespace autopilot::policy {

using expr::Domain;
using expr::Kinds;
using expr::Path;
using expr::Type;
using expr::TypeKind;
namespace kind = expr::kind;

namespace {

// Longer conditions are not looked into.
constexpr std::size_t kLongestSource = 4096;

Domain json_domain() { return Domain::interval(kind::error | kind::json, -DBL_MAX, DBL_MAX); }

Domain declared_domain(const Type& type) {
  switch (type.kind()) {
    case TypeKind::real:
    case TypeKind::integer:  // numbers of JSON are doubles, whatever they are declared to be
      return Domain::interval(kind::error | kind::real, -DBL_MAX, DBL_MAX);
    case TypeKind::boolean:
      return Domain::of(kind::error | kind::boolean);
    case TypeKind::string:
      return Domain::of(kind::error | kind::string);
    case TypeKind::list:
      return Domain::of(kind::error | kind::list);
    case TypeKind::map:
      return Domain::of(kind::error | kind::map);
    default:
      return json_domain();
  }
}

Domain name_domain(Kinds kinds) {
  Domain d = Domain::of(kinds | kind::string);
  d.not_texts = {""};
  return d;
}

// The fields of the action itself, as the engine fills them in.
Domain action_domain(const std::string& field) {
  if (field == "type") return name_domain(0);
  if (field == "id" || field == "algorithm" || field == "target") return name_domain(kind::error);
  if (field == "idempotency_key")
    return Domain::interval(kind::error | kind::null | kind::string | kind::real, -DBL_MAX,
                            DBL_MAX);
  if (field == "risk") return Domain::interval(kind::error | kind::null | kind::real, 0, DBL_MAX);
  return json_domain();
}

bool is_data(const Path& path) {
  return path[0] == "action" && (path.size() == 1 || path[1] == "data");
}

Type field_type(const Type& record, const std::string& field) {
  const Type* declared = record.kind() == TypeKind::record ? record.field(field) : nullptr;
  return declared != nullptr ? *declared : Type(TypeKind::json);
}

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

// A selector compares texts, so "5" and 5 are the same to it: adds the value that is written so.
void add_written(const std::string& text, Domain& matched, Domain& others) {
  const JsonResult parsed = parse_json(text);
  if (!parsed.ok || parsed.value.is_string() || parsed.value.is_null()) return;
  if (parsed.value.is_bool()) {
    const bool value = parsed.value.as_bool();
    matched.kinds |= kind::boolean;
    (value ? matched.can_be_true : matched.can_be_false) = true;
    (value ? others.can_be_true : others.can_be_false) = false;
  } else if (parsed.value.is_number()) {
    const double number = parsed.value.as_double();
    matched.kinds |= kind::real;
    matched.points->push_back(number);
    if (double_text(number) == text) others.holes.push_back(number);
  } else {
    matched.kinds |= kind::list | kind::map;
  }
}

// The values of an attribute that a selector matches, and those that it does not.
std::pair<Domain, Domain> selected(const Selector& selector) {
  Domain matched = Domain::of(kind::string), others = json_domain();
  matched.texts = sorted(selector.values);
  matched.points.emplace();
  matched.can_be_true = matched.can_be_false = false;
  others.not_texts = selector.values;
  for (const std::string& text : selector.values) add_written(text, matched, others);
  std::sort(matched.points->begin(), matched.points->end());
  matched.settle();
  others.settle();
  return {std::move(matched), std::move(others)};
}

}  // namespace

class LintModel::ShapeInputs : public expr::Inputs {
 public:
  ShapeInputs(const LintModel& model, const std::string& version)
      : model_(model), version_(version) {}

  Domain domain_of(const Path& path, const Type& type) const override {
    const std::string& variable = path[0];
    if (variable == "risk") return Domain::interval(kind::real, 0, DBL_MAX);
    if (variable == "now") return Domain::of(kind::timestamp);
    if (variable == "run") return Domain::of(kind::string);
    if (variable == "actor") return Domain::of(path.size() == 1 ? kind::map : kind::string);
    if (path.size() == 1)
      return Domain::of(variable == "action" ? kind::map : kind::map | kind::error);
    if (variable == "action" && path[1] != "data") return action_domain(path[1]);
    if (variable == "action" && path.size() == 2) return Domain::of(kind::map | kind::error);
    // What a `set` writes need not fit the declaration.
    if (variable == "action" && (!model_.settings_.whole || model_.set_.contains(path[2])))
      return json_domain();
    return declared_domain(type);
  }

  std::string version_of(const Path& path) const override {
    if (path[0] == "risk") return version_;
    if (!is_data(path)) return {};
    if (path.size() < 3)
      return model_.writes_ || !model_.settings_.whole ? version_ : std::string();
    return model_.is_written(path[2]) ? version_ : std::string();
  }

 private:
  const LintModel& model_;
  const std::string& version_;
};

LintModel::LintModel(const std::vector<Policy>& policies, const Project& project,
                     const LintSettings& settings)
    : models_(policies),
      project_(project),
      settings_(settings),
      environment_(environment_for(project, true)) {
  collect_written();
  policies_.reserve(policies.size());
  for (const Policy& p : policies) add_policy(p);
}

void LintModel::collect_written() {
  for (const Policy& p : models_) {
    for (const Mutation& m : p.mutations) {
      writes_ = true;
      if (!m.field.empty()) written_.insert(m.field);
      for (const FieldSet& s : m.set) {
        written_.insert(s.field);
        set_.insert(s.field);
      }
    }
  }
}

void LintModel::add_policy(const Policy& policy) {
  LintPolicy out;
  out.policy = &policy;
  out.index = policies_.size();
  out.acts = policy.enabled && policy.rollout > 0 &&
             !(policy.expires && *policy.expires <= settings_.now) &&
             (!policy.cron || ever_matches(*policy.cron));
  add_scope(out);
  // Monitor policies see the result of all others, and have a final action and a risk of their own.
  const bool monitor = policy.mode == Mode::monitor;
  const std::string proposed = monitor ? "final" : "proposed";
  const std::string final = monitor ? "final of " + policy.id : "final";
  for (const Gate& gate : policy.gates) out.gates.push_back(condition(gate.when, proposed));
  for (std::size_t i = 0; i < policy.mutations.size(); ++i) {
    const std::string version = fmt::format("mutation {} of {}", i, policy.id);
    out.mutations.push_back(rule(out, "mutations", i, policy.mutations[i], version));
  }
  for (std::size_t i = 0; i < policy.guards.size(); ++i) {
    const Guard& guard = policy.guards[i];
    LintRule r = rule(out, "guards", i, guard, final);
    constexpr std::string_view kFields[] = {"deny", "require", "approve", "warn"};
    r.condition_field = kFields[static_cast<std::size_t>(guard.kind)];
    if (guard.kind != Guard::Kind::require) r.condition = condition(guard.condition, final);
    out.guards.push_back(std::move(r));
  }
  for (std::size_t i = 0; i < policy.limits.size(); ++i)
    out.limits.push_back(rule(out, "limits", i, policy.limits[i], final));
  policies_.push_back(std::move(out));
}

LintRule LintModel::rule(const LintPolicy& policy, std::string_view section, std::size_t index,
                         const Rule& model, const std::string& version) {
  LintRule out;
  out.policy = policy.index;
  out.section = section;
  out.index = index;
  out.rule = &model;
  if (!model.types.empty()) {
    const expr::TermId type = logic_.named("$action\x1ftype", action_domain("type"));
    Domain in = Domain::of(kind::string), others = Domain::of(kind::string);
    in.texts = sorted(model.types);
    others.not_texts = model.types;
    out.types = logic_.within(type, std::move(in));
    out.other_types = logic_.within(type, std::move(others));
  }
  if (model.when) out.when = condition(*model.when, version);
  out.inner = reach(policy, out, true);
  out.outer = reach(policy, out, false);
  return out;
}

const Type& LintModel::type_of(const std::string& variable, const std::string& field) const {
  static const Type kOpen(TypeKind::json);
  const Type* declared = environment_.variables.at(variable).field(field);
  return declared != nullptr ? *declared : kOpen;
}

void LintModel::add_scope(LintPolicy& out) {
  const Policy& p = *out.policy;
  if (p.scope == Scope::algorithm) {
    const expr::TermId algorithm = logic_.named(
        "$action\x1f"
        "algorithm",
        action_domain("algorithm"));
    Domain in = Domain::of(kind::string), others = Domain::of(kind::string | kind::error);
    in.texts = sorted(p.algorithms);
    others.not_texts = p.algorithms;
    out.scope = logic_.within(algorithm, std::move(in));
    out.elsewhere = logic_.within(algorithm, std::move(others));
  }
  if (p.scope != Scope::segment) return;
  std::vector<FormulaId> all, none;
  for (const Selector& s : p.selector) {
    const expr::TermId attribute = logic_.named("$segment\x1f" + s.attribute,
                                                declared_domain(type_of("segment", s.attribute)));
    auto [matched, others] = selected(s);
    all.push_back(logic_.within(attribute, std::move(matched)));
    none.push_back(logic_.within(attribute, std::move(others)));
  }
  out.scope = logic_.all(std::move(all));
  out.elsewhere = logic_.any(std::move(none));
}

LintModel::Known& LintModel::known(const std::string& source) {
  const auto found = known_.find(source);
  if (found != known_.end()) return found->second;
  Known& made = known_[source];
  if (source.size() > kLongestSource) return made;
  made.checked = expr::parse_and_check(source, environment_);
  if (!made.checked.ok()) return made;
  made.inputs = expr::inputs_of(made.checked);
  made.reads_data = std::any_of(made.inputs.begin(), made.inputs.end(),
                                [](const Path& p) { return is_data(p) || p[0] == "risk"; });
  return made;
}

LintCondition LintModel::condition(const Expression& expression, const std::string& version) {
  Known& known = this->known(expression.source);
  LintCondition out;
  out.source = &expression;
  out.inputs = known.inputs;
  if (known.checked.ast.nodes.empty() || !known.checked.ok()) {  // then everything is possible
    out.not_understood = expression.source;
    return out;
  }
  const std::string& key = known.reads_data ? version : std::string();
  const auto [place, is_new] = known.versions.try_emplace(key);
  if (is_new) place->second = expr::analyse(known.checked, ShapeInputs(*this, version), logic_);
  static_cast<expr::Analysis&>(out) = place->second;
  return out;
}

expr::TermId LintModel::value(const LintPolicy& policy, const Expression& expression) {
  const std::string version =
      policy.policy->mode == Mode::monitor ? "final of " + policy.policy->id : "final";
  Known& known = this->known(expression.source);
  if (known.checked.ast.nodes.empty() || !known.checked.ok())
    return logic_.named("unknown " + expression.source, Domain::of(kind::everything));
  return expr::analyse_value(known.checked, ShapeInputs(*this, version), logic_);
}

expr::TermId LintModel::data_field(const LintPolicy& policy, const std::string& field,
                                   bool settled) {
  const std::string version = settled                                ? "settled"
                              : policy.policy->mode == Mode::monitor ? "final"
                                                                     : "proposed";
  const Path path{"action", "data", field};
  const ShapeInputs inputs(*this, version);
  const expr::Type type = field_type(*environment_.variables.at("action").field("data"), field);
  const std::string named = inputs.version_of(path);
  return logic_.named("$" + join(path, "\x1f") + (named.empty() ? "" : "\x1e" + named),
                      inputs.domain_of(path, type));
}

Reach LintModel::reach(const LintPolicy& p, const LintRule& rule, bool within_policy) {
  Reach out;
  const bool skips = p.skips();
  const auto need = [&](const LintCondition& c) {
    out.needs.push_back(c.yes);
    out.misses.push_back(c.no);
    if (skips) out.misses.push_back(c.fails);
  };
  if (!within_policy) {
    out.needs.push_back(p.scope);
    out.misses.push_back(p.elsewhere);
    for (const LintCondition& gate : p.gates) need(gate);
  }
  out.needs.push_back(rule.types);
  out.misses.push_back(rule.other_types);
  if (rule.when) need(*rule.when);
  std::erase(out.needs, Logic::kYes);
  std::erase(out.misses, Logic::kNo);
  return out;
}

bool ever_matches(const std::string& text) {
  const CronResult parsed = parse_cron(text);
  if (!parsed.cron) return true;
  const Cron& cron = *parsed.cron;
  if (cron.either_day && cron.weekdays != 0) return true;
  for (int month = 1; month <= 12; ++month) {
    if ((cron.months >> month & 1) == 0) continue;
    const int days =
        days_in_month(2024, month);  // a leap year; each date falls on every weekday in some year
    for (int day = 1; day <= days; ++day) {
      if ((cron.days >> day & 1) != 0) return true;
    }
  }
  return false;
}

}  // namespace autopilot::policy
