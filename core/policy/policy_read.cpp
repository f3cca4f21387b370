#include "core/policy/policy_read.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/units.h"
#include "core/policy/loader.h"

namespace autopilot::policy {
namespace {

// Text of a scalar as selectors compare it: 5 and 5.0 are the same.
std::string scalar_text(const Value& value) {
  return value.is_string() ? value.as_string() : to_canonical_json(value);
}

// Reads fields of one map; whatever has the wrong type counts as absent and makes the reading
// unsound.
class FieldReader {
 public:
  FieldReader(const Value& value, bool& sound) : value_(value), sound_(sound) {
    if (!value.is_map()) sound_ = false;
  }

  const Value* get(std::string_view name) const { return value_.get(name); }
  bool has(std::string_view name) const { return get(name) != nullptr; }

  std::string text(std::string_view name, std::string fallback = {}) {
    const Value* found = get(name);
    if (found == nullptr) return fallback;
    if (found->is_string()) return found->as_string();
    sound_ = false;
    return fallback;
  }
  bool boolean(std::string_view name, bool fallback) {
    const Value* found = get(name);
    if (found == nullptr) return fallback;
    if (found->is_bool()) return found->as_bool();
    sound_ = false;
    return fallback;
  }
  std::int64_t integer(std::string_view name, std::int64_t fallback) {
    const Value* found = get(name);
    if (found == nullptr) return fallback;
    if (found->kind() == Value::Kind::integer) return found->as_int();
    // JSON and older writers may hold 100 as 100.0.
    if (found->kind() == Value::Kind::real &&
        found->as_double() == std::floor(found->as_double()) &&
        std::abs(found->as_double()) < 9e15) {
      return static_cast<std::int64_t>(found->as_double());
    }
    sound_ = false;
    return fallback;
  }
  double number(std::string_view name, double fallback) {
    const Value* found = get(name);
    if (found == nullptr) return fallback;
    if (found->is_number()) return found->as_double();
    sound_ = false;
    return fallback;
  }
  double share(std::string_view name, double fallback) {
    const Value* found = get(name);
    if (found == nullptr) return fallback;
    const auto share = found->is_string()   ? parse_share(found->as_string())
                       : found->is_number() ? std::optional(found->as_double())
                                            : std::nullopt;
    if (share.has_value() && *share >= 0 && *share <= 1) return *share;
    sound_ = false;
    return fallback;
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const Value* found = get(name);
    if (found == nullptr) return out;
    if (!found->is_list()) return {text(name)};
    for (const Value& item : found->as_list()) {
      if (item.is_string()) {
        out.push_back(item.as_string());
      } else {
        sound_ = false;
      }
    }
    return out;
  }
  std::optional<Expression> expression(std::string_view name) {
    if (!has(name)) return std::nullopt;
    return Expression{source(name), {}};
  }
  // CEL text; a number or boolean stands for itself.
  std::string source(std::string_view name) {
    const Value* found = get(name);
    if (found == nullptr || found->is_string()) return text(name);
    if (found->is_list() || found->is_map() || found->is_null()) sound_ = false;
    return to_json(*found);
  }
  // The word for a choice as an index into `words`.
  template <class T, std::size_t N>
  T choice(std::string_view name, const std::pair<std::string_view, T> (&words)[N], T fallback) {
    if (!has(name)) return fallback;
    const std::string word = text(name);
    for (const auto& [known, value] : words) {
      if (known == word) return value;
    }
    sound_ = false;
    return fallback;
  }
  const List& list(std::string_view name) {
    static const List kNone;
    const Value* found = get(name);
    if (found == nullptr) return kNone;
    if (found->is_list()) return found->as_list();
    sound_ = false;
    return kNone;
  }
  const Map& map(std::string_view name) {
    static const Map kNone;
    const Value* found = get(name);
    if (found == nullptr) return kNone;
    if (found->is_map()) return found->as_map();
    sound_ = false;
    return kNone;
  }
  void unsound() { sound_ = false; }

