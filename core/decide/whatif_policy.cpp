#include "core/decide/whatif_policy.h"

#include <fmt/format.h>

#include <map>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/yaml.h"
#include "core/policy/kinds.h"
#include "core/policy/loader.h"
#include "core/policy/policy_read.h"

namespace autopilot::decide {
namespace {

using policy::Field;
using policy::Schema;
using policy::ShapeKind;
using policy::ValueShape;
using Names = std::vector<std::string>;

// Walks a path along the shapes of a Policy and the content of the one that is meant.
class PathWalk {
 public:
  PathWalk(const Assignment& assignment, std::string_view rest)
      : assignment_(assignment), rest_(rest) {}

  void spec(const Value& content) {
    step("spec");
    const Value* spec = content.get("spec");
    object(policy::kPolicySpec, spec == nullptr ? Value() : *spec, "policy");
  }

  PolicyTarget take() { return std::move(target_); }

 private:
  void value(const ValueShape& shape, const Value& here, const std::string& what) {
    target_.integral = shape.kind == ShapeKind::integer;
    if (rest_.empty()) return leaf(shape, what);
    switch (shape.kind) {
      case ShapeKind::object:
        return object(*shape.schema, here, what);
      case ShapeKind::map:
        return entry(shape, here);
      case ShapeKind::list:
      case ShapeKind::one_or_list:
        return shape.element->kind == ShapeKind::object ? rule(shape, here, what)
                                                        : item(*shape.element, here, what);
      default:
        refuse(fmt::format("{} has no fields", what));
    }
  }

  // Rules and whole sections are no single values, but may be given as one.
  void leaf(const ValueShape& shape, const std::string& what) {
    if (shape.kind != ShapeKind::object) return;
    throw Error(ErrorKind::usage,
                fmt::format("{}: it names no field of {}", assignment_.path, what),
                "known are " + join(fields_of(*shape.schema), ", "));
  }

  void object(const Schema& schema, const Value& here, const std::string& what) {
    const std::string name = take_name();
    for (const Field& field : schema.fields) {
      if (field.name != name) continue;
      step(name);
      const Value* next = here.get(name);
      return value(field.shape, next == nullptr ? Value() : *next, name);
    }
    unknown(fmt::format("{} has no field", what == "policy" ? "a Policy" : what), name,
            fields_of(schema));
  }

  void entry(const ValueShape& shape, const Value& here) {
    if (rest_.starts_with('.')) rest_.remove_prefix(1);
    const std::string name(std::exchange(rest_, {}));  // keys may have dots in them
    step(name);
    const Value* next = here.get(name);
    value(*shape.element, next == nullptr ? Value() : *next, name);
  }

  void item(const ValueShape& shape, const Value& here, const std::string& what) {
    const std::optional<std::size_t> index = take_index();
    if (!index) refuse(fmt::format("{} has no fields", what), fmt::format("write {}[0]", what));
    const std::size_t size = here.is_list() ? here.as_list().size() : 0;
    if (*index >= size) refuse(fmt::format("{} ends before [{}]", what, *index));
    step_into(*index);
    value(shape, here.as_list()[*index], fmt::format("{}[{}]", what, *index));
  }

  // A rule of a section, by its name or its index.
  void rule(const ValueShape& shape, const Value& here, const std::string& section) {
    Names names;
    if (here.is_list()) {
      for (std::size_t i = 0; i < here.as_list().size(); ++i) {
        const Value* name = here.as_list()[i].get("name");
        names.push_back(name != nullptr && name->is_string()
                            ? name->as_string()
                            : policy::default_rule_name(section, i));
      }
    }
    std::size_t found = names.size();
    if (const std::optional<std::size_t> index = take_index()) {
      if (*index >= names.size()) refuse(fmt::format("{} has {} entries", section, names.size()));
      found = *index;
    } else {
      const std::string name = take_known(names);
      found = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
      if (found == names.size()) unknown(fmt::format("{} has no rule", section), name, names);
    }
    step_into(found);
    value(*shape.element, here.as_list()[found], names[found]);
  }

  // "[2]" at the front.
  std::optional<std::size_t> take_index() {
    const bool dotted = rest_.starts_with(".[");
    const std::string_view text = rest_.substr(dotted ? 1 : 0);
    const std::size_t close = text.find(']');
    if (!text.starts_with('[') || close == std::string_view::npos) return std::nullopt;
    const std::string digits(text.substr(1, close - 1));
    if (digits.empty() || digits.size() > 6 ||
        digits.find_first_not_of("0123456789") != std::string::npos)
      refuse(fmt::format("[{}] is no index", digits), "write [0] for the first");
    rest_ = text.substr(close + 1);
    return static_cast<std::size_t>(std::stoul(digits));
  }

