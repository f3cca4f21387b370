// The fields of `approvals:` in autopilot.yaml, and what a schema cannot say of them.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/approvals.h"
#include "core/policy/expression_check.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kRoles[] = {"operator", "admin", "dg_ai"};
constexpr double kMostApprovals = 20;

constexpr ValueShape kCel{.kind = ShapeKind::expression};
constexpr ValueShape kLength{.kind = ShapeKind::duration};

constexpr Field kPlansFields[] = {
    {"when", kCel,
     "CEL over the facts of a plan: those for which it holds need approval, and so do all that "
     "change who approves what. The facts are those of rules",
     true}};
constexpr Schema kPlansSchema{"plans", kPlansFields};

constexpr Field kRuleFields[] = {
    {"when", kCel,
     "CEL over the facts of what waits; without it the rule is for everything. Facts are kind, "
     "risk, author; of plans creates, updates, deletes, loosens, tightens, review, protected, "
     "governance, large, authority, kinds, documents; of decisions type, algorithm, approvals, "
     "policies; of gates gate"},
    {"approvals",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = kMostApprovals},
     "how many people must approve; 1 by default"},
    {"role",
     {.kind = ShapeKind::text, .choices = kRoles},
     "least role of each of them; operator by default"},
    {"expires", kLength, "how long a request stays open; approvals.expires by default"},
};
constexpr Schema kRuleSchema{"a rule", kRuleFields};
constexpr ValueShape kRule{.kind = ShapeKind::object, .schema = &kRuleSchema};

constexpr Field kApprovalsFields[] = {
    {"plans",
     {.kind = ShapeKind::object, .schema = &kPlansSchema},
     "which plans need approval; none does when left out"},
    {"rules",
     {.kind = ShapeKind::list, .element = &kRule},
     "how much approval is needed: the first rule that matches holds, else one operator"},
    {"expires", kLength, "how long a request stays open; 24h by default"},
    {"require_signatures",
     {.kind = ShapeKind::boolean},
     "whether only approvals with a valid SSH signature count"},
    {"allowed_signers",
     {.kind = ShapeKind::text},
     "file in the project that says whose SSH keys may sign, as ssh-keygen and git read it"},
};

void check_condition(const YamlNode* node, ExpressionChecker& expressions) {
  if (node != nullptr && node->is_scalar())
    expressions.check_condition(*node, approval_environment());
}

void check_rules(const YamlNode& rules, ExpressionChecker& expressions, Diagnostics& diagnostics) {
  const YamlNode* for_all = nullptr;
  for (const YamlNode& rule : rules.items) {
    if (!rule.is_map()) continue;
    check_condition(rule.find("when"), expressions);
    if (for_all != nullptr) {
      Diagnostic& d = diagnostics.error("unreachable-rule", rule.span,
                                        "no request ever comes to this rule of approvals");
      d.help = "give the rule before it a condition, or put it last";
      d.related.push_back({"this one is for everything", for_all->span});
      return;
    }
    const YamlNode* when = rule.find("when");
    if (when == nullptr || when->is_null()) for_all = &rule;
  }
}

void check_signers(const YamlNode& node, Diagnostics& diagnostics) {
  const YamlNode* file = node.find("allowed_signers");
  const YamlNode* required = node.find("require_signatures");
  const bool given = file != nullptr && file->is_scalar() && !file->text.empty();
  if (required != nullptr && required->text == "true" && !given) {
    diagnostics
        .error("missing-field", required->span,
               "require_signatures needs allowed_signers, or no approval could ever count")
        .help = "name the file with the keys of those who may approve";
  }
  if (!given) return;
  const std::vector<std::string> parts = split(file->text, '/');
  const bool outside =
      parts.front().empty() || std::find(parts.begin(), parts.end(), "..") != parts.end();
  if (!outside) return;
  diagnostics
      .error("wrong-value", file->span,
             fmt::format("{} is not in the project, so nobody reviews who may sign", file->text))
      .help = "name a file below the folder of autopilot.yaml, without ..";
}

}  // namespace

constinit const Schema kApprovalsSchema{"approvals", kApprovalsFields};

void check_approvals(const YamlNode& node, const Project& project, Diagnostics& diagnostics) {
  if (!node.is_map()) return;
  ExpressionChecker expressions(project, diagnostics);
  if (const YamlNode* plans = node.find("plans")) check_condition(plans->find("when"), expressions);
  if (const YamlNode* rules = node.find("rules")) check_rules(*rules, expressions, diagnostics);
  check_signers(node, diagnostics);
}

}  // namespace autopilot::policy
