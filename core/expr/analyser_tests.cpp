// Comparisons, membership, affixes and has(), as what they say of their operands.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/expr/analyser.h"

namespace autopilot::expr {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Kinds kAnyNumber = kind::numbers | kind::nan;
constexpr Kinds kNoError = kind::everything & ~kind::error;

// Types within which values are ordered.
constexpr std::array<Kinds, 6> kClasses{kAnyNumber,    kind::string,    kind::bytes,
                                        kind::boolean, kind::timestamp, kind::duration};
constexpr Kinds kOrdered =
    kAnyNumber | kind::string | kind::bytes | kind::boolean | kind::timestamp | kind::duration;

std::optional<Relations> wanted_relations(std::string_view name) {
  if (name == "_<_") return relation::less;
  if (name == "_<=_") return relation::less | relation::equal;
  if (name == "_>_") return relation::greater;
  if (name == "_>=_") return relation::greater | relation::equal;
  return std::nullopt;
}

Relations others(Relations wanted) {
  return static_cast<Relations>((relation::less | relation::equal | relation::greater) & ~wanted);
}

// The numbers that stand so to `constant`. REQUIRES an order without holes.
Domain numbers_that_are(Relations relations, double constant) {
  Domain d = Domain::of(kind::numbers);
  const bool touch = (relations & relation::equal) != 0;
  if ((relations & relation::greater) == 0)
    d.high = touch ? constant : std::nextafter(constant, -kInfinity);
  if ((relations & relation::less) == 0)
    d.low = touch ? constant : std::nextafter(constant, kInfinity);
  return d;
}

// Whole numbers beyond 2^53 and doubles do not compare exactly.
bool compares_exactly(double constant) { return std::fabs(constant) <= 9007199254740992.0; }

std::optional<Domain> constant_of(const Domain& d) {
  if (d.only(kind::null)) return d;
  if (d.only_text() != nullptr) return d;
  if (d.only(kind::boolean) && d.can_be_true != d.can_be_false) return d;
  if (const auto number = d.only_number(); number && compares_exactly(*number)) return d;
  return std::nullopt;
}

// All that is no error and not this constant.
Domain all_but(const Domain& constant) {
  Domain d = Domain::of(kNoError);
  if (constant.only(kind::null)) d.kinds &= static_cast<Kinds>(~kind::null);
  if (const std::string* text = constant.only_text()) d.not_texts = {*text};
  if (const auto number = constant.only_number()) d.holes = {*number};
  if (constant.only(kind::boolean)) {
    d.can_be_true = !constant.can_be_true;
    d.can_be_false = !constant.can_be_false;
  }
  return d;
}

// Numbers are equal across their types.
Domain just(Domain constant) {
  if (constant.has(kind::numbers)) constant.kinds = kind::numbers;
  return constant;
}

void add_member(Domain& in, const Domain& constant) {
  in.kinds |= just(constant).kinds;
  if (const std::string* text = constant.only_text()) in.texts->push_back(*text);
  if (const auto number = constant.only_number()) in.points->push_back(*number);
  if (constant.only(kind::boolean)) {
    in.can_be_true |= constant.can_be_true;
    in.can_be_false |= constant.can_be_false;
  }
}

std::optional<Affix::Place> place_of(std::string_view name) {
  if (name == "startsWith") return Affix::Place::start;
  if (name == "endsWith") return Affix::Place::end;
  if (name == "contains") return Affix::Place::inside;
  return std::nullopt;
}

}  // namespace

std::optional<Outcomes> Analyser::test(NodeId id) {
  const Node& n = node(id);
  if (n.children.size() != 2) return std::nullopt;
  if (const auto wanted = wanted_relations(n.name)) {
    return ordering(term(n.children[0]), term(n.children[1]), *wanted);
  }
  if (n.name == "_==_") return equality(term(n.children[0]), term(n.children[1]));
  if (n.name == "_!=_") {
    const Outcomes same = equality(term(n.children[0]), term(n.children[1]));
    return Outcomes{same.no, same.yes, same.fails};
  }
  if (n.name == "@in") return member(id);
  return n.member ? affix(id) : std::nullopt;
}

// a and b are of one class, and stand to each other as wanted.
FormulaId Analyser::ordered(TermId a, TermId b, Relations relations, Kinds some) {
  const Kinds sound = static_cast<Kinds>(some & ~kind::nan);
  if (some == kAnyNumber) {
    for (const bool swapped : {false, true}) {
      const Domain& constant = logic_.term(swapped ? a : b).domain;
      const auto number = constant.only_number();
      if (!number || !compares_exactly(*number)) continue;
      return logic_.within(swapped ? b : a,
                           numbers_that_are(swapped ? mirrored(relations) : relations, *number));
    }
  }
  return logic_.all({kinds(a, sound), kinds(b, sound), logic_.ordered(a, b, relations)});
}

