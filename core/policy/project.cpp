#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/base/yaml.h"
#include "core/policy/approvals.h"
#include "core/policy/kinds.h"
#include "core/policy/loader.h"
#include "core/policy/secret_check.h"

namespace autopilot::policy {
namespace {

// The fields that decisions and approvals depend on, in the order in which the document
// Project/autopilot has them.
constexpr std::string_view kDecisionFields[] = {"action_types", "risk", "metrics",  "features",
                                                "segment",      "data", "approvals"};

ActionType& action_type(Project& project, const std::string& name) {
  for (ActionType& type : project.action_types) {
    if (type.name == name) return type;
  }
  project.action_types.push_back({name, std::nullopt});
  return project.action_types.back();
}

// A number stands for itself.
Expression risk_of(const Value& value) {
  return {value.is_string() ? value.as_string() : to_json(value), {}};
}

// Reads what fits and skips the rest: faults were reported, or cannot be in content that passed
// validation.
void read_action_types(const Value& value, Project& project) {
  if (value.is_list()) {
    for (const Value& name : value.as_list()) {
      if (name.is_string()) action_type(project, name.as_string());
    }
  }
  if (!value.is_map()) return;
  for (const auto& [name, details] : value.as_map()) {
    ActionType& type = action_type(project, name);
    const Value* risk = details.get("risk");
    if (risk != nullptr && !risk->is_null()) type.risk = risk_of(*risk);
  }
}

void read_risks(const Value& value, Project& project) {
  if (!value.is_map()) return;
  for (const auto& [name, risk] : value.as_map()) {
    action_type(project, name).risk = risk_of(risk);
  }
}

Shape read_shape(const Value* value) {
  if (value == nullptr || !value->is_map()) return std::nullopt;
  std::vector<DeclaredField> fields;
  for (const auto& [name, type] : value->as_map()) {
    if (type.is_string()) fields.push_back({name, type.as_string()});
  }
  return fields;
}

void read_decision_fields(const Value& spec, Project& project) {
  if (const Value* types = spec.get("action_types")) read_action_types(*types, project);
  if (const Value* risks = spec.get("risk")) read_risks(*risks, project);
  project.metrics = read_shape(spec.get("metrics"));
  project.features = read_shape(spec.get("features"));
  project.segment = read_shape(spec.get("segment"));
  project.data = read_shape(spec.get("data"));
  if (const Value* approvals = spec.get("approvals"))
    project.approvals = read_approvals(*approvals);
}

void read_paths(const Value& value, std::vector<std::string>& paths) {
  paths.clear();
  if (value.is_string()) paths.push_back(value.as_string());
  if (!value.is_list()) return;
  for (const Value& path : value.as_list()) {
    if (path.is_string()) paths.push_back(path.as_string());
  }
}

void read_plan(const Value& plan, Project& project) {
  if (const Value* share = plan.get("max_change_share")) {
    const auto parsed = share->is_string() ? parse_share(share->as_string()) : std::nullopt;
    if (parsed.has_value()) project.max_change_share = *parsed;
    if (share->is_number()) project.max_change_share = share->as_double();
  }
  const Value* least = plan.get("min_documents");
  if (least != nullptr && least->kind() == Value::Kind::integer)
    project.min_documents = least->as_int();
}

std::optional<Document> document_of(const Value& content, const std::string& file, Span span) {
  Map spec;
  for (const std::string_view name : kDecisionFields) {
    const Value* value = content.get(name);
    if (value != nullptr) spec.append(std::string(name), *value);
  }
  if (spec.empty()) return std::nullopt;
  Document document;
  document.kind = "Project";
  document.id = "autopilot";
  Map whole;
  whole.append("apiVersion", "autopilot/v1");
  whole.append("kind", document.kind);
  whole.append("metadata", Map{{"id", Value(document.id)}});
  whole.append("spec", std::move(spec));
  document.content = std::move(whole);
  document.hash = to_hex(sha256(to_canonical_json(document.content)));
  document.file = file;
  document.span = span;
  return document;
}

constexpr ValueShape kTypeName{.kind = ShapeKind::text};
constexpr ValueShape kTypeNames{.kind = ShapeKind::list, .element = &kTypeName};
constexpr Field kTypeFields[] = {
    {"risk", {.kind = ShapeKind::expression}, "CEL that computes the risk of such an action"}};
constexpr Schema kTypeSchema{"an action type", kTypeFields, {}, true};
constexpr ValueShape kTypeShape{.kind = ShapeKind::object, .schema = &kTypeSchema};

void check_action_types(const YamlNode& root, Diagnostics& diagnostics) {
  const YamlNode* types = root.find("action_types");
  if (types == nullptr) return;
  if (!types->is_map()) {
    check_shape(*types, kTypeNames, "action_types", diagnostics);
    return;
  }
  for (const YamlEntry& entry : types->entries) {
    if (!entry.value.is_null()) check_shape(entry.value, kTypeShape, entry.key, diagnostics);
  }
}

// Risk expressions see everything but risk itself, and declared names hold for them too.
void check_risks(const YamlNode& root, const Project& project, Diagnostics& diagnostics) {
  ExpressionChecker expressions(project, diagnostics);
  const auto check = [&](const YamlNode* node) {
    if (node == nullptr || !node->is_scalar() || node->text.empty()) return;
    const Value value = scalar_value(*node);
    if (value.is_string()) expressions.check(*node, Wanted::number, false);
    if (value.is_number()) expressions.check_made(to_json(value), *node, Wanted::number, false);
  };
  if (const YamlNode* risks = root.find("risk")) {
    for (const YamlEntry& entry : risks->entries) check(&entry.value);
  }
  if (const YamlNode* types = root.find("action_types")) {
    for (const YamlEntry& entry : types->entries) check(entry.value.find("risk"));
  }
}

}  // namespace

Project load_project(const std::string& path, Files& files, Diagnostics& diagnostics) {
  Project project;
  if (!files.exists(path)) return project;
  std::string text;
  try {
    text = files.read(path);
  } catch (const Error& e) {
    diagnostics.error("unreadable", {}, e.what()).help = e.hint();
    return project;
  }
  const std::size_t errors = diagnostics.errors();
  const std::uint32_t source = diagnostics.sources().add(path, std::move(text));
  YamlBudget budget;
  const std::vector<YamlDocument> documents = parse_yaml(source, budget, diagnostics);
  if (documents.empty()) return project;
  if (documents.size() > 1) {
    diagnostics
        .error("wrong-value", documents[1].root.span, "autopilot.yaml holds more than one document")
        .help = "documents such as policies belong into files of their own";
  }
  const YamlNode& root = documents[0].root;
  check_shape(root, {.kind = ShapeKind::object, .schema = &kProjectSchema}, "autopilot.yaml",
              diagnostics);
  check_references(root, diagnostics);
  check_action_types(root, diagnostics);
  const Value content = to_value(root, diagnostics);
  read_decision_fields(content, project);
  check_risks(root, project, diagnostics);
  if (const YamlNode* approvals = root.find("approvals"))
    check_approvals(*approvals, project, diagnostics);
  if (const Value* paths = content.get("paths")) read_paths(*paths, project.paths);
  if (const Value* tests = content.get("tests")) read_paths(*tests, project.tests);
  if (const Value* plan = content.get("plan")) read_plan(*plan, project);
  diagnostics.sort();
  if (diagnostics.errors() == errors) project.document = document_of(content, path, root.span);
  return project;
}

Project project_from(const Document& document) {
  Project project;
  const Value* spec = document.content.get("spec");
  if (document.kind != "Project" || spec == nullptr || !spec->is_map()) {
    throw Error(ErrorKind::storage,
                fmt::format("the document {}/{} is no valid Project", document.kind, document.id),
                "apply autopilot.yaml again");
  }
  read_decision_fields(*spec, project);
  project.document = document;
  return project;
}

}  // namespace autopilot::policy
