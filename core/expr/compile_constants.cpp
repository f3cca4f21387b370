#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>

#include "core/base/error.h"
#include "core/expr/compile.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr std::uint64_t kFoldingCost = 10'000;
constexpr int kEverywhere = std::numeric_limits<int>::max();  // depends on nothing
constexpr int kInput = -1;

Val literal_value(const Literal& literal) {
  struct Visitor {
    Val operator()(std::nullptr_t) const { return Val::of_null(); }
    Val operator()(bool b) const { return Val::of_bool(b); }
    Val operator()(std::int64_t i) const { return Val::of_int(i); }
    Val operator()(std::uint64_t u) const { return Val::of_uint(u); }
    Val operator()(double d) const { return Val::of_double(d); }
    Val operator()(const std::string& s) const { return Val::of_string(s); }
    Val operator()(const Bytes& b) const { return Val::of_bytes(b.data); }
  };
  return std::visit(Visitor(), literal);
}

// What tells constants apart. Containers are never shared.
std::string constant_key(const Val& value, std::size_t unique) {
  switch (value.tag) {
    case Tag::string:
    case Tag::bytes:
    case Tag::type:
      return fmt::format("{}:{}", static_cast<int>(value.tag), value.text());
    case Tag::list:
    case Tag::map:
    case Tag::optional:
    case Tag::abstract:
      return fmt::format("#{}", unique);
    default:
      return fmt::format("{}:{}:{}", static_cast<int>(value.tag), value.uinteger, value.size);
  }
}

bool is_worth_keeping(const Val& value, int& budget) {
  if (--budget < 0) return false;
  switch (value.tag) {
    case Tag::string:
    case Tag::bytes:
      return value.size <= 65'536;
    case Tag::list:
      for (std::uint32_t i = 0; i < value.list->size; ++i) {
        if (!is_worth_keeping(value.list->items[i], budget)) return false;
      }
      return true;
    case Tag::map:
      for (std::uint32_t i = 0; i < value.map->size; ++i) {
        if (!is_worth_keeping(value.map->entries[i].value, budget)) return false;
      }
      return true;
    case Tag::optional:
      return !value.optional->present || is_worth_keeping(value.optional->value, budget);
    default:
      return true;
  }
}

}  // namespace

// --- which parts are constant

Folding::Folding(const CheckedExpr& checked)
    : ast_(checked.ast), closed_(ast_.nodes.size(), false), failed_(ast_.nodes.size(), false) {
  outermost(ast_.root);
  for (const Node& node : ast_.nodes) {
    const bool chain = node.kind == NodeKind::call && (node.name == "_&&_" || node.name == "_||_");
    absorbers_ += chain || node.kind == NodeKind::comprehension;
  }
}

int Folding::outermost_name(const Node& node) const {
  if (node.is_type) return kEverywhere;
  if (node.root) return kInput;
  for (std::size_t i = names_.size(); i-- > 0;) {
    if (names_[i] == node.name) return static_cast<int>(i);
  }
  return kInput;
}

// The number of the outermost local variable that the node uses, or kInput, or kEverywhere. A node
// is closed when all that it uses is bound within it.
int Folding::outermost(NodeId id) {
  const Node& node = ast_[id];
  const std::size_t depth = names_.size();
  int result = node.kind == NodeKind::ident ? outermost_name(node) : kEverywhere;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    result = std::min(result, outermost(node.children[i]));
    if (node.kind == NodeKind::block) {
      // Slots are registers of ours: only the compiler knows their names.
      names_.push_back("@");
      result = kInput;
    } else if (i == 0 && (node.kind == NodeKind::bind || node.kind == NodeKind::comprehension)) {
      names_.push_back(node.name);
      if (!node.name2.empty()) names_.push_back(node.name2);
    }
  }
  names_.resize(depth);
  closed_[id] = result >= static_cast<int>(depth);
  return result;
}

// --- constants

