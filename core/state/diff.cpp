#include "core/state/diff.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/base/json.h"

namespace autopilot::state {
namespace {

using Kind = DiffNode::Kind;

DiffNode compare(std::string name, bool element, const Value* before, const Value* after);

const std::string* name_of(const Value& element) {
  const Value* name = element.get("name");
  return name != nullptr && name->is_string() ? &name->as_string() : nullptr;
}

bool all_named(const List& list) {
  std::set<std::string_view> names;
  return std::all_of(list.begin(), list.end(), [&](const Value& element) {
    const std::string* name = name_of(element);
    return name != nullptr && names.insert(*name).second;
  });
}

const Value* find_named(const List& list, const std::string& name) {
  const auto at =
      std::find_if(list.begin(), list.end(), [&](const Value& e) { return *name_of(e) == name; });
  return at == list.end() ? nullptr : &*at;
}

void compare_maps(const Map& before, const Map& after, std::vector<DiffNode>& out) {
  std::set<std::string_view> keys;
  for (const auto& [key, value] : before) keys.insert(key);
  for (const auto& [key, value] : after) keys.insert(key);
  for (const std::string_view key : keys) {
    out.push_back(compare(std::string(key), false, before.find(key), after.find(key)));
  }
}

// The names of `list` that `other` has too, in order.
std::vector<std::string_view> common_names(const List& list, const List& other) {
  std::vector<std::string_view> names;
  for (const Value& element : list) {
    if (find_named(other, *name_of(element)) != nullptr) names.push_back(*name_of(element));
  }
  return names;
}

void compare_named(const DiffNode& list, std::vector<DiffNode>& out) {
  const List& before = list.before->as_list();
  const List& after = list.after->as_list();
  if (common_names(before, after) != common_names(after, before)) {
    out.push_back({Kind::moved, "", true, list.before, list.after, {}});
  }
  for (const Value& e : after)
    out.push_back(compare(*name_of(e), true, find_named(before, *name_of(e)), &e));
  for (const Value& e : before) {
    if (find_named(after, *name_of(e)) == nullptr)
      out.push_back(compare(*name_of(e), true, &e, nullptr));
  }
}

void compare_indexed(const List& before, const List& after, std::vector<DiffNode>& out) {
  for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
    out.push_back(compare(std::to_string(i), true, i < before.size() ? &before[i] : nullptr,
                          i < after.size() ? &after[i] : nullptr));
  }
}

bool both_lists(const Value& a, const Value& b) { return a.is_list() && b.is_list(); }

DiffNode compare(std::string name, bool element, const Value* before, const Value* after) {
  DiffNode node{Kind::same, std::move(name), element, before, after, {}};
  if (before == nullptr || after == nullptr) {
    node.kind = before == nullptr ? Kind::added : Kind::removed;
    return node;
  }
  if (*before == *after) return node;
  if (before->is_map() && after->is_map()) {
    node.kind = Kind::nested;
    compare_maps(before->as_map(), after->as_map(), node.children);
  } else if (both_lists(*before, *after) && !before->as_list().empty() &&
             !after->as_list().empty()) {
    node.kind = Kind::nested;
    if (all_named(before->as_list()) && all_named(after->as_list())) {
      compare_named(node, node.children);
    } else {
      compare_indexed(before->as_list(), after->as_list(), node.children);
    }
  } else {
    node.kind = Kind::changed;
  }
  return node;
}

Value names_of(const Value& list) {
  List names;
  for (const Value& element : list.as_list()) names.emplace_back(*name_of(element));
  return names;
}

void collect(const DiffNode& node, const std::string& path, std::vector<FieldChange>& out) {
  if (node.kind == Kind::same) return;
  if (node.kind == Kind::moved) {
    out.push_back({path, names_of(*node.before), names_of(*node.after)});
    return;
  }
  if (node.kind == Kind::nested) {
    for (const DiffNode& child : node.children) collect(child, child_path(path, child), out);
    return;
  }
  FieldChange change{path, std::nullopt, std::nullopt};
  if (node.before != nullptr) change.before = *node.before;
  if (node.after != nullptr) change.after = *node.after;
  out.push_back(std::move(change));
}

}  // namespace

std::string child_path(const std::string& parent, const DiffNode& child) {
  const bool ambiguous = child.name.find_first_of(".[]\"") != std::string::npos;
  if (ambiguous || (child.name.empty() && child.kind != Kind::moved)) {
    std::string path = parent + "[";
    append_json_string(path, child.name);
    return path + "]";
  }
  if (child.element) return parent + "[" + child.name + "]";
  return parent.empty() ? child.name : parent + "." + child.name;
}

DiffNode diff_tree(const Value& before, const Value& after) {
  return compare("", false, &before, &after);
}

std::vector<FieldChange> flatten(const DiffNode& root) {
  std::vector<FieldChange> out;
  collect(root, "", out);
  return out;
}

}  // namespace autopilot::state