 private:
  const Value& value_;
  bool& sound_;
};

void read_rule(FieldReader& reader, std::string_view section, std::size_t index, Rule& rule) {
  rule.name = reader.text("name", default_rule_name(section, index));
  rule.types = reader.texts("for");
  rule.when = reader.expression("when");
}

std::vector<Gate> read_gates(FieldReader& spec, bool& sound) {
  std::vector<Gate> gates;
  for (const Value& item : spec.list("gates")) {
    FieldReader reader(item, sound);
    if (!reader.has("when")) reader.unsound();
    gates.push_back({reader.text("name", default_rule_name("gates", gates.size())),
                     {reader.source("when"), {}}});
  }
  return gates;
}

void read_clamp(FieldReader& reader, Mutation& mutation) {
  const List& bounds = reader.list("clamp");
  if (bounds.size() != 2 || !bounds[0].is_number() || !bounds[1].is_number() ||
      !reader.has("field")) {
    reader.unsound();
    return;
  }
  mutation.low = bounds[0].as_double();
  mutation.high = bounds[1].as_double();
}

void read_set(FieldReader& reader, Mutation& mutation) {
  for (const auto& [field, value] : reader.map("set")) {
    if (value.is_list() || value.is_map() || value.is_null()) reader.unsound();
    mutation.set.push_back({field, {value.is_string() ? value.as_string() : to_json(value), {}}});
  }
}

std::vector<Mutation> read_mutations(FieldReader& spec, bool& sound) {
  std::vector<Mutation> mutations;
  for (const Value& item : spec.list("mutations")) {
    FieldReader reader(item, sound);
    Mutation mutation;
    read_rule(reader, "mutations", mutations.size(), mutation);
    mutation.field = reader.text("field");
    if (reader.has("clamp")) {
      mutation.kind = Mutation::Kind::clamp;
      read_clamp(reader, mutation);
    } else if (reader.has("max_delta")) {
      mutation.kind = Mutation::Kind::max_delta;
      mutation.delta = reader.number("max_delta", 0);
      mutation.from = reader.text("from");
      if (mutation.field.empty() || mutation.from.empty()) reader.unsound();
    } else {
      mutation.kind = Mutation::Kind::set;
      read_set(reader, mutation);
      if (mutation.set.empty()) reader.unsound();
    }
    mutations.push_back(std::move(mutation));
  }
  return mutations;
}

std::vector<Guard> read_guards(FieldReader& spec, bool& sound) {
  constexpr std::pair<std::string_view, Guard::Kind> kConditions[] = {
      {"deny", Guard::Kind::deny}, {"approve", Guard::Kind::approve}, {"warn", Guard::Kind::warn}};
  std::vector<Guard> guards;
  for (const Value& item : spec.list("guards")) {
    FieldReader reader(item, sound);
    Guard guard;
    read_rule(reader, "guards", guards.size(), guard);
    guard.kind = Guard::Kind::require;
    guard.require = reader.texts("require");
    for (const auto& [name, kind] : kConditions) {
      if (!reader.has(name)) continue;
      guard.kind = kind;
      guard.condition.source = reader.source(name);
    }
    if (guard.kind == Guard::Kind::require && guard.require.empty()) reader.unsound();
    guard.approvals = static_cast<int>(reader.integer("approvals", 1));
    guard.message = reader.text("message");
    guards.push_back(std::move(guard));
  }
  return guards;
}

std::vector<Limit> read_limits(FieldReader& spec, bool& sound) {
  std::vector<Limit> limits;
  for (const Value& item : spec.list("limits")) {
    FieldReader reader(item, sound);
    Limit limit;
    read_rule(reader, "limits", limits.size(), limit);
    limit.sum = reader.expression("sum");
    limit.key = reader.expression("key");
    limit.max = reader.number("max", 0);
    if (!reader.has("max")) reader.unsound();
    const std::string per = reader.text("per", "run");
    if (per != "run") {
      limit.per = parse_duration(per);
      if (!limit.per.has_value()) reader.unsound();
    }
    limits.push_back(std::move(limit));
  }
  return limits;
}

std::vector<Selector> read_selector(FieldReader& spec) {
  std::vector<Selector> selectors;
  for (const auto& [attribute, value] : spec.map("selector")) {
    Selector selector{attribute, {}};
    const auto add = [&](const Value& v) {
      if (v.is_list() || v.is_map() || v.is_null()) spec.unsound();
      selector.values.push_back(scalar_text(v));
    };
    if (value.is_list()) {
      for (const Value& v : value.as_list()) add(v);
    } else {
      add(value);
    }
    selectors.push_back(std::move(selector));
  }
  return selectors;
}

std::optional<Rollback> read_rollback(FieldReader& spec, bool& sound) {
  const Value* found = spec.get("rollback");
  if (found == nullptr) return std::nullopt;
  FieldReader reader(*found, sound);
  Rollback rollback;
  rollback.when.source = reader.source("when");
  const std::optional<Duration> lasting = parse_duration(reader.text("for"));
  if (!reader.has("when") || !lasting) reader.unsound();
  rollback.lasting = lasting.value_or(Duration());
  rollback.min_decisions = reader.integer("min_decisions", rollback.min_decisions);
  return rollback;
}

void read_times(FieldReader& spec, Policy& policy, bool& sound) {
  if (const Value* active = spec.get("active")) {
    FieldReader reader(*active, sound);
    if (reader.has("cron")) policy.cron = reader.text("cron");
    policy.timezone = reader.text("timezone", "UTC");
  }
  if (!spec.has("expires")) return;
  policy.expires = parse_rfc3339(spec.text("expires"));
  if (!policy.expires.has_value()) spec.unsound();
}

void read_spec(FieldReader& spec, Policy& policy, bool& sound) {
  constexpr std::pair<std::string_view, Scope> kScopes[] = {
      {"global", Scope::global}, {"algorithm", Scope::algorithm}, {"segment", Scope::segment}};
  constexpr std::pair<std::string_view, Mode> kModes[] = {{"enforce", Mode::enforce},
                                                          {"monitor", Mode::monitor}};
  constexpr std::pair<std::string_view, OnError> kOnErrors[] = {{"block", OnError::block},
                                                                {"skip", OnError::skip}};
  constexpr std::pair<std::string_view, Role> kRoles[] = {{"viewer", Role::viewer},
                                                          {"operator", Role::operator_},
                                                          {"admin", Role::admin},
                                                          {"dg_ai", Role::dg_ai}};
  policy.description = spec.text("description");
  policy.scope = spec.choice("scope", kScopes, Scope::global);
  policy.algorithms = spec.texts("algorithm");
  policy.selector = read_selector(spec);
  policy.mode = spec.choice("mode", kModes, Mode::enforce);
  policy.authority = spec.choice("authority", kRoles, Role::admin);
  policy.enabled = spec.boolean("enabled", true);
  policy.priority = spec.integer("priority", 100);
  policy.rollout = spec.share("rollout", 1);
  policy.rollout_key = spec.expression("rollout_key");
  policy.rollback = read_rollback(spec, sound);
  read_times(spec, policy, sound);
  policy.on_error = spec.choice("on_error", kOnErrors, OnError::block);
  policy.gates = read_gates(spec, sound);
  policy.mutations = read_mutations(spec, sound);
  policy.guards = read_guards(spec, sound);
  policy.limits = read_limits(spec, sound);
}

}  // namespace

std::string default_rule_name(std::string_view section, std::size_t index) {
  return fmt::format("{}[{}]", section, index);
}

PolicyReading read_policy(const Value& content) {
  static const Value kNothing = Map{};
  PolicyReading reading;
  const Value* metadata = content.get("metadata");
  const Value* spec = content.get("spec");
  FieldReader meta(metadata != nullptr ? *metadata : kNothing, reading.sound);
  reading.policy.id = meta.text("id");
  if (reading.policy.id.empty() || spec == nullptr) reading.sound = false;
  FieldReader reader(spec != nullptr ? *spec : kNothing, reading.sound);
  read_spec(reader, reading.policy, reading.sound);
  return reading;
}

Policy policy_from(const Document& document) {
  PolicyReading reading = read_policy(document.content);
  if (!reading.sound || document.kind != "Policy") {
    throw Error(ErrorKind::storage,
                fmt::format("the document {}/{} is not a valid Policy", document.kind, document.id),
                "it never passed validation; apply it again");
  }
  return std::move(reading.policy);
}

}  // namespace autopilot::policy
