// Conditions: code that goes one of three ways.

#include <array>

#include "core/expr/compile.h"
#include "core/expr/input_path.h"
#include "core/expr/regex.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr std::array<std::string_view, 6> kRelations{"_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_"};
constexpr std::array<int, 6> kMirrored{2, 3, 0, 1, 4, 5};  // a < b is b > a

int relation_of(const Node& node) {
  if (node.kind != NodeKind::call || node.children.size() != 2) return -1;
  for (std::size_t i = 0; i < kRelations.size(); ++i) {
    if (node.name == kRelations[i]) return static_cast<int>(i);
  }
  return -1;
}

Op shifted(Op first, int relation) { return static_cast<Op>(static_cast<int>(first) + relation); }

bool is_chain(const Node& node) { return node.name == "_&&_" || node.name == "_||_"; }

bool fits_compare_constant(const Val& value) {
  return value.tag == Tag::real || value.tag == Tag::integer || value.tag == Tag::string;
}

std::optional<Op> affix_op(std::string_view name) {
  if (name == "startsWith") return Op::starts_with;
  if (name == "endsWith") return Op::ends_with;
  if (name == "contains") return Op::contains;
  return std::nullopt;
}

}  // namespace

bool Compiler::is_condition(NodeId id) const {
  const Node& n = node(id);
  if (n.kind == NodeKind::select) return n.test;
  if (n.kind == NodeKind::comprehension) {
    return n.macro == Macro::all || n.macro == Macro::exists || n.macro == Macro::exists_one;
  }
  if (n.kind != NodeKind::call) return false;
  if (is_chain(n) || relation_of(n) >= 0) return true;
  if (n.name == "!_" && n.children.size() == 1) return true;
  if (n.children.size() != 2) return false;
  return n.name == "@in" || n.name == "matches" || (n.member && affix_op(n.name));
}

void Compiler::condition(NodeId id, const Ways& ways) {
  const Frame frame(*this);
  const Node& n = node(id);
  if (const Val* value = fold(id); value != nullptr && value->tag == Tag::boolean) {
    return emit_jump(value->boolean ? ways.yes : ways.no, id);
  }
  if (n.kind == NodeKind::bind || n.kind == NodeKind::block) return condition(open_scope(id), ways);
  if (n.kind == NodeKind::select && n.test) return presence(id, ways);
  if (n.kind == NodeKind::comprehension && is_condition(id)) {
    return n.macro == Macro::exists_one ? exactly_one(id, ways) : quantifier(id, ways);
  }
  if (n.kind == NodeKind::call && call_condition(id, ways)) return;
  if (!is_condition(id)) return emit_test(Op::test, id, ways, operand(id), id);
  const Register result = take();  // such as a.startsWith(b)
  general_call(id, result);
  emit_test(Op::test, id, ways, Operand::reg(result), id);
}

bool Compiler::call_condition(NodeId id, const Ways& ways) {
  const Node& n = node(id);
  if (is_chain(n)) {
    chain(id, ways, n.name == "_&&_");
  } else if (n.name == "!_" && n.children.size() == 1) {
    condition(n.children[0], {ways.no, ways.yes, ways.failed, ways.error});
  } else if (n.name == "_?_:_") {
    choice(id, ways);
  } else if (const int relation = relation_of(n); relation >= 0) {
    compare(id, ways, relation);
  } else if (n.name == "@in" && n.children.size() == 2) {
    member_of(id, ways);
  } else {
    return text_test(id, ways);
  }
  return true;
}

// Every operand may fail, and the others still decide: an error waits in a register of its own
// until the end.
void Compiler::chain(NodeId id, const Ways& ways, bool is_and) {
  const Register pending = start_pending(id);
  for (const NodeId operand : node(id).children) {
    const Label next = label();
    condition(operand,
              is_and ? Ways{next, ways.no, next, pending} : Ways{ways.yes, next, next, pending});
    place(next);
  }
  emit_settle(id, pending, is_and ? ways.yes : ways.no, ways.failed, ways.error);
}