Outcomes Analyser::ordering(TermId a, TermId b, Relations wanted) {
  const Kinds of_a = logic_.term(a).domain.kinds, of_b = logic_.term(b).domain.kinds;
  std::vector<FormulaId> yes, no, fails;
  for (const Kinds some : kClasses) {
    if ((of_a & some) != 0) {
      fails.push_back(
          logic_.all({kinds(a, some), kinds(b, static_cast<Kinds>(kind::everything & ~some))}));
    }
    if ((of_a & some) == 0 || (of_b & some) == 0) continue;
    yes.push_back(ordered(a, b, wanted, some));
    no.push_back(ordered(a, b, others(wanted), some));
  }
  no.push_back(logic_.all({kinds(a, kind::nan), kinds(b, kAnyNumber)}));
  no.push_back(logic_.all({kinds(b, kind::nan), kinds(a, kAnyNumber)}));
  fails.push_back(kinds(a, static_cast<Kinds>(kind::everything & ~kOrdered)));
  fails.push_back(kinds(b, static_cast<Kinds>(kind::everything & ~kOrdered)));
  return {logic_.any(std::move(yes)), logic_.any(std::move(no)), logic_.any(std::move(fails))};
}

Outcomes Analyser::equals_constant(TermId a, const Domain& constant) {
  return {logic_.within(a, just(constant)), logic_.within(a, all_but(constant)),
          kinds(a, kind::error)};
}

Outcomes Analyser::equality(TermId a, TermId b) {
  if (const auto constant = constant_of(logic_.term(b).domain))
    return equals_constant(a, *constant);
  if (const auto constant = constant_of(logic_.term(a).domain))
    return equals_constant(b, *constant);
  const FormulaId sound = logic_.all({kinds(a, kNoError), kinds(b, kNoError)});
  const auto when = [&](Relations relations) {
    return logic_.all({sound, logic_.ordered(a, b, relations)});
  };
  return {when(relation::equal), when(static_cast<Relations>(relation::any & ~relation::equal)),
          logic_.any({kinds(a, kind::error), kinds(b, kind::error)})};
}

// x in [constants].
std::optional<Outcomes> Analyser::member(NodeId id) {
  const Node& list = node(node(id).children[1]);
  if (list.kind != NodeKind::list || !list.marks.empty()) return std::nullopt;
  Domain in = Domain::of(0), out = Domain::of(kNoError);
  in.texts.emplace();
  in.points.emplace();
  in.can_be_true = in.can_be_false = false;
  for (const NodeId child : list.children) {
    const auto constant = constant_of(logic_.term(term(child)).domain);
    if (!constant) return std::nullopt;
    add_member(in, *constant);
    out.meet(all_but(*constant));
  }
  std::sort(in.texts->begin(), in.texts->end());
  std::sort(in.points->begin(), in.points->end());
  in.settle();
  const TermId item = term(node(id).children[0]);
  return Outcomes{logic_.within(item, std::move(in)), logic_.within(item, std::move(out)),
                  kinds(item, kind::error)};
}

std::optional<Outcomes> Analyser::affix(NodeId id) {
  const Node& n = node(id);
  const auto place = place_of(n.name);
  if (!place) return std::nullopt;
  const auto part = literal_domain(node(n.children[1]));
  if (!part || part->only_text() == nullptr) return std::nullopt;
  const TermId text = term(n.children[0]);
  const auto with = [&](bool holds) {
    Domain d = Domain::of(kind::string);
    d.affixes = {{*place, holds, *part->only_text()}};
    return logic_.within(text, std::move(d));
  };
  return Outcomes{with(true), with(false),
                  kinds(text, static_cast<Kinds>(kind::everything & ~kind::string))};
}

// has() of an input never fails: it is the question whether the input is there.
std::optional<Outcomes> Analyser::presence(NodeId id) {
  const Node& n = node(id);
  Type type;
  auto path = input_path(checked_, n.children[0], type);
  if (!path) return std::nullopt;
  if (type.kind() != TypeKind::record && (type.kind() != TypeKind::json || path->size() < 2))
    return std::nullopt;
  const Type* declared = type.kind() == TypeKind::record ? type.field(n.name) : nullptr;
  path->push_back(n.name);
  const TermId there = input(*path, declared != nullptr ? *declared : Type(TypeKind::json));
  return Outcomes{kinds(there, kNoError), kinds(there, kind::error), Logic::kNo};
}

}  // namespace autopilot::expr
