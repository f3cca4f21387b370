// The fields of autopilot.yaml.
#include "core/policy/approvals.h"
#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kTypes[] = {"double", "int", "bool", "string", "list", "map", "dyn"};

constexpr ValueShape kText{.kind = ShapeKind::text};
constexpr ValueShape kCel{.kind = ShapeKind::expression};
constexpr ValueShape kType{.kind = ShapeKind::text, .choices = kTypes};
constexpr ValueShape kDeclared{.kind = ShapeKind::map, .element = &kType};
constexpr ValueShape kPaths{.kind = ShapeKind::one_or_list, .element = &kText, .least = 1};

constexpr Field kPlanFields[] = {
    {"max_change_share",
     {.kind = ShapeKind::share},
     "share of the documents that one plan may update or delete without --allow-large; 30% by "
     "default"},
    {"min_documents",
     {.kind = ShapeKind::integer, .minimum = 0},
     "number of documents from which on that counts; 10 by default"},
};
constexpr Schema kPlan{"plan", kPlanFields};

constexpr Field kProjectFields[] = {
    {"paths", kPaths, "files and folders of documents; policies by default"},
    {"tests", kPaths,
     "files and folders of PolicyTests beside those under paths; tests by default"},
    {"action_types",
     {.kind = ShapeKind::anything},
     "action types beside the built-in ones: a list of names, or a map from name to {risk: CEL}"},
    {"risk",
     {.kind = ShapeKind::map, .element = &kCel},
     "CEL that computes the risk, by action type"},
    {"metrics", kDeclared, "the metrics that exist, with their types; open when left out"},
    {"features", kDeclared, "the features that exist, with their types; open when left out"},
    {"segment", kDeclared,
     "the segment attributes that exist, with their types; open when left out"},
    {"data", kDeclared,
     "the fields of action.data that exist, with their types; open when left out"},
    {"plan", {.kind = ShapeKind::object, .schema = &kPlan}, "when a plan counts as large"},
    {"approvals",
     {.kind = ShapeKind::object, .schema = &kApprovalsSchema},
     "who must agree before plans are applied and waiting decisions go on"},
};

}  // namespace

constinit const Schema kProjectSchema{"autopilot.yaml", kProjectFields};

}  // namespace autopilot::policy
