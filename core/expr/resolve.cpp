#include "core/expr/resolve.h"

#include <algorithm>
#include <utility>

namespace autopilot::expr {
namespace {

// Calls `found` with each name that `name` may stand for inside `container`, innermost scope first,
// until it returns true: "A.B.name", "A.name", "name".
template <typename Found>
bool any_candidate(std::string_view container, std::string_view name, bool root, Found found) {
  while (!root && !container.empty()) {
    std::string candidate(container);
    candidate += '.';
    candidate += name;
    if (found(std::string_view(candidate))) return true;
    const std::size_t dot = container.rfind('.');
    container = dot == std::string_view::npos ? std::string_view() : container.substr(0, dot);
  }
  return found(name);
}

// Whether a node may be part of a qualified name a.b.c.
bool is_plain_select(const Node& node) {
  return node.kind == NodeKind::select && !node.test && !node.optional;
}

}  // namespace

Resolver::Resolver(Ast& ast, const Environment& environment)
    : ast_(ast), environment_(environment) {
  for (const auto& [name, type] : environment.variables) {
    if (name.find('.') != std::string::npos) dotted_ = true;
  }
}

std::vector<std::string> Resolver::local_names() const {
  std::vector<std::string> names;
  for (const Local& local : locals_) names.emplace_back(local.name);
  return names;
}

const Type* Resolver::local(std::string_view name) const {
  const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                  [&](const Local& local) { return local.name == name; });
  return found == locals_.rend() ? nullptr : &found->type;
}

std::optional<Resolver::Global> Resolver::exact_global(std::string_view name) const {
  const auto variable = environment_.variables.find(name);
  if (variable != environment_.variables.end()) {
    return Global{variable->first, variable->second, false};
  }
  const Type* type = standard_type(name);
  if (type == nullptr) return std::nullopt;
  return Global{std::string(name), Type::type(*type), true};
}

std::optional<Resolver::Global> Resolver::global(std::string_view name, bool root) const {
  std::optional<Global> result;
  any_candidate(environment_.container, name, root, [&](std::string_view candidate) {
    result = exact_global(candidate);
    return result.has_value();
  });
  return result;
}

void Resolver::rewrite(NodeId id, Global global) {
  Node& node = ast_[id];
  node.kind = NodeKind::ident;
  node.name = std::move(global.name);
  node.root = true;
  node.is_type = global.is_type;
  node.children.clear();
}

std::optional<Type> Resolver::ident(NodeId id) {
  const Node& node = ast_[id];
  if (!node.root) {
    if (const Type* type = local(node.name)) return *type;
  }
  auto found = global(node.name, node.root);
  if (!found) return std::nullopt;
  Type type = found->type;
  rewrite(id, std::move(*found));
  return type;
}

bool Resolver::is_known(const Node& ident) const {
  return (!ident.root && local(ident.name) != nullptr) || global(ident.name, ident.root);
}

// Spares most selections the search: without dotted variables and containers only a few types have
// dotted names.
bool Resolver::may_be_dotted(std::string_view first) const {
  return dotted_ || !environment_.container.empty() || first == "google" || first == "net";
}

void Resolver::chain(NodeId id) {
  std::vector<NodeId> parts;  // from the outermost in
  NodeId at = id;
  for (; is_plain_select(ast_[at]); at = ast_[at].children[0]) parts.push_back(at);
  const Node& first = ast_[at];
  if (first.kind != NodeKind::ident || !may_be_dotted(first.name)) return;
  if (!first.root && local(first.name) != nullptr) return;

  const bool root = first.root;
  std::string name = first.name;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) name += '.' + ast_[*part].name;
  for (const NodeId part : parts) {
    if (auto found = global(name, root)) {
      rewrite(part, std::move(*found));
      return;
    }
    name.resize(name.size() - ast_[part].name.size() - 1);
  }
}

std::optional<Function> Resolver::function(std::string_view name, bool root) const {
  Function function;
  const bool found =
      any_candidate(environment_.container, name, root, [&](std::string_view candidate) {
        const auto declared = environment_.functions.find(candidate);
        if (declared != environment_.functions.end()) function.declared = &declared->second;
        function.standard = standard_function(candidate);
        if (function.declared == nullptr && function.standard == nullptr) return false;
        function.name = candidate;
        return true;
      });
  if (!found) return std::nullopt;
  return function;
}

// Writes a.b.c; returns the ident it starts with, or null when the node is something else.
const Node* Resolver::qualified_name(NodeId id, std::string& name) const {
  std::vector<const Node*> parts;
  const Node* node = &ast_[id];
  for (; is_plain_select(*node); node = &ast_[node->children[0]]) parts.push_back(node);
  if (node->kind != NodeKind::ident) return nullptr;
  name = node->name;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) name += '.' + (*part)->name;
  return node;
}

std::optional<Function> Resolver::qualified_function(const Node& call) const {
  const NodeKind kind = ast_[call.children[0]].kind;
  if (kind != NodeKind::ident && kind != NodeKind::select) return std::nullopt;
  std::string name;
  const Node* first = qualified_name(call.children[0], name);
  if (first == nullptr) return std::nullopt;
  name += '.';
  name += call.name;
  return function(name, first->root);
}

}  // namespace autopilot::expr