  std::string take_name() {
    if (rest_.starts_with('.')) rest_.remove_prefix(1);
    const std::size_t end = std::min(rest_.find_first_of(".["), rest_.size());
    std::string name(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return name;
  }

  // The longest of the names that stands at the front: they may have dots and brackets in them.
  std::string take_known(const Names& names) {
    if (rest_.starts_with('.')) rest_.remove_prefix(1);
    std::string best;
    for (const std::string& name : names) {
      if (!rest_.starts_with(name) || name.size() <= best.size()) continue;
      const std::string_view behind = rest_.substr(name.size());
      if (behind.empty() || behind[0] == '.' || behind[0] == '[') best = name;
    }
    if (best.empty()) return take_name();
    rest_.remove_prefix(best.size());
    return best;
  }

  void step(std::string key) { target_.steps.push_back({std::move(key), 0}); }
  void step_into(std::size_t index) { target_.steps.push_back({{}, index}); }

  static Names fields_of(const Schema& schema) {
    Names names;
    for (const Field& field : schema.fields) names.emplace_back(field.name);
    return names;
  }

  [[noreturn]] void refuse(const std::string& why, std::string hint = {}) const {
    throw Error(ErrorKind::usage, fmt::format("{}: {}", assignment_.path, why), std::move(hint));
  }
  [[noreturn]] void unknown(const std::string& what, const std::string& word,
                            const Names& known) const {
    std::string hint(trim(did_you_mean(word, known)));
    if (hint.empty()) hint = known.empty() ? "there are none" : "known are " + join(known, ", ");
    refuse(fmt::format("{} {}", what, word), hint);
  }

  const Assignment& assignment_;
  std::string_view rest_;
  PolicyTarget target_;
};

// The id at the front of the path; the longest one, as ids may have dots in them.
std::size_t find_document(const Assignment& assignment, std::string_view& rest,
                          const std::vector<policy::Document>& documents) {
  std::size_t best = documents.size();
  Names names;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const std::string& id = documents[i].id;
    names.push_back(id);
    if (!rest.starts_with(id)) continue;
    const std::string_view behind = rest.substr(id.size());
    if (!behind.empty() && behind[0] != '.') continue;
    if (best == documents.size() || id.size() > documents[best].id.size()) best = i;
  }
  if (best < documents.size()) {
    rest.remove_prefix(documents[best].id.size());
    return best;
  }
  const std::string word(rest.substr(0, rest.find('.')));
  std::string hint(trim(did_you_mean(word, names)));
  if (hint.empty()) hint = names.empty() ? "no policy decides" : "known are " + join(names, ", ");
  throw Error(ErrorKind::usage, fmt::format("{}: no policy is called {}", assignment.path, word),
              hint);
}

}  // namespace

PolicyTarget find_policy_target(const Assignment& assignment,
                                const std::vector<policy::Document>& documents) {
  std::string_view rest = assignment.path;
  rest.remove_prefix(std::min(rest.size(), std::string_view("policy.").size()));
  const std::size_t document = find_document(assignment, rest, documents);
  if (rest.empty()) {
    throw Error(
        ErrorKind::usage, fmt::format("{}: it names no field", assignment.path),
        fmt::format("say what of the policy is otherwise, as in {}.mode=monitor", assignment.path));
  }
  PathWalk walk(assignment, rest);
  walk.spec(documents[document].content);
  PolicyTarget target = walk.take();
  target.document = document;
  return target;
}

std::vector<policy::Policy> changed_policies(const std::vector<policy::Document>& documents,
                                             const policy::Project& project,
                                             const std::vector<PolicyChange>& changes,
                                             Diagnostics& diagnostics) {
  std::map<std::size_t, Value> contents;
  for (const PolicyChange& change : changes) {
    const std::size_t i = change.target->document;
    Value& content = contents.try_emplace(i, documents[i].content).first->second;
    if (change_value(content, change.target->steps, change.assignment)) continue;
    throw Error(ErrorKind::usage,
                fmt::format("{}: there is no number to change", change.assignment.path),
                "give the value with = instead");
  }
  std::vector<policy::Policy> out;
  for (const auto& [i, content] : contents) {
    const std::string name = fmt::format("Policy/{} (as it would be)", documents[i].id);
    for (const policy::Document& made :
         policy::load_text(name, to_yaml(content), project, diagnostics)) {
      if (!made.hash.empty() && made.kind == "Policy") out.push_back(policy::policy_from(made));
    }
  }
  return out;
}

}  // namespace autopilot::decide
