#pragma once
// What a Policy says, as data: the YAML's meaning with defaults filled in and units parsed.
// Expressions stay text here; the engine compiles them. Nothing in this file evaluates anything.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/time.h"
#include "core/base/value.h"

namespace autopilot {
struct YamlNode;
}

namespace autopilot::policy {

enum class Role { viewer, operator_, admin, dg_ai };  // in rising order
std::optional<Role> parse_role(std::string_view text);
std::string_view to_string(Role role);

enum class Scope { global, algorithm, segment };
enum class Mode { enforce, monitor };
enum class OnError { block, skip };

// CEL text. `span` is where the text stands in its file (unknown for documents read from the
// state).
struct Expression {
  std::string source;
  Span span;
};

struct Gate {
  std::string name;
  Expression when;
};

// What rules have in common. `types` are action types, empty for all; `when` limits the rule
// further.
struct Rule {
  std::string name;  // given, or "<section>[<index>]", e.g. "guards[0]"
  std::vector<std::string> types;
  std::optional<Expression> when;
  Span span;
};

struct FieldSet {
  std::string field;  // of action.data
  Expression value;
};

struct Mutation : Rule {
  enum class Kind { clamp, max_delta, set };
  Kind kind = Kind::clamp;
  std::string field;  // clamp, max_delta
  double low = 0;     // clamp: closed interval [low, high]
  double high = 0;
  double delta = 0;  // max_delta: ≥ 0
  std::string from;  // max_delta: the field of action.data that holds the old value
  std::vector<FieldSet> set;
};

struct Guard : Rule {
  enum class Kind { deny, require, approve, warn };
  Kind kind = Kind::deny;
  Expression condition;              // deny, approve, warn
  std::vector<std::string> require;  // names looked up in action.data, then in the action
  int approvals = 1;                 // approve
  std::string message;               // with {path} place-holders; may be empty
};

struct Limit : Rule {
  std::optional<Expression> sum;  // what one action consumes; absent: 1
  double max = 0;                 // ≥ 0
  std::optional<Duration> per;    // window length; absent: per run
  std::optional<Expression> key;  // one ledger per value; absent: one for the policy
};

struct Selector {
  std::string attribute;
  std::vector<std::string> values;  // canonical text of the YAML scalars
};

// When the rollout goes to 0 % by itself.
struct Rollback {
  Expression when;                  // over statistics (core/policy/rollback.h)
  Duration lasting;                 // how long it must hold; also the window of the statistics
  std::int64_t min_decisions = 30;  // in each group that it names; with fewer it never holds
};

struct Policy {
  std::string id;
  std::string description;
  Scope scope = Scope::global;
  std::vector<std::string> algorithms;  // for scope algorithm
  std::vector<Selector> selector;       // for scope segment: every one must match
  Mode mode = Mode::enforce;
  Role authority = Role::admin;
  bool enabled = true;
  std::int64_t priority = 100;
  double rollout = 1;                     // share in [0, 1]
  std::optional<Expression> rollout_key;  // absent: action.target
  std::optional<Rollback> rollback;
  std::optional<std::string> cron;  // active in every minute that matches
  std::string timezone = "UTC";
  std::optional<Instant> expires;
  OnError on_error = OnError::block;
  std::vector<Gate> gates;
  std::vector<Mutation> mutations;
  std::vector<Guard> guards;
  std::vector<Limit> limits;
};

// Why a warning about a document is none: metadata.silence. A remark like a comment, so no part of
// the content.
struct Silence {
  std::string code;
  std::string rule;  // empty: all of the document
  std::string reason;
  Span span;
};

// One YAML document after validation, of any kind.
struct Document {
  std::string kind;
  std::string id;
  Value content;     // the whole mapping, as state holds it (an RCPPolicy is already a Policy here)
  std::string hash;  // hex SHA-256 of the canonical JSON of `content`
  bool protect = false;  // metadata.protect
  std::string file;      // as the user named it; empty for documents read from the state
  Span span;
  std::shared_ptr<const YamlNode> tree =
      {};                              // as written; only when the loader was asked to keep it
  std::vector<Silence> silences = {};  // metadata.silence, which is no part of `content`
};

// The parts of autopilot.yaml that decisions depend on; they are versioned with the policies as the
// document Project/autopilot.
struct ActionType {
  std::string name;
  std::optional<Expression> risk;  // replaces the built-in model
};
struct DeclaredField {
  std::string name;
  std::string type;  // "double" "int" "bool" "string" "list" "map" "dyn"
};
// Absent: open (any name). Present: only these names.
using Shape = std::optional<std::vector<DeclaredField>>;

// Who must agree before something happens: `approvals:` of autopilot.yaml. Conditions are over the
// facts of core/policy/approvals.h.
struct ApprovalRule {
  std::optional<Expression> when;  // absent: always
  std::int64_t approvals = 1;
  Role role = Role::operator_;  // least role of each approver
  std::optional<Duration> expires;
};
struct ApprovalSettings {
  std::optional<Expression> plans;  // which plans need approval; absent: none does
  std::vector<ApprovalRule> rules;  // the first that matches says how much of it
  Duration expires = Duration::seconds(24 * 3600);
  bool require_signatures = false;
  std::string allowed_signers;  // path from the project's root; may be empty
};

struct Project {
  std::vector<std::string> paths = {"policies"};
  std::vector<std::string> tests = {"tests"};  // of policies; need not exist
  std::vector<ActionType> action_types;        // beside the built-in ones
  Shape metrics, features, segment, data;
  double max_change_share = 0.3;  // plan: blast radius
  std::int64_t min_documents = 10;
  std::optional<ApprovalSettings> approvals;
  std::optional<Document>
      document;  // Project/autopilot, when it declares anything that decisions depend on
};

// The built-in action types and those that the project declares.
std::vector<std::string> known_action_types(const Project& project);

}  // namespace autopilot::policy
