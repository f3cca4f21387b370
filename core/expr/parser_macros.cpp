#include "core/expr/parser_macros.h"

#include <fmt/format.h>

#include <string>

namespace autopilot::expr {
namespace {

using Expand = NodeId (*)(Builder&, const CallSite&);

// Where a macro may stand: has(…), list.all(…), cel.bind(…), math.least(…).
enum class Place { global, receiver, cel, math };

struct MacroRule {
  std::string_view name;
  Place place;
  std::size_t least_args;
  std::size_t most_args;
  Expand expand;
  std::string_view usage;
};

constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

Node node_at(const CallSite& call, NodeKind kind) {
  Node node;
  node.kind = kind;
  node.begin = call.begin;
  node.end = call.end;
  node.at = call.at;
  return node;
}

// True when the node is a plain name, which a macro may bind.
bool is_simple_name(const Builder& builder, NodeId id) {
  return builder[id].kind == NodeKind::ident && !builder[id].root;
}

bool bind_name(Builder& builder, const CallSite& call, std::size_t arg, std::string& name) {
  const NodeId id = call.args[arg];
  if (!is_simple_name(builder, id)) {
    builder.refuse(id, fmt::format("{}() needs the name of a variable here", call.name),
                   fmt::format("for example: xs.{}(x, …)", call.name));
    return false;
  }
  name = builder[id].name;
  return true;
}

NodeId comprehension(Builder& builder, const CallSite& call, Macro macro, std::size_t variables) {
  Node node = node_at(call, NodeKind::comprehension);
  node.macro = macro;
  if (!bind_name(builder, call, 0, node.name)) return kNoNode;
  if (variables == 2) {
    if (!bind_name(builder, call, 1, node.name2)) return kNoNode;
    if (node.name == node.name2) {
      return builder.refuse(call.args[1], fmt::format("both variables are called {}", node.name));
    }
  }
  node.children.push_back(call.target);
  node.children.insert(node.children.end(),
                       call.args.begin() + static_cast<std::ptrdiff_t>(variables), call.args.end());
  return builder.add(std::move(node));
}

template <Macro macro, std::size_t variables>
NodeId expand_comprehension(Builder& builder, const CallSite& call) {
  return comprehension(builder, call, macro, variables);
}

// all, exists, existsOne: with three arguments there are two variables.
template <Macro macro>
NodeId expand_quantifier(Builder& builder, const CallSite& call) {
  return comprehension(builder, call, macro, call.args.size() == 3 ? 2 : 1);
}

std::string has_help(const Builder& builder, NodeId id) {
  const Node& node = builder[id];
  if (node.kind == NodeKind::index && !node.optional) {
    return fmt::format("write {} in {}", builder.text(node.children[1]),
                       builder.text(node.children[0]));
  }
  if (node.optional) return fmt::format("write {}.hasValue()", builder.text(id));
  return "has() takes a field, as in has(action.data.weight)";
}

NodeId expand_has(Builder& builder, const CallSite& call) {
  const NodeId id = call.args[0];
  Node& select = builder[id];
  if (select.kind != NodeKind::select || select.optional || select.test) {
    return builder.refuse(id, "has() needs a field selection", has_help(builder, id));
  }
  Node node = node_at(call, NodeKind::select);
  node.test = true;
  node.at = select.at;
  node.name = select.name;
  node.children = select.children;
  return builder.add(std::move(node));
}

NodeId expand_bind(Builder& builder, const CallSite& call) {
  Node node = node_at(call, NodeKind::bind);
  if (!is_simple_name(builder, call.args[0])) {
    return builder.refuse(call.args[0], "cel.bind() needs the name of a variable first",
                          "for example: cel.bind(x, metrics.cvr_1h, x < 0.1)");
  }
  node.name = builder[call.args[0]].name;
  node.children = {call.args[1], call.args[2]};
  return builder.add(std::move(node));
}

// The value of a non-negative int literal, or null.
std::optional<std::int64_t> small_number(const Builder& builder, NodeId id) {
  const auto* value = std::get_if<std::int64_t>(&builder[id].literal);
  if (builder[id].kind != NodeKind::literal || value == nullptr || *value < 0) return std::nullopt;
  return *value;
}

NodeId expand_block(Builder& builder, const CallSite& call) {
  const Node& slots = builder[call.args[0]];
  if (slots.kind != NodeKind::list || !slots.marks.empty()) {
    return builder.refuse(call.args[0], "cel.block() needs a list literal first");
  }
  Node node = node_at(call, NodeKind::block);
  node.children = slots.children;
  node.children.push_back(call.args[1]);
  return builder.add(std::move(node));
}

NodeId expand_slot(Builder& builder, const CallSite& call) {
  Node node = node_at(call, NodeKind::ident);
  const auto index = small_number(builder, call.args[0]);
  if (!index) return builder.refuse(call.args[0], "cel.index() needs a non-negative int literal");
  node.name = fmt::format("@index{}", *index);
  return builder.add(std::move(node));
}

NodeId expand_numbered_name(Builder& builder, const CallSite& call) {
  Node node = node_at(call, NodeKind::ident);
  const auto depth = small_number(builder, call.args[0]);
  const auto unique = small_number(builder, call.args[1]);
  if (!depth || !unique) {
    return builder.refuse(call.args[depth ? 1 : 0],
                          fmt::format("cel.{}() needs non-negative int literals", call.name));
  }
  node.name = fmt::format("@{}:{}:{}", call.name, *depth, *unique);
  return builder.add(std::move(node));
}

bool may_be_number(const Node& node) {
  if (node.kind == NodeKind::literal) {
    return std::holds_alternative<std::int64_t>(node.literal) ||
           std::holds_alternative<std::uint64_t>(node.literal) ||
           std::holds_alternative<double>(node.literal);
  }
  return node.kind != NodeKind::list && node.kind != NodeKind::map;
}

// math.least([1, 2.0, x]): a list literal of numbers may be the only argument.
bool is_number_list(const Builder& builder, NodeId id) {
  const Node& list = builder[id];
  if (list.kind != NodeKind::list || list.children.empty()) return false;
  for (const NodeId element : list.children) {
    if (!may_be_number(builder[element])) return false;
  }
  return true;
}

NodeId expand_extreme(Builder& builder, const CallSite& call) {
  if (call.args.empty()) {
    return builder.refuse(call.begin, call.end,
                          fmt::format("math.{}() needs at least one argument", call.name));
  }
  const bool list = call.args.size() == 1 && is_number_list(builder, call.args[0]);
  for (const NodeId arg : call.args) {
    if (!list && !may_be_number(builder[arg])) {
      return builder.refuse(arg, fmt::format("math.{}() compares numbers only", call.name));
    }
  }
  Node node = node_at(call, NodeKind::call);
  node.name = call.name == "least" ? "math.@min" : "math.@max";
  node.children = call.args;
  if (call.args.size() > 2) {
    Node elements = node_at(call, NodeKind::list);
    elements.children = call.args;
    node.children = {builder.add(std::move(elements))};
  }
  return builder.add(std::move(node));
}

constexpr MacroRule kMacros[] = {
    {"has", Place::global, 1, 1, expand_has, "has(x.field)"},
    {"all", Place::receiver, 2, 3, expand_quantifier<Macro::all>, "xs.all(x, condition)"},
    {"exists", Place::receiver, 2, 3, expand_quantifier<Macro::exists>, "xs.exists(x, condition)"},
    {"exists_one", Place::receiver, 2, 3, expand_quantifier<Macro::exists_one>,
     "xs.exists_one(x, condition)"},
    {"existsOne", Place::receiver, 2, 3, expand_quantifier<Macro::exists_one>,
     "xs.existsOne(x, condition)"},
    {"map", Place::receiver, 2, 3, expand_comprehension<Macro::map, 1>, "xs.map(x, value)"},
    {"filter", Place::receiver, 2, 2, expand_comprehension<Macro::filter, 1>,
     "xs.filter(x, condition)"},
    {"transformList", Place::receiver, 3, 4, expand_comprehension<Macro::transform_list, 2>,
     "xs.transformList(i, x, value)"},
    {"transformMap", Place::receiver, 3, 4, expand_comprehension<Macro::transform_map, 2>,
     "m.transformMap(k, v, value)"},
    {"transformMapEntry", Place::receiver, 3, 4, expand_comprehension<Macro::transform_entry, 2>,
     "m.transformMapEntry(k, v, {key: value})"},
    {"optMap", Place::receiver, 2, 2, expand_comprehension<Macro::opt_map, 1>,
     "optional.optMap(x, value)"},
    {"optFlatMap", Place::receiver, 2, 2, expand_comprehension<Macro::opt_flat_map, 1>,
     "optional.optFlatMap(x, optional)"},
    {"sortBy", Place::receiver, 2, 2, expand_comprehension<Macro::sort_by, 1>, "xs.sortBy(x, key)"},
    {"bind", Place::cel, 3, 3, expand_bind, "cel.bind(x, value, result)"},
    {"block", Place::cel, 2, 2, expand_block, "cel.block([value, …], result)"},
    {"index", Place::cel, 1, 1, expand_slot, "cel.index(0)"},
    {"iterVar", Place::cel, 2, 2, expand_numbered_name, "cel.iterVar(0, 0)"},
    {"accuVar", Place::cel, 2, 2, expand_numbered_name, "cel.accuVar(0, 0)"},
    {"greatest", Place::math, 0, kAnyNumber, expand_extreme, "math.greatest(a, b, …)"},
    {"least", Place::math, 0, kAnyNumber, expand_extreme, "math.least(a, b, …)"},
};

bool stands_at(const Builder& builder, const CallSite& call, Place place) {
  if (place == Place::global) return call.target == kNoNode;
  if (call.target == kNoNode) return false;
  if (place == Place::receiver) return true;
  return is_simple_name(builder, call.target) &&
         builder[call.target].name == (place == Place::cel ? "cel" : "math");
}

std::string full_name(const MacroRule& rule) {
  const std::string_view prefix = rule.place == Place::cel    ? "cel."
                                  : rule.place == Place::math ? "math."
                                                              : "";
  return fmt::format("{}{}", prefix, rule.name);
}

}  // namespace

std::optional<NodeId> expand_macro(Builder& builder, const CallSite& call) {
  for (const MacroRule& rule : kMacros) {
    if (rule.name == call.name && call.args.size() >= rule.least_args &&
        call.args.size() <= rule.most_args && stands_at(builder, call, rule.place)) {
      return rule.expand(builder, call);
    }
  }
  return std::nullopt;
}

std::vector<std::string> macro_names() {
  std::vector<std::string> names;
  for (const MacroRule& rule : kMacros) names.push_back(full_name(rule));
  return names;
}

std::string macro_usage(std::string_view name) {
  for (const MacroRule& rule : kMacros) {
    if (full_name(rule) == name) return fmt::format("write {}", rule.usage);
  }
  return {};
}

}  // namespace autopilot::expr
