#include "core/trial/clauses.h"

#include "core/expr/expression.h"
#include "core/trial/coverage.h"

namespace autopilot::trial {
namespace {

using decide::Truth;
using Kind = ClauseTree::Kind;

class TreeMaker {
 public:
  TreeMaker(const expr::Ast& ast, const decide::CompiledSet& set,
            const expr::Environment& environment)
      : ast_(ast), slots_(set.slots()), size_(set.slots().size()), environment_(environment) {}

  std::optional<ClauseTree> make() {
    ClauseTree tree = tree_of(ast_.root);
    if (!sound_ || leaves_ < 2) return std::nullopt;
    return tree;
  }

 private:
  ClauseTree tree_of(expr::NodeId id) {
    const expr::Node& node = ast_[id];
    ClauseTree out;
    const bool call = node.kind == expr::NodeKind::call;
    if (call && node.name == "_&&_") out.kind = Kind::all;
    if (call && node.name == "_||_") out.kind = Kind::any;
    if (call && node.name == "!_") out.kind = Kind::negation;
    if (out.kind == Kind::leaf) return leaf(node);
    for (const expr::NodeId child : node.children) out.parts.push_back(tree_of(child));
    return out;
  }

  ClauseTree leaf(const expr::Node& node) {
    ++leaves_;
    ClauseTree out;
    out.text = ast_.source.substr(node.begin, node.end - node.begin);
    const expr::CheckedExpr checked = expr::parse_and_check(out.text, environment_);
    if (checked.ok()) out.program = expr::compile(checked, slots_);
    sound_ = sound_ && checked.ok() && slots_.size() == size_;
    return out;
  }

  const expr::Ast& ast_;
  expr::SlotTable slots_;  // a copy: the set's own is complete
  const int size_;
  const expr::Environment& environment_;
  std::size_t leaves_ = 0;
  bool sound_ = true;
};

void collect(const ClauseTree& tree, std::vector<std::string>& out) {
  if (tree.kind == Kind::leaf) out.push_back(tree.text);
  for (const ClauseTree& part : tree.parts) collect(part, out);
}

// Evaluates from left to right as far as the answer needs, and counts what was evaluated.
class TreeWalk {
 public:
  TreeWalk(const expr::Val* slots, expr::Scratch& scratch, Branch* ways)
      : slots_(slots), scratch_(scratch), next_(ways) {}

  Truth walk(const ClauseTree& tree) {
    if (tree.kind == Kind::leaf) return leaf(tree);
    if (tree.kind == Kind::negation) {
      const Truth truth = walk(tree.parts[0]);
      return truth == Truth::error ? truth : truth == Truth::yes ? Truth::no : Truth::yes;
    }
    const Truth ends = tree.kind == Kind::all ? Truth::no : Truth::yes;
    Truth result = tree.kind == Kind::all ? Truth::yes : Truth::no;
    for (const ClauseTree& part : tree.parts) {
      if (result == ends) {
        pass_over(part);
        continue;
      }
      const Truth truth = walk(part);
      if (truth == ends || truth == Truth::error) result = truth;
    }
    return result;
  }

 private:
  Truth leaf(const ClauseTree& tree) {
    Branch* ways = next_;
    next_ += 2;
    const expr::Val v = tree.program.evaluate(slots_, scratch_);
    if (v.tag != expr::Tag::boolean) return Truth::error;
    ++ways[v.boolean ? 0 : 1].taken;
    return v.boolean ? Truth::yes : Truth::no;
  }

  void pass_over(const ClauseTree& tree) {
    if (tree.kind == Kind::leaf) next_ += 2;
    for (const ClauseTree& part : tree.parts) pass_over(part);
  }

  const expr::Val* slots_;
  expr::Scratch& scratch_;
  Branch* next_;
};

}  // namespace

std::vector<std::string> ClauseTree::texts() const {
  std::vector<std::string> out;
  collect(*this, out);
  return out;
}

std::optional<ClauseTree> clause_tree(const std::string& source, const decide::CompiledSet& set,
                                      const expr::Environment& environment) {
  const expr::CheckedExpr checked = expr::parse_and_check(source, environment);
  if (!checked.ok()) return std::nullopt;
  return TreeMaker(checked.ast, set, environment).make();
}

void ClauseWatcher::watch(const decide::Condition& condition, Branch* ways) {
  watched_[&condition] = {ways, clause_tree(condition.program.source(), set_, environment_)};
}

void ClauseWatcher::tested(const decide::Condition& condition, Truth truth, const expr::Val* slots,
                           expr::Scratch& scratch) {
  const auto found = watched_.find(&condition);
  if (found == watched_.end()) return;
  const Watched& watched = found->second;
  if (truth != Truth::error) ++watched.ways[truth == Truth::yes ? 0 : 1].taken;
  if (watched.tree) TreeWalk(slots, scratch, watched.ways + 2).walk(*watched.tree);
}

}  // namespace autopilot::trial
