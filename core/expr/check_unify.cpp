#include "core/expr/check_unify.h"

#include <algorithm>

namespace autopilot::expr {
namespace {

// Params by name come from declared variables; nothing is known about them.
bool is_wildcard(const Type& type) {
  return type.is_dynamic() || type.kind() == TypeKind::error ||
         (type.kind() == TypeKind::param && !type.is_variable());
}

bool is_nullable(const Type& type) {
  const TypeKind kind = type.kind();
  return kind == TypeKind::null || kind == TypeKind::abstract || kind == TypeKind::timestamp ||
         kind == TypeKind::duration;
}

// `type` with each parameter replaced by what `change` makes of it.
template <typename Change>
Type rebuild(const Type& type, Change change) {
  std::vector<Type> parameters;
  parameters.reserve(type.parameters().size());
  for (const Type& parameter : type.parameters()) parameters.push_back(change(parameter));
  switch (type.kind()) {
    case TypeKind::list:
      return Type::list(std::move(parameters[0]));
    case TypeKind::map:
      return Type::map(std::move(parameters[0]), std::move(parameters[1]));
    case TypeKind::type:
      return Type::type(std::move(parameters[0]));
    default:
      return Type::abstract(type.name(), std::move(parameters));
  }
}

bool is_less_specific(const Type& a, const Type& b) {
  if (a.is_dynamic() || a.kind() == TypeKind::param) return true;
  if (b.is_dynamic() || b.kind() == TypeKind::param) return false;
  if (a.kind() == TypeKind::null) return false;
  if (b.kind() == TypeKind::null) return true;
  if (a.kind() != b.kind() || a.name() != b.name()) return false;
  if (a.kind() == TypeKind::type || a.kind() == TypeKind::record) return true;
  return std::equal(a.parameters().begin(), a.parameters().end(), b.parameters().begin(),
                    b.parameters().end(), is_less_specific);
}

}  // namespace

const Type& record_as_map() {
  static const Type type = Type::map(Type(TypeKind::string), Type(TypeKind::json));
  return type;
}

Type most_general(const Type& a, const Type& b) { return is_less_specific(a, b) ? a : b; }

Type renumber(const Type& type, std::uint32_t base) {
  if (!type.is_generic()) return type;
  if (type.is_variable()) return Type::variable(type.number() + base);
  return rebuild(type, [base](const Type& parameter) { return renumber(parameter, base); });
}

std::uint32_t Unifier::fresh(std::uint32_t count) {
  const auto first = static_cast<std::uint32_t>(bindings_.size());
  bindings_.resize(first + count);
  bound_.resize(first + count);
  return first;
}

bool Unifier::assignable(const Type& from, const Type& to) {
  return assignable(std::span(&from, 1), std::span(&to, 1));
}

bool Unifier::assignable(std::span<const Type> from, std::span<const Type> to) {
  const std::size_t mark = trail_.size();
  if (std::equal(from.begin(), from.end(), to.begin(), to.end(),
                 [this](const Type& a, const Type& b) { return unify(a, b); })) {
    return true;
  }
  undo(mark);
  return false;
}

void Unifier::bind(const Type& variable, const Type& type) {
  const std::uint32_t number = variable.number();
  trail_.push_back({number, bound_[number], bindings_[number]});
  bindings_[number] = type;
  bound_[number] = true;
}

void Unifier::undo(std::size_t mark) {
  while (trail_.size() > mark) {
    Change& change = trail_.back();
    bindings_[change.number] = std::move(change.before);
    bound_[change.number] = change.was_bound;
    trail_.pop_back();
  }
}

bool Unifier::occurs(const Type& variable, const Type& within) const {
  if (!within.is_generic()) return false;
  if (within.is_variable()) {
    if (within.number() == variable.number()) return true;
    return is_bound(within) && occurs(variable, bindings_[within.number()]);
  }
  return std::any_of(within.parameters().begin(), within.parameters().end(),
                     [&](const Type& parameter) { return occurs(variable, parameter); });
}

Unifier::Fit Unifier::fit_variable(const Type& type, const Type& variable) {
  if (type.is_variable() && type.number() == variable.number()) return Fit::yes;
  if (!is_bound(variable)) {
    if (occurs(variable, type)) return Fit::no;
    bind(variable, type);
    return Fit::yes;
  }
  const Type known = bindings_[variable.number()];
  if (type == known) return Fit::yes;
  if (!unify(type, known)) return Fit::no_and_bound;
  const Type general = most_general(type, known);
  if (!(general == known) && !occurs(variable, general)) bind(variable, general);
  return Fit::yes;
}

bool Unifier::unify(const Type& from, const Type& to) {
  if (to.is_variable()) {
    const Fit fit = fit_variable(from, to);
    if (fit != Fit::no) return fit == Fit::yes;
  }
  if (from.is_variable()) return fit_variable(to, from) == Fit::yes;
  if (is_wildcard(from) || is_wildcard(to)) return true;
  if (from.kind() == TypeKind::null) return is_nullable(to);
  if (to.kind() == TypeKind::null) return is_nullable(from);
  if (from.kind() == TypeKind::record) {
    return to.kind() == TypeKind::record || unify(record_as_map(), to);
  }
  if (to.kind() == TypeKind::record) return unify(from, record_as_map());
  if (from.kind() != to.kind()) return false;
  return from.kind() == TypeKind::type || unify_parameters(from, to);
}

bool Unifier::unify_parameters(const Type& from, const Type& to) {
  const auto& a = from.parameters();
  const auto& b = to.parameters();
  return from.name() == to.name() &&
         std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [this](const Type& x, const Type& y) { return unify(x, y); });
}

Type Unifier::resolve(const Type& type, bool final) const {
  if (!type.is_generic()) return type;
  if (type.is_variable()) {
    if (is_bound(type)) return resolve(bindings_[type.number()], final);
    return final ? Type() : type;
  }
  if (type.kind() == TypeKind::param) return final ? Type() : type;
  return rebuild(type, [&](const Type& parameter) { return resolve(parameter, final); });
}

}  // namespace autopilot::expr