const Val* Compiler::fold(NodeId id) {
  const auto known = folded_.find(id);
  if (known != folded_.end()) return &known->second;
  const Node& n = node(id);
  if (n.kind == NodeKind::literal)
    return &folded_.emplace(id, keep(literal_value(n.literal))).first->second;
  if (n.kind == NodeKind::ident && n.is_type) {
    return &folded_.emplace(id, keep(Val::of_type(n.name))).first->second;
  }
  if (!folds_ || !folding_.is_closed(id) || folding_.has_failed(id)) return nullptr;
  SlotTable none;
  const Program part = Compiler(checked_, none, folding_, false).compile(id);
  Scratch scratch;
  scratch.cost_limit = kFoldingCost;
  const Val result = part.evaluate(nullptr, scratch);
  int budget = 10'000;
  if (result.is_error() || !is_worth_keeping(result, budget)) {
    folding_.set_failed(id);
    return nullptr;
  }
  return &folded_.emplace(id, keep(result)).first->second;
}

Val keep_in(Arena& arena, const Val& value);

namespace {

Val keep_list(Arena& arena, const ListRep& list) {
  Val* items = arena.array<Val>(list.size);
  for (std::uint32_t i = 0; i < list.size; ++i) items[i] = keep_in(arena, list.items[i]);
  return Val::of_list(make_list(arena, items, list.size));
}

Val keep_map(Arena& arena, const MapRep& map) {
  MapBuilder builder(map.size, arena);
  for (std::uint32_t i = 0; i < map.size; ++i) {
    builder.add(arena, keep_in(arena, map.entries[i].key), keep_in(arena, map.entries[i].value));
  }
  return Val::of_map(builder.finish(arena));
}

}  // namespace

// A copy that owes nothing to anybody else's memory.
Val keep_in(Arena& arena, const Val& value) {
  switch (value.tag) {
    case Tag::string:
    case Tag::bytes:
    case Tag::type: {
      Val copy = value;
      copy.data = arena.copy(value.text()).data();
      return copy;
    }
    case Tag::list:
      return keep_list(arena, *value.list);
    case Tag::map:
      return keep_map(arena, *value.map);
    case Tag::optional:
      return value.optional->present ? make_optional(arena, keep_in(arena, value.optional->value))
                                     : no_value();
    case Tag::abstract:
      return Val::of_address(new (arena.allocate(sizeof(AddressRep))) AddressRep(*value.address));
    default:
      return value;
  }
}

Val Compiler::keep(const Val& value) { return keep_in(parts_.arena, value); }

std::uint32_t Compiler::constant(const Val& value) {
  const auto next = static_cast<std::uint32_t>(parts_.constants.size());
  const auto [place, is_new] = constants_.emplace(constant_key(value, next), next);
  if (is_new) parts_.constants.push_back(keep(value));
  return place->second;
}

namespace {
std::uint16_t small_index(std::size_t size) {
  if (size > 60'000)
    throw Error(ErrorKind::invalid, "the expression has too many parts", "make it smaller");
  return static_cast<std::uint16_t>(size);
}
}  // namespace

std::uint16_t Compiler::set_of(std::uint32_t list) {
  parts_.set_lists.push_back(list);
  return small_index(parts_.set_lists.size() - 1);
}

std::uint16_t Compiler::regex_of(const Val& pattern) {
  const std::uint32_t text = constant(pattern);
  for (std::size_t i = 0; i < parts_.regex_texts.size(); ++i) {
    if (parts_.regex_texts[i] == text) return small_index(i);
  }
  parts_.regex_texts.push_back(text);
  return small_index(parts_.regex_texts.size() - 1);
}

std::uint16_t Compiler::callee(std::string_view name, Style style, std::size_t count) {
  for (std::size_t i = 0; i < parts_.callees.size(); ++i) {
    const Callee& known = parts_.callees[i];
    if (known.name == name && known.style == style && known.count == count) return small_index(i);
  }
  parts_.callees.push_back({std::string(name), style, count, find_functions(name, style, count)});
  return small_index(parts_.callees.size() - 1);
}

}  // namespace autopilot::expr