void Compiler::choice(NodeId id, const Ways& ways) {
  const Label yes = label(), no = label();
  condition(child(id, 0), {yes, no, ways.failed, ways.error});
  place(yes);
  condition(child(id, 1), ways);
  place(no);
  condition(child(id, 2), ways);
}

void Compiler::compare(NodeId id, const Ways& ways, int relation) {
  NodeId left = child(id, 0), right = child(id, 1);
  if (fold(left) != nullptr && fold(right) == nullptr) {
    std::swap(left, right);
    relation = kMirrored[static_cast<std::size_t>(relation)];
  }
  if (compare_scaled(id, ways, relation, left, right)) return;
  if (compare_scaled(id, ways, kMirrored[static_cast<std::size_t>(relation)], right, left)) return;
  const Operand a = operand(left);
  const Val* value = fold(right);
  if (value != nullptr && fits_compare_constant(*value) && !a.is(Where::constant)) {
    return emit_test(shifted(Op::less_constant, relation), id, ways, a, left, {}, right, *value);
  }
  const Operand b = operand(right);
  emit_test(shifted(Op::less, relation), id, ways, a, left, b, right);
}

// slot < slot * 0.8
bool Compiler::compare_scaled(NodeId id, const Ways& ways, int relation, NodeId left,
                              NodeId right) {
  const Node& product = node(right);
  if (relation > 3 || product.kind != NodeKind::call || product.name != "_*_") return false;
  NodeId slot = product.children[0], factor = product.children[1];
  if (fold(slot) != nullptr) std::swap(slot, factor);
  const Val* value = fold(factor);
  if (value == nullptr || value->tag != Tag::real) return false;
  const auto a = slot_of(left);
  if (!a) return false;
  const auto b = slot_of(slot);
  if (!b) return false;
  emit_test(shifted(Op::less_scaled, relation), id, ways, *a, left, *b, slot, *value);
  return true;
}

void Compiler::member_of(NodeId id, const Ways& ways) {
  const NodeId item = child(id, 0), container = child(id, 1);
  const Operand a = operand(item);
  const Val* list = fold(container);
  constexpr std::uint32_t kLinearUpTo = 4;
  bool hashed = list != nullptr && list->tag == Tag::list && list->list->size > kLinearUpTo;
  for (std::uint32_t i = 0; hashed && i < list->list->size; ++i)
    hashed = is_scalar(list->list->items[i]);
  if (hashed) {
    emit_test(Op::in_set, id, ways, a, item);
    parts_.code.back().extra = set_of(constant(*list));
    return;
  }
  const Operand b = operand(container);
  emit_test(Op::in, id, ways, a, item, b, container);
}

bool Compiler::text_test(NodeId id, const Ways& ways) {
  const Node& n = node(id);
  if (n.children.size() != 2) return false;
  const Val* part = fold(n.children[1]);
  if (part == nullptr || part->tag != Tag::string) return false;
  if (n.name == "matches") {
    if (!Regex(part->text()).ok()) return false;  // fails when it runs
    emit_test(Op::matches, id, ways, operand(n.children[0]), n.children[0]);
    parts_.code.back().extra = regex_of(*part);
    return true;
  }
  const auto op = n.member ? affix_op(n.name) : std::nullopt;
  if (!op) return false;
  emit_test(*op, id, ways, operand(n.children[0]), n.children[0], {}, n.children[1], *part);
  return true;
}

void Compiler::presence(NodeId id, const Ways& ways) {
  const Node& n = node(id);
  Type type;
  if (const auto path = input_path(checked_, n.children[0], type)) {
    if (type.kind() == TypeKind::record || (type.kind() == TypeKind::json && path->size() > 1)) {
      Path whole = *path;
      whole.push_back(n.name);
      return emit_test(Op::has_slot, id, ways, use_slot(whole), id);
    }
  }
  emit_test(Op::has_field, id, ways, operand(n.children[0]), n.children[0], {}, kNoNode,
            Val::of_string(n.name));
}

}  // namespace autopilot::expr
