#pragma once
// Trees as text, for tables of expectations: "1 + x.f" is (_+_ 1 (x).f)… see show().

#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <variant>

#include "core/expr/ast.h"

namespace autopilot::expr::testing {

inline std::string show_literal(const Literal& literal) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
          return "null";
        } else if constexpr (std::is_same_v<T, bool>) {
          return value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, std::uint64_t>) {
          return fmt::format("{}u", value);
        } else if constexpr (std::is_same_v<T, double>) {
          return fmt::format("{:#}", value);
        } else if constexpr (std::is_same_v<T, std::string>) {
          return fmt::format("'{}'", value);
        } else if constexpr (std::is_same_v<T, Bytes>) {
          std::string hex = "b";
          for (const char c : value.data)
            hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
          return hex;
        } else {
          return fmt::format("{}", value);
        }
      },
      literal);
}

inline std::string_view macro_name(Macro macro) {
  constexpr std::string_view kNames[] = {
      "all",    "exists",        "exists_one",   "map",
      "filter", "transformList", "transformMap", "transformMapEntry",
      "optMap", "optFlatMap",    "sortBy"};
  return kNames[static_cast<std::size_t>(macro)];
}

inline std::string show(const Ast& ast, NodeId id);

inline std::string show_children(const Ast& ast, NodeId id) {
  const Node& node = ast[id];
  std::string out;
  const std::size_t per_mark = node.kind == NodeKind::map ? 2 : 1;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const bool marked = i % per_mark == 0 && !node.marks.empty() && node.marks[i / per_mark];
    out += (marked ? " ?" : " ") + show(ast, node.children[i]);
  }
  return out;
}

// Literals as CEL has them; `x` local or unresolved, `.x` global, `<int>` a type; (f a b) a call,
// (f. a b) a member call,
// (.name a) a selection, (has .name a), ([] a i), (list …), (map k v …), (all x range body), (bind
// x a b), (block …).
inline std::string show(const Ast& ast, NodeId id) {
  const Node& node = ast[id];
  const std::string children = show_children(ast, id);
  switch (node.kind) {
    case NodeKind::literal:
      return show_literal(node.literal);
    case NodeKind::ident:
      if (node.is_type) return fmt::format("<{}>", node.name);
      return (node.root ? "." : "") + node.name;
    case NodeKind::select:
      return fmt::format("({}.{}{}{})", node.test ? "has " : "", node.optional ? "?" : "",
                         node.name, children);
    case NodeKind::index:
      return fmt::format("([{}]{})", node.optional ? "?" : "", children);
    case NodeKind::call:
      return fmt::format("({}{}{}{})", node.root ? "." : "", node.name, node.member ? "." : "",
                         children);
    case NodeKind::list:
      return fmt::format("(list{})", children);
    case NodeKind::map:
      return fmt::format("(map{})", children);
    case NodeKind::comprehension:
      return fmt::format("({} {}{}{}{})", macro_name(node.macro), node.name,
                         node.name2.empty() ? "" : " ", node.name2, children);
    case NodeKind::bind:
      return fmt::format("(bind {}{})", node.name, children);
    case NodeKind::block:
      return fmt::format("(block{})", children);
  }
  return "?";
}

inline std::string show(const Ast& ast) { return show(ast, ast.root); }

// The bytes that a fault points to.
inline std::string pointed(std::string_view source, const Fault& fault) {
  return std::string(source.substr(fault.begin, fault.end - fault.begin));
}

}  // namespace autopilot::expr::testing
