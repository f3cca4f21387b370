#pragma once
// What differs between two values, as a tree that follows the document and as a flat list of
// fields. Maps are compared by key, lists of maps with unique names by name, other lists by index.
// The order of keys is no difference; the order of list elements is one.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/value.h"

namespace autopilot::state {

// `before` and `after` borrow from the compared values; null where the part does not exist.
struct DiffNode {
  enum class Kind {
    same,
    added,
    removed,
    changed,
    nested,
    moved
  };  // moved: only the order of a named list
  Kind kind = Kind::same;
  std::string name;      // the key, the element's name, or its index
  bool element = false;  // of a list
  const Value* before = nullptr;
  const Value* after = nullptr;
  std::vector<DiffNode> children;  // of nested; the unchanged ones too. Maps by key, lists as in
                                   // `after`, the removed last
};

DiffNode diff_tree(const Value& before, const Value& after);

// One leaf of the tree: "spec.limits[hourly].max". Paths are unique within a document.
struct FieldChange {
  std::string path;
  std::optional<Value> before;  // absent: the field is new
  std::optional<Value> after;   // absent: the field is gone
};

std::vector<FieldChange> flatten(const DiffNode& root);

// The path of a child: `parent.name`, `parent[name]`, or `parent["a.b"]` for keys that would be
// ambiguous.
std::string child_path(const std::string& parent, const DiffNode& child);

}  // namespace autopilot::state
