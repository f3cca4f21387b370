#pragma once
// The clauses of a condition: what && and || join, told apart while the condition is tested. Each
// is a program of its own over the slots of the set that it is watched under.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/decide/compiled.h"
#include "core/decide/trace.h"

namespace autopilot::trial {

struct Branch;

// A tree of && || ! over clauses.
struct ClauseTree {
  enum class Kind { leaf, all, any, negation };
  Kind kind = Kind::leaf;
  std::string text;       // leaf
  expr::Program program;  // leaf
  std::vector<ClauseTree> parts;

  // Of the leaves, in order of writing.
  std::vector<std::string> texts() const;
};

// Null when nothing is joined, and when a clause reads what the set has no slot for (an expression
// whose half is folded away): such a condition counts as one.
std::optional<ClauseTree> clause_tree(const std::string& source, const decide::CompiledSet& set,
                                      const expr::Environment& environment);

// Counts tests of conditions under one set. Both of a condition's ways are counted in
// ways[0] (true) and ways[1] (false), those of its clauses in the pairs behind.
class ClauseWatcher final : public decide::Watcher {
 public:
  ClauseWatcher(const decide::CompiledSet& set, const expr::Environment& environment)
      : set_(set), environment_(environment) {}

  // `ways` must outlive the watcher.
  void watch(const decide::Condition& condition, Branch* ways);
  void tested(const decide::Condition& condition, decide::Truth truth, const expr::Val* slots,
              expr::Scratch& scratch) override;

 private:
  struct Watched {
    Branch* ways = nullptr;
    std::optional<ClauseTree> tree;
  };

  const decide::CompiledSet& set_;
  const expr::Environment& environment_;
  std::unordered_map<const decide::Condition*, Watched> watched_;
};

}  // namespace autopilot::trial
